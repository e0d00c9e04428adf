/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where procfs, sysfs and cgroupfs are looked for: below a root folder, so that tests can bring their own. */
#include "sys/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "util/file.h"

int sys_path(char *ret, size_t size, const char *root, const char *format, ...)
{
	int used, more;
	va_list args;

	used = snprintf(ret, size, "%s", root);
	if (used < 0 || (size_t)used >= size)
		return -ENAMETOOLONG;
	va_start(args, format);
	more = vsnprintf(ret + used, size - (size_t)used, format, args);
	va_end(args);
	return more < 0 || (size_t)more >= size - (size_t)used ? -ENAMETOOLONG : 0;
}

int sys_read(const char *root, const char *path, size_t max_bytes, char **ret_text, size_t *ret_len)
{
	char full[PATH_MAX];
	int err = sys_path(full, sizeof(full), root, "%s", path);

	return err ? err : read_file_at(AT_FDCWD, full, max_bytes, ret_text, ret_len);
}
