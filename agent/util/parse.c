/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Strict reading of numbers and lines in text that is bounded by a length, not by a terminator. */
#include "util/parse.h"

#include <errno.h>
#include <string.h>

static void advance(struct span *span, size_t n)
{
	span->text += n;
	span->len -= n;
}

bool span_next(struct span *rest, char separator, struct span *ret_piece)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->text, separator, rest->len);
	ret_piece->text = rest->text;
	ret_piece->len = end ? (size_t)(end - rest->text) : rest->len;
	advance(rest, ret_piece->len + (end ? 1 : 0));
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool span_next_word(struct span *rest, struct span *ret_word)
{
	size_t n = 0;

	while (rest->len && is_blank(rest->text[0]))
		advance(rest, 1);
	if (!rest->len)
		return false;
	while (n < rest->len && !is_blank(rest->text[n]))
		n++;
	ret_word->text = rest->text;
	ret_word->len = n;
	advance(rest, n);
	return true;
}

bool span_equals(struct span span, const char *text)
{
	return span.len == strlen(text) && !memcmp(span.text, text, span.len);
}

bool span_starts(struct span span, const char *text)
{
	size_t n = strlen(text);

	return span.len >= n && !memcmp(span.text, text, n);
}

int parse_u64(struct span span, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i;

	if (!span.len)
		return -EINVAL;
	for (i = 0; i < span.len; i++) {
		unsigned int digit = (unsigned char)span.text[i] - (unsigned int)'0';

		if (digit > 9)
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
			return -ERANGE;
	}
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}
