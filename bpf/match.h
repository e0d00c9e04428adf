/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Matching of program names, pure C: the same code decides in the kernel at an exec, in the agent for what already runs,
 * and in the unit tests.
 *
 * A glob becomes a shift-and automaton (agent/model/pattern.c): bit i of the state says that the first i tokens are
 * matched. One step a byte, no branch on the pattern, so the verifier sees one short loop however long the glob is.
 */
#ifndef BPF_MATCH_H
#define BPF_MATCH_H

#include "aa_map.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define AA_MATCH_BYTES 256 /* of a path or an argument list that are looked at; a power of two */

/*
 * Returns 1 if the last component of the NUL-terminated path in text[start...] matches the pattern, else 0.
 */
static __always_inline int aa_match(const struct aa_pattern *p, const unsigned char text[AA_MATCH_BYTES], __u32 start)
{
	__u64 state = 1;
	__u32 i;

	for (i = 0; i < AA_MATCH_BYTES; i++) {
		unsigned char c = text[(start + i) & (AA_MATCH_BYTES - 1)];

		if (!c)
			break;
		if (c == '/')
			state = 1;
		else
			state = ((state & p->accept[c]) << 1) | (state & p->star);
	}
	return (state >> (p->length & 63)) & 1;
}

/* The state of the search for the script among the arguments of an interpreter: in memory, so that the verifier forgets it. */
struct aa_script {
	__u32 start; /* of the present argument */
	__u32 hash; /* of its bytes */
	__u8 dash; /* it starts with '-' */
	__u8 skip; /* the argument is the value of an option */
	__u8 index; /* arguments seen */
	__u8 done;
	__u32 found; /* start of the script's name; 0: none */
};

#define AA_HASH_STEP(h, c) ((h)*33 + (c))
#define AA_HASH2(a, b) AA_HASH_STEP(AA_HASH_STEP(0U, a), b)
#define AA_HASH3(a, b, c) AA_HASH_STEP(AA_HASH2(a, b), c)

/* Options whose value is the next argument, and options after which no script follows; by hash. */
#define AA_HASH_CP AA_HASH3('-', 'c', 'p')
#define AA_HASH_CLASSPATH 0xad3362f0U
#define AA_HASH_CLASS_PATH 0xe9b2ac0aU
#define AA_HASH_REQUIRE 0x3cb92537U

static __always_inline void aa_script_argument_end(struct aa_script *s, __u32 next)
{
	if (s->index == 0 || s->skip) {
		s->skip = 0;
	} else if (!s->dash) {
		s->found = s->start;
		s->done = 1;
	} else if (s->hash == AA_HASH2('-', 'c') || s->hash == AA_HASH2('-', 'e')) {
		s->done = 1; /* the program is the argument itself */
	} else if (s->hash == AA_HASH_CP || s->hash == AA_HASH_CLASSPATH || s->hash == AA_HASH_CLASS_PATH ||
		   s->hash == AA_HASH_REQUIRE || s->hash == AA_HASH2('-', 'W') || s->hash == AA_HASH2('-', 'X') ||
		   s->hash == AA_HASH2('-', 'r') || s->hash == AA_HASH2('-', 'I')) {
		s->skip = 1;
	}
	s->index++;
	s->start = next;
	s->hash = 0;
	s->dash = 0;
}

/*
 * Finds the script in an argument list (NUL-separated, length bytes of it valid, argv[0] first): the first argument that is
 * no option nor the value of one, so "python3 -m pytest", "java -cp x -jar y.jar", "node build.js". Returns its offset, or 0.
 */
static __always_inline __u32 aa_script_find(struct aa_script *s, const unsigned char args[AA_MATCH_BYTES], __u32 length)
{
	__u32 i;

	for (i = 0; i < AA_MATCH_BYTES; i++) {
		unsigned char c = args[i];

		if (s->done || i >= length)
			break;
		if (!c) {
			aa_script_argument_end(s, i + 1);
			continue;
		}
		if (i == s->start && c == '-')
			s->dash = 1;
		s->hash = AA_HASH_STEP(s->hash, c);
	}
	return s->found;
}

#endif /* BPF_MATCH_H */
