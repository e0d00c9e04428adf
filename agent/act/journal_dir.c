/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The names of journals. */
#include "act/journal_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "util/file.h"

void journal_dir_boot(char ret[JOURNAL_BOOT_MAX])
{
	char id[JOURNAL_BOOT_MAX - 2];
	size_t len;

	*ret = '\0';
	if (!read_file_start_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", id, sizeof(id), &len) && len == sizeof(id))
		snprintf(ret, JOURNAL_BOOT_MAX, "-%.*s", (int)len, id);
}

bool journal_dir_outlived(const char *name, const char *boot)
{
	const char *part = name;
	int dashes;

	/* PREFIX-TIME-PID-BOOT */
	for (dashes = 0; dashes < 3 && part; dashes++)
		part = strchr(part + (dashes > 0), '-');
	return part && *boot && strcmp(part, boot) != 0;
}
