/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The folders that our own state is kept in, the files there, and locks on them. */
#include "sys/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/tree.h"
#include "util/cleanup.h"
#include "util/log.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define LOCK_POLL_MS 2
#define LEFT_MS 2000 /* children of a killed process come to die even on a busy machine */

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

int state_dir_open(const char *directory, bool make, int *ret_fd)
{
	cleanup_close int parent = -1, fd = -1;
	struct stat st;
	const char *name;
	int err;

	err = tree_parent("", directory, &parent, &name);
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

bool state_file_owns(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & OTHERS_WRITE);
}

bool state_file_names(int dir, const char *name, int fd)
{
	struct stat named, open;

	return !fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &open) && named.st_dev == open.st_dev &&
	       named.st_ino == open.st_ino;
}

static int poll_lock(int fd, unsigned int wait_ms, bool (*goes_on)(int fd))
{
	const struct timespec nap = { .tv_nsec = LOCK_POLL_MS * 1000000L };
	unsigned int waited;

	for (waited = 0;; waited += LOCK_POLL_MS) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (waited >= wait_ms || !goes_on(fd))
			return -EWOULDBLOCK;
		nanosleep(&nap, NULL);
	}
}

static bool always(int fd)
{
	(void)fd;
	return true;
}

int state_lock(int fd, unsigned int wait_ms)
{
	return poll_lock(fd, wait_ms, always);
}

static void set_claim(int fd, short type)
{
	struct flock claim = { .l_type = type, .l_whence = SEEK_SET };

	/* without it, whoever looks waits a little, and takes us for alive */
	if (fcntl(fd, F_SETLK, &claim))
		log_debug("record lock: %s", strerror(errno));
}

int state_claim(int fd, unsigned int wait_ms)
{
	int err = state_lock(fd, wait_ms);

	if (!err)
		set_claim(fd, F_WRLCK);
	return err;
}

void state_disclaim(int fd)
{
	set_claim(fd, F_UNLCK);
	flock(fd, LOCK_UN);
}

/* Asked as an open file description: as a process, we would not see a claim of our own. */
static bool is_unclaimed(int fd)
{
	struct flock claim = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !fcntl(fd, F_OFD_GETLK, &claim) && claim.l_type == F_UNLCK;
}

int state_lock_left(int fd)
{
	return poll_lock(fd, LEFT_MS, is_unclaimed);
}
