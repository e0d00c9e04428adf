// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* From /proc/meminfo and the groups' limits. */
#include "profile/replay_budget.h"

#include "sys/limits.h"
#include "sys/machine.h"
#include "sys/root.h"
#include "util/cleanup.h"

#define SHARE 2

uint64_t replay_budget(const char *root, pid_t pid)
{
	struct sys_memory_limit limit;
	cleanup_free char *text = NULL;
	uint64_t bytes;
	size_t len;

	if (sys_read(root, "/proc/meminfo", 65536, &text, &len) || sys_memory_available_parse(text, len, &bytes))
		return 0;
	if (!sys_memory_limit_read(root, pid, &limit) && limit.limited && limit.limit_bytes < bytes)
		bytes = limit.limit_bytes;
	return bytes / SHARE;
}
