/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Opening what a path names, part by part and through no link: what a journal says is only text. */
#include "act/journal_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/cgroup.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* What comes after root, from its slash on. Returns NULL for a path that is not below root. */
static const char *below_root(const char *root, const char *path)
{
	size_t n = strlen(root);

	return !strncmp(path, root, n) && path[n] == '/' && path[n + 1] ? path + n : NULL;
}

/* Goes down one part. Returns the folder in place of fd, which is closed, or -errno. */
static int step(int fd, struct span part)
{
	char name[NAME_MAX + 1];
	int next, err;

	if (!part.len || span_equals(part, ".") || span_equals(part, "..")) {
		err = -EINVAL;
	} else if (part.len > NAME_MAX) {
		err = -ENAMETOOLONG;
	} else {
		memcpy(name, part.text, part.len);
		name[part.len] = '\0';
		next = openat(fd, name, FOLDER_FLAGS);
		err = next < 0 ? -errno : next;
	}
	close(fd);
	return err;
}

/* openat2() could do this in one go, but is missing before kernel 5.6 and in many containers' filters. */
static int open_folder(const char *root, struct span below)
{
	/* the root is the caller's word, not the journal's: it may lead through links */
	int fd = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct span part;

	if (fd < 0)
		return -errno;
	while (fd >= 0 && span_next(&below, '/', &part))
		fd = step(fd, part);
	return fd;
}

int journal_tree_parent(const char *root, const char *path, int *ret_fd, const char **ret_name)
{
	const char *below = below_root(root, path), *last;
	int fd;

	if (!below)
		return -EXDEV;
	last = strrchr(below, '/');
	fd = open_folder(root, (struct span){ below + 1, last == below ? 0 : (size_t)(last - below - 1) });
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	*ret_name = last + 1;
	return 0;
}

static bool is_on(int fd, long type, long other_type)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && ((long)fs.f_type == type || (long)fs.f_type == other_type);
}

int journal_tree_group(const char *root, const char *path, uint64_t id, int *ret_fd)
{
	const char *below = below_root(root, path);
	cleanup_close int fd = -1;
	uint64_t found;
	int err;

	if (!below)
		return -EXDEV;
	fd = open_folder(root, (struct span){ below + 1, strlen(below + 1) });
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
	const char *below = below_root(root, path), *name;
	cleanup_close int folder = -1, fd = -1;
	int err;

	if (!below || (strncmp(below, "/sys/", 5) && strncmp(below, "/proc/sys/", 10)))
		return -EXDEV;
	err = journal_tree_parent(root, path, &folder, &name);
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
