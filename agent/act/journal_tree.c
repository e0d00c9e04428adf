/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Opening what a path names, part by part and through no link: what a journal says is only text. */
#include "act/journal_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/cgroup.h"
#include "sys/tree.h"
#include "util/cleanup.h"
#include "util/parse.h"

static bool is_on(int fd, long type, long other_type)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && ((long)fs.f_type == type || (long)fs.f_type == other_type);
}

int journal_tree_group(const char *root, const char *path, uint64_t id, int *ret_fd)
{
	const char *below = tree_below(root, path);
	cleanup_close int fd = -1;
	uint64_t found;
	int err;

	if (!below)
		return -EXDEV;
	fd = tree_open(root, (struct span){ below + 1, strlen(below + 1) });
	if (fd < 0)
		return fd;
	if (!*root && !is_on(fd, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC))
		return -EXDEV;
	err = id ? sys_cgroup_id_at(fd, &found) : 0;
	if (err)
		return err;
	if (id && found != id)
		return -ESTALE;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int journal_tree_member(int folder, const char *name, int flags, int *ret_fd)
{
	cleanup_close int fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int journal_tree_file(const char *root, const char *path, int *ret_fd)
{
	const char *below = tree_below(root, path), *name;
	cleanup_close int folder = -1, fd = -1;
	int err;

	if (!below || (strncmp(below, "/sys/", 5) && strncmp(below, "/proc/sys/", 10)))
		return -EXDEV;
	err = tree_parent(root, path, &folder, &name);
	if (!err)
		err = journal_tree_member(folder, name, O_RDWR, &fd);
	if (err)
		return err;
	/* cgroupfs, debugfs and others are mounted below /sys, too */
	if (!*root && !is_on(fd, SYSFS_MAGIC, PROC_SUPER_MAGIC))
		return -EXDEV;
	*ret_fd = fd;
	fd = -1;
	return 0;
}
