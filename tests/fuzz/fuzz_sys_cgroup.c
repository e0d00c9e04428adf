/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes the texts of /proc/PID/cgroup and of cgroup files. */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/cgroup.h"
#include "sys/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	double cpus, seconds;
	char path[PATH_MAX];
	uint64_t number;
	bool v2;

	/* what is joined to a directory name must not lead up from it */
	if (!sys_cgroup_parse(text, size, "cpu", path, &v2))
		require(path[0] == '/' && !strstr(path, "/../") && strlen(path) < PATH_MAX);
	if (!sys_cpu_max_parse(text, size, &cpus))
		require(cpus >= 0);
	if (!sys_cpu_stat_parse(text, size, &number, &seconds))
		require(seconds >= 0);
	if (!sys_memory_bytes_parse(text, size, &number))
		require(number == UINT64_MAX || number < 1ULL << 62);
	return 0;
}
