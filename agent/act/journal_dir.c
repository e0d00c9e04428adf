/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The folder that journals are kept in, and the locks there. */
#include "act/journal_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "act/journal_tree.h"
#include "util/cleanup.h"
#include "util/file.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define LOCK_POLL_MS 2

/*
 * Others may rename what is in a folder that they may write, unless its sticky bit says: only their own. The folders
 * further up are taken on trust: they are the system's ("/" and "/run" belong to root).
 */
static int check_parent(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return -EPERM;
	return (st.st_mode & OTHERS_WRITE) && !(st.st_mode & S_ISVTX) ? -EPERM : 0;
}

int journal_dir_open(const char *directory, bool make, int *ret_fd)
{
	cleanup_close int parent = -1, fd = -1;
	struct stat st;
	const char *name;
	int err;

	err = journal_tree_parent("", directory, &parent, &name);
	if (!err)
		err = check_parent(parent);
	if (err)
		return err;
	if (make && mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & OTHERS_WRITE))
		return -EPERM;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

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

bool journal_dir_owns(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & OTHERS_WRITE);
}

bool journal_dir_names(int dir, const char *name, int fd)
{
	struct stat named, open;

	return !fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &open) && named.st_dev == open.st_dev &&
	       named.st_ino == open.st_ino;
}

int journal_dir_lock(int fd, unsigned int wait_ms)
{
	const struct timespec nap = { .tv_nsec = LOCK_POLL_MS * 1000000L };
	unsigned int waited;

	for (waited = 0;; waited += LOCK_POLL_MS) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (waited >= wait_ms)
			return -EWOULDBLOCK;
		nanosleep(&nap, NULL);
	}
}
