/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes the text of /proc/self/mountinfo, and look-ups in what was made of it. */
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/mounts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sys_mounts mounts;
	char path[PATH_MAX];
	size_t i;

	if (sys_mounts_parse((const char *)data, size, &mounts))
		return 0;
	for (i = 0; i < mounts.count && i < 32; i++) {
		const struct sys_mount *m = &mounts.mounts[i];

		if (!sys_mounts_find(&mounts, m->dev, m->root, path, sizeof(path)) && path[0] != '/')
			abort();
		sys_mount_of(&mounts, m->target);
	}
	sys_mounts_free(&mounts);
	return 0;
}
