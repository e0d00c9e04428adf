/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Matching of program names, pure C: the same code decides in the kernel at an exec, in the agent for what already
 * runs, and in the unit tests.
 *
 * A glob becomes a shift-and automaton (agent/trace/pattern.c): bit i of the state says that the first i tokens are
 * matched. One step a byte, no branch on the pattern, so the verifier sees one short loop however long the glob is; and
 * in the kernel a part of the text at a time, by a function of its own, which it walks once and not once a part.
 */
#ifndef BPF_MATCH_H
#define BPF_MATCH_H

#include "aa_map.h"
#include "opaque.h"

#define AA_MATCH_BYTES 256 /* of a path or an argument that are looked at */
#define AA_MATCH_PART 16
#define AA_MATCH_PIECES 32 /* of an argument list, each an argument or AA_MATCH_BYTES - 1 bytes of one */

/*
 * Steps over the first bytes of text, AA_MATCH_PART of them at most, none of which is NUL. Returns the new state.
 */
static __always_inline __u64 aa_match_part(const struct aa_pattern *p, const unsigned char *text, __u32 bytes,
					   __u64 state)
{
	__u32 i;

	for (i = 0; i < AA_MATCH_PART && i < bytes; i++) {
		unsigned char c = text[i];
		__u64 slash = ((__u64)(c ^ '/') - 1) >>
			      63; /* 1: the component ends; not a branch, which would be verified at each byte */

		state = ((state & p->accept[c]) << 1) | (state & p->star);
		state = (state & (slash - 1)) | slash;
	}
	return state;
}

#define AA_MATCH_BEGIN 1 /* the state before the first byte */

/* Whether a state behind the last byte is a match. */
static __always_inline int aa_matched(const struct aa_pattern *p, __u64 state)
{
	return (state >> (p->length & 63)) & 1;
}

/*
 * Returns 1 if the last component of the path in text, which ends with a NUL or after AA_MATCH_BYTES, matches the pattern,
 * else 0.
 */
static inline int aa_match(const struct aa_pattern *p, const unsigned char text[AA_MATCH_BYTES])
{
	__u64 state = AA_MATCH_BEGIN;
	__u32 at, bytes = 0;

	while (bytes < AA_MATCH_BYTES && text[bytes])
		bytes++;
	for (at = 0; at < bytes; at += AA_MATCH_PART)
		state = aa_match_part(p, text + at, bytes - at, state);
	return aa_matched(p, state);
}

/* The search for the script among the arguments of an interpreter. Zeroed: it begins. */
struct aa_script {
	__u8 begun; /* argv[0] was seen */
	__u8 skip; /* the next argument is the value of an option */
	__u8 cut; /* the next piece goes on with the argument before */
	__u8 shell; /* the interpreter's name ends in "sh": its -e takes no program */
};

enum aa_script_verdict {
	AA_SCRIPT_GO_ON,
	AA_SCRIPT_FOUND, /* this argument names it */
	AA_SCRIPT_NONE, /* the program is given as an argument: there is no script */
};

/*
 * Whether an argument is text, which has size bytes with its NUL, at most 16; both as little-endian words, because BPF
 * has no memcmp(). With constants for text and size this is two comparisons.
 */
static __always_inline int aa_argument_is(const char *arg, const char *text, __u32 size)
{
	const __u64 *words = (const __u64 *)arg;
	__u64 first = 0, second = 0;

	if (size <= 8) {
		__builtin_memcpy(&first, text, size);
		return (words[0] & (~0ULL >> (64 - 8 * size))) == first;
	}
	__builtin_memcpy(&first, text, 8);
	__builtin_memcpy(&second, text + 8, size - 8);
	return words[0] == first && (words[1] & (~0ULL >> (128 - 8 * size))) == second;
}

#define AA_ARG_IS(arg, text) aa_argument_is(arg, text, sizeof(text))

/*
 * Looks at the next piece of the argument list: NUL-terminated, aligned to 8, at least 16 bytes may be read; size
 * counts its NUL. The script is the first argument that is no option nor the value of one: "python3 -m pytest", "java
 * -cp x -jar y.jar", "node build.js".
 */
static __always_inline enum aa_script_verdict aa_script_step(struct aa_script *s, const char *arg, __u32 size)
{
	__u8 continued = s->cut, first = !s->begun, value = s->skip;
	__u64 tail = aa_opaque(size - 3); /* too large with fewer than two letters */

	s->cut = size == AA_MATCH_BYTES;
	s->begun = 1;
	if (continued)
		return AA_SCRIPT_GO_ON;
	if (first)
		s->shell = tail <= AA_MATCH_BYTES - 3 && arg[tail] == 's' && arg[tail + 1] == 'h';
	s->skip = 0;
	if (first || value)
		return AA_SCRIPT_GO_ON;
	if (arg[0] != '-')
		return AA_SCRIPT_FOUND;
	/* to a shell, "-" is the end of its options; to others, its standard input is the program */
	if (AA_ARG_IS(arg, "-c") || ((AA_ARG_IS(arg, "-e") || AA_ARG_IS(arg, "-")) && !s->shell))
		return AA_SCRIPT_NONE;
	s->skip = AA_ARG_IS(arg, "-cp") || AA_ARG_IS(arg, "-classpath") || AA_ARG_IS(arg, "--class-path") ||
		  AA_ARG_IS(arg, "-r") || AA_ARG_IS(arg, "--require") || AA_ARG_IS(arg, "-W") || AA_ARG_IS(arg, "-X") ||
		  AA_ARG_IS(arg, "-I");
	return AA_SCRIPT_GO_ON;
}

#endif /* BPF_MATCH_H */
