/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Block devices, as sysfs shows them. */
#include "sys/block.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/parse.h"

static int read_name(const char *link, char *ret, size_t size)
{
	char target[PATH_MAX];
	ssize_t len = readlink(link, target, sizeof(target) - 1);
	const char *slash;
	char *c;

	if (len < 0)
		return -errno;
	target[len] = '\0';
	slash = strrchr(target, '/');
	if ((size_t)snprintf(ret, size, "%s", slash ? slash + 1 : target) >= size)
		return -ENAMETOOLONG;
	/* sysfs writes the slashes of a name such as "cciss/c0d0" as "!" */
	for (c = ret; *c; c++) {
		if (*c == '!')
			*c = '/';
	}
	return 0;
}

/* The disk of a partition: the folder above has its number. */
static void read_disk(int dirfd, uint32_t *disk)
{
	char text[32];
	struct span rest = { text, 0 }, major, minor;
	uint64_t m, n;

	if (faccessat(dirfd, "partition", F_OK, 0) < 0)
		return;
	if (read_file_start_at(dirfd, "../dev", text, sizeof(text), &rest.len))
		return;
	if (!span_next(&rest, ':', &major) || !span_next(&rest, '\n', &minor))
		return;
	if (!parse_u64(major, 0xfff, &m) && !parse_u64(minor, 0xfffff, &n))
		*disk = (uint32_t)(m << 20 | n);
}

static bool read_rotational(int dirfd)
{
	char text[4];
	size_t len;

	if (read_file_start_at(dirfd, "queue/rotational", text, sizeof(text), &len) &&
	    read_file_start_at(dirfd, "../queue/rotational", text, sizeof(text), &len))
		return false;
	return len && text[0] == '1';
}

int sys_block_read(const char *root, uint32_t dev, struct sys_block *ret)
{
	struct sys_block block = { .disk = dev };
	cleanup_close int dirfd = -1;
	char path[PATH_MAX];
	int err;

	err = sys_path(path, sizeof(path), root, "/sys/dev/block/%u:%u", dev >> 20, dev & 0xfffff);
	if (!err)
		err = read_name(path, block.name, sizeof(block.name));
	if (err)
		return err;
	dirfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return -errno;
	read_disk(dirfd, &block.disk);
	block.rotational = read_rotational(dirfd);
	*ret = block;
	return 0;
}
