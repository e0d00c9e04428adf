/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes the reading of credentials: whatever comes of it can be used and compared. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* a block of just that size: reading beyond it shows */
	struct sys_credentials c;
	uint64_t sum = 0;
	size_t i;

	if (!text)
		return 0;
	memcpy(text, data, size);
	if (!sys_credentials_parse(text, size, &c)) {
		for (i = 0; i < c.ngroups; i++)
			sum += c.groups[i];
		if (sum > (uint64_t)UINT32_MAX * size || c.uid == UINT32_MAX || c.gid == UINT32_MAX ||
		    !sys_credentials_equal(&c, &c))
			abort();
		sys_credentials_clear(&c);
	}
	free(text);
	return 0;
}
