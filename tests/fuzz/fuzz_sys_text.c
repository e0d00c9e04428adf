/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes the escaping of text that others chose: what comes out drives no terminal and stays in its bounds. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = size ? data[0] + 1U : 1, len, i;
	char *ret = malloc(room), *again = malloc(room);

	len = text_escape((const char *)data, size, ret, room);
	if (len >= room || ret[len] || strlen(ret) != len)
		abort();
	for (i = 0; i < len; i++) {
		if ((unsigned char)ret[i] < ' ' || ret[i] == 0x7f)
			abort();
	}
	/* what is safe already stays as it is */
	if (text_escape(ret, len, again, room) != len || memcmp(ret, again, len))
		abort();
	free(ret);
	free(again);
	return 0;
}
