// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* First a look that opens nothing (O_PATH), then the same file by its descriptor: nobody can put another there between. */
#include "profile/replay_open.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/mounts.h"
#include "sys/view.h"
#include "util/cleanup.h"

#define THREADS_MAX 15 /* besides the caller's own */
#define FILES_A_THREAD 2 /* fewer are opened before another thread has started */

struct work {
	const struct profile *profile;
	int root;
	struct replay_opened *files;
	uint32_t n;
	atomic_uint next;
	void (*opened)(void *context, uint32_t index);
	void *context;
};

/* The file behind an O_PATH descriptor, for reading. Returns a descriptor or -errno. */
static int reopen(int path_fd)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOATIME | O_CLOEXEC);
	if (fd < 0 && errno == EPERM) /* not root, and not ours */
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM); /* no readahead: what is wanted is known */
	return fd;
}

/* What was recorded is a path without links: one that has some by now leads where somebody wants it to. */
static enum replay_file open_file(int root, const char *path, struct replay_opened *o)
{
	cleanup_close int look = sys_view_find(root, path, false);
	struct statfs fs;
	struct stat st;

	o->fd = -1;
	if (look < 0)
		return look == -ENOENT || look == -ENOTDIR ? REPLAY_FILE_GONE : REPLAY_FILE_REFUSED;
	if (fstat(look, &st) < 0 || !S_ISREG(st.st_mode))
		return REPLAY_FILE_REFUSED;
	/* sysfs, tracefs and their like: to open or read those does something */
	if (fstatfs(look, &fs) < 0 || !fs.f_blocks)
		return REPLAY_FILE_REFUSED;
	o->fd = reopen(look);
	if (o->fd < 0)
		return REPLAY_FILE_REFUSED;
	o->size = (uint64_t)st.st_size;
	o->ino = st.st_ino;
	o->dev = st.st_dev;
	o->mtime_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
	return REPLAY_FILE_SAME;
}

static void *open_some(void *context)
{
	struct work *w = context;
	struct replay_opened *o;
	uint32_t i;

	while ((i = atomic_fetch_add(&w->next, 1)) < w->n) {
		o = &w->files[i];
		o->state = open_file(w->root, profile_path_of(w->profile, &w->profile->files[o->file]), o);
		w->opened(w->context, i);
	}
	return NULL;
}

void replay_open_files(const struct profile *profile, int root, struct replay_opened *files, uint32_t n,
		       unsigned int threads, void (*opened)(void *context, uint32_t index), void *context)
{
	struct work w = {
		.profile = profile, .root = root, .files = files, .n = n, .opened = opened, .context = context
	};
	pthread_t others[THREADS_MAX];
	unsigned int most = threads - 1 < THREADS_MAX ? threads - 1 : THREADS_MAX, i, started = 0;

	while (started < most && n / FILES_A_THREAD > started && !pthread_create(&others[started], NULL, open_some, &w))
		started++;
	open_some(&w);
	for (i = 0; i < started; i++)
		pthread_join(others[i], NULL);
}

/* Whether a file of the profile lies on the device. */
static bool is_home(const struct profile *profile, uint32_t dev, const struct sys_mounts *mounts)
{
	const struct sys_mount *mount;
	bool ret = false;
	uint32_t i;

	for (i = 0; !ret && i < profile->nfiles; i++) {
		if (profile->files[i].flags & PROFILE_FILE_DEVICE)
			continue;
		mount = sys_mount_of(mounts, profile_path_of(profile, &profile->files[i]));
		ret = mount && mount->dev == dev;
	}
	return ret;
}

int replay_open_device(const struct profile *profile, const struct profile_file *file, const struct sys_mounts *mounts)
{
	cleanup_close int look = open(profile_path_of(profile, file), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (look < 0 || fstat(look, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode) || !is_home(profile, (uint32_t)(major(st.st_rdev) << 20 | minor(st.st_rdev)), mounts))
		return -EPERM;
	return reopen(look);
}
