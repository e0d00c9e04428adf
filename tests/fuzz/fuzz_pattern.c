/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes globs against fnmatch(3), and the search for a script among arguments. */
#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/match.h"
#include "trace/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Character classes by name, escapes and slashes inside brackets are fnmatch()'s, not ours. */
static bool same_language(const char *glob)
{
	const char *open = strchr(glob, '[');

	return !open || !strpbrk(open, ":.=\\/");
}

static void fuzz_glob(const char *glob, const char *name)
{
	struct aa_pattern pattern;

	if (pattern_compile(glob, 1, &pattern))
		return;
	require(pattern.app == 1 && pattern.length <= AA_PATTERN_TOKENS);
	if (strchr(name, '/') || strlen(name) >= AA_MATCH_BYTES || !same_language(glob))
		pattern_matches(&pattern, name);
	else
		require(pattern_matches(&pattern, name) == !fnmatch(glob, name, 0));
}

static void fuzz_script(const char *args, size_t size)
{
	const char *script = pattern_script(args, size);

	if (!script)
		return;
	require(script > args && script < args + size && !script[-1]);
	require(*script != '-');
}

/* The glob, a NUL, the name; all of it as arguments, in a block of just that size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t glob;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	glob = strlen(text);
	if (glob < size)
		fuzz_glob(text, text + glob + 1);
	text = realloc(text, size ? size : 1);
	if (size)
		fuzz_script(text, size);
	free(text);
	return 0;
}
