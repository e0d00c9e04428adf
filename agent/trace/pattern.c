// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Globs to shift-and automata. */
#include "trace/pattern.h"

#include <errno.h>
#include <string.h>

#include "bpf/match.h"

const char *const pattern_interpreters[] = {
	"python*", "pypy*", "node", "nodejs", "deno", "bun",    "ruby*",   "perl*",  "php*", "java",   "bash", "sh",
	"dash",    "zsh",   "ksh*", "fish",   "lua*", "tclsh*", "Rscript", "dotnet", "mono", "guile*", NULL,
};

static void accept_byte(struct aa_pattern *p, unsigned char c, unsigned int token)
{
	p->accept[c] |= 1ULL << token;
}

/* Compiles the class that glob points into, after the '['. Returns what follows it, or NULL if it does not end. */
static const char *compile_class(struct aa_pattern *p, const char *glob, unsigned int token)
{
	bool listed[256] = { false }, negated;
	const char *start;
	unsigned int c, last;

	negated = *glob == '!' || *glob == '^';
	if (negated)
		glob++;
	for (start = glob; *glob && (*glob != ']' || glob == start); glob++) {
		last = (unsigned char)*glob;
		c = last;
		if (glob[1] == '-' && glob[2] && glob[2] != ']') {
			last = (unsigned char)glob[2];
			glob += 2;
		}
		for (; c <= last; c++)
			listed[c] = true;
	}
	if (!*glob)
		return NULL;
	for (c = 1; c < 256; c++)
		if (listed[c] != negated)
			accept_byte(p, c, token);
	return glob + 1;
}

static int compile_token(struct aa_pattern *p, const char **glob)
{
	unsigned int c, token = p->length;
	const char *g = *glob;

	if (*g == '*') {
		p->star |= 1ULL << token;
		*glob = g + 1;
		return 0;
	}
	if (token == AA_PATTERN_TOKENS)
		return -E2BIG;
	if (*g == '[') {
		g = compile_class(p, g + 1, token);
		if (!g)
			return -EINVAL;
	} else if (*g == '?') {
		for (c = 1; c < 256; c++)
			accept_byte(p, c, token);
		g++;
	} else {
		if (*g == '\\')
			g++;
		if (!*g || *g == '/')
			return -EINVAL;
		accept_byte(p, (unsigned char)*g++, token);
	}
	p->length++;
	*glob = g;
	return 0;
}

int pattern_compile(const char *glob, unsigned int app, struct aa_pattern *ret)
{
	struct aa_pattern p = { .app = app };
	int err;

	if (!*glob)
		return -EINVAL;
	while (*glob) {
		err = compile_token(&p, &glob);
		if (err)
			return err;
	}
	*ret = p;
	return 0;
}

bool pattern_matches(const struct aa_pattern *pattern, const char *path)
{
	unsigned char text[AA_MATCH_BYTES] = { 0 };
	const char *slash = strrchr(path, '/');

	strncpy((char *)text, slash ? slash + 1 : path, sizeof(text) - 1);
	return aa_match(pattern, text);
}

const char *pattern_script(const char *args, size_t length)
{
	struct aa_script search = { 0 };
	enum aa_script_verdict verdict;
	size_t size, at, i;

	for (at = 0, i = 0; at < length && i < AA_MATCH_PIECES; i++) {
		char piece[AA_MATCH_BYTES] __attribute__((aligned(8))) = { 0 };

		size = strnlen(args + at, length - at) + 1;
		if (size > sizeof(piece))
			size = sizeof(piece);
		memcpy(piece, args + at, size - 1);
		verdict = aa_script_step(&search, piece, (unsigned int)size);
		if (verdict != AA_SCRIPT_GO_ON)
			return verdict == AA_SCRIPT_FOUND ? args + at : NULL;
		at += size == sizeof(piece) ? size - 1 : size;
	}
	return NULL;
}
