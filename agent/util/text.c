/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Text that others chose, made safe to print. */
#include "util/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * Length of the valid UTF-8 sequence at s (1 to 4), or 0: a broken, overlong or surrogate one, or one cut off by len.
 */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] < 0xe0)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] < 0xf0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] < 0xf5)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	code = s[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return n;
}

/* C0, DEL, the C1 controls (U+0080 to U+009F, C2 80 to C2 9F), and the marks that reorder the text around them. */
static bool is_control(const unsigned char *s, size_t n)
{
	if (n == 1)
		return s[0] < 0x20 || s[0] == 0x7f;
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	if (n != 3 || s[0] != 0xe2)
		return false;
	/* U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069 */
	return (s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae))) ||
	       (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

size_t text_escape(const char *text, size_t len, char *ret, size_t size)
{
	const unsigned char *in = (const unsigned char *)text;
	size_t used = 0, i = 0;

	while (i < len) {
		size_t n = utf8_length(in + i, len - i);

		if (n && !is_control(in + i, n)) {
			if (used + n >= size)
				break;
			memcpy(ret + used, in + i, n);
			used += n;
			i += n;
			continue;
		}
		if (used + 4 >= size)
			break;
		used += (size_t)snprintf(ret + used, 5, "\\x%02x", in[i]);
		i++;
	}
	ret[used] = '\0';
	return used;
}
