/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes /proc/stat, /proc/meminfo and CPU lists. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sys/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct sys_cpu_time time;
	struct sys_cpu_set cpus;
	uint64_t bytes;

	if (!sys_cpu_time_parse(text, size, &time) && time.steal > time.wanted)
		abort();
	if (!sys_cpu_list_parse(text, size, &cpus) && sys_cpu_set_count(&cpus) > SYS_MAX_CPUS)
		abort();
	if (!sys_memory_total_parse(text, size, &bytes) && bytes % 1024)
		abort();
	return 0;
}
