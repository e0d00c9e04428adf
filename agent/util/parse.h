/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Strict reading of numbers and lines in text that is bounded by a length, not by a terminator. */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of somebody else's text: not terminated, not owned. */
struct span {
	const char *text;
	size_t len;
};

/*
 * Cuts the text up to the next separator, or all of it, off the front of rest. Returns false once rest is used up.
 * "a\nb" and "a\nb\n" both give two lines.
 */
bool span_next(struct span *rest, char separator, struct span *ret_piece);

/*
 * Cuts the next word (a run of characters that are neither blank nor tab) off the front of rest. Returns false if there
 * is none.
 */
bool span_next_word(struct span *rest, struct span *ret_word);

/*
 * Whether the span is exactly text / starts with it.
 */
bool span_equals(struct span span, const char *text);
bool span_starts(struct span span, const char *text);

/*
 * Reads a span that is a decimal number and nothing else: no sign, blank or prefix. Returns 0, -EINVAL (not a number)
 * or -ERANGE (does not fit, or is more than max).
 */
int parse_u64(struct span span, uint64_t max, uint64_t *ret);

#endif /* PARSE_H */
