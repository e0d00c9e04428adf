/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes what processes can influence: /proc/PID/stat, /proc/PID/status, arguments. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void fuzz_command_line(const char *text, size_t size)
{
	struct sys_process process = { .stat.comm = "x" };
	char line[200];
	size_t i;

	process.argv_len = size < SYS_ARGV_MAX ? size : SYS_ARGV_MAX;
	process.argv_cut = size > SYS_ARGV_MAX;
	memcpy(process.argv, text, process.argv_len);
	sys_process_command_line(&process, line, sizeof(line));
	require(strlen(line) < sizeof(line));
	for (i = 0; line[i]; i++)
		require((unsigned char)line[i] >= ' ' && line[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct sys_process_stat stat;

	if (!sys_process_stat_parse(text, size, &stat))
		require(stat.pid >= 0 && stat.parent >= 0 && memchr(stat.comm, '\0', sizeof(stat.comm)));
	fuzz_command_line(text, size);
	return 0;
}
