/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Opening a profile. Whatever is wrong with it costs the run its profile and nothing else; only who replaces it moves it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/profile_format.h"
#include "profile/profile_store.h"
#include "sys/state.h"
#include "util/cleanup.h"
#include "util/log.h"

#define BYTES_MAX \
	(sizeof(struct profile_header) + PROFILE_FILES_MAX * sizeof(struct profile_file) + \
	 PROFILE_RANGES_MAX * sizeof(struct profile_range) + PROFILE_TEXT_MAX + 3 * (size_t)PROFILE_PAGE)

/* A profile as it is being opened. */
struct opening {
	const char *directory;
	uint64_t id;
	char name[PROFILE_NAME_MAX];
	int dir, fd;
	const char *why; /* it is not used, for people */
};

/* Links, pipes, devices and files of others are not opened for long enough to do harm. */
static int open_own(struct opening *o)
{
	o->fd = openat(o->dir, o->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (o->fd < 0 && errno != ELOOP && errno != ENXIO)
		return -errno;
	if (o->fd >= 0 && state_file_owns(o->fd))
		return 0;
	o->why = "it is no file, belongs to somebody else, or others may write it";
	return -EPERM;
}

/*
 * Read, not mapped: a mapped file that a disk cannot deliver, or that somebody truncates, kills its reader with SIGBUS,
 * at any later time too; and what was checked could change under us. The memory is prepared in one go.
 */
static int read_whole(int fd, void **ret_map, size_t *ret_bytes, const char **ret_why)
{
	size_t size, used = 0;
	struct stat st;
	char *map;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_why = st.st_size ? "it is larger than any profile" : "it is empty";
	if (!st.st_size || (uint64_t)st.st_size > BYTES_MAX)
		return -EBADMSG;
	size = (size_t)st.st_size;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	while (used < size) {
		n = pread(fd, map + used, size - used, (off_t)used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	if (used < size) {
		int err = n < 0 ? -errno : -EBADMSG;

		*ret_why = "it is cut off";
		munmap(map, size);
		return err;
	}
	*ret_map = map;
	*ret_bytes = size;
	return 0;
}

static int open_and_check(struct opening *o, struct profile *ret)
{
	size_t bytes = 0;
	void *map = NULL;
	int err;

	err = open_own(o);
	if (err)
		return err;
	err = read_whole(o->fd, &map, &bytes, &o->why);
	if (!err) {
		err = profile_decode(map, bytes, o->id, ret, &o->why);
		if (err)
			munmap(map, bytes);
	}
	if (err)
		return err;
	ret->map = map;
	ret->map_bytes = bytes;
	return 0;
}

/* Any other error than these two says itself why. */
static const char *why_not(const struct opening *o, int err)
{
	return err == -EPERM || err == -EBADMSG ? o->why : strerror(-err);
}

int profile_look(const char *directory, uint64_t id, struct profile *ret, const char **ret_why)
{
	struct opening o = { .directory = directory, .id = id, .dir = -1, .fd = -1 };
	int err;

	profile_store_name(id, o.name);
	o.why = "its folder belongs to somebody else, or others may write there";
	err = state_dir_open(directory, false, &o.dir);
	if (!err)
		err = open_and_check(&o, ret);
	if (err)
		*ret_why = why_not(&o, err);
	if (o.fd >= 0)
		close(o.fd);
	if (o.dir >= 0)
		close(o.dir);
	return err;
}

int profile_open(const char *directory, uint64_t id, struct profile *ret)
{
	char name[PROFILE_NAME_MAX];
	const char *why;
	int err = profile_look(directory, id, ret, &why);

	profile_store_name(id, name);
	if (err == -EPERM || err == -EBADMSG)
		log_warn("%s/%s: %s: not used", directory, name, why);
	return err;
}

static void set_aside(const struct opening *o)
{
	char bad[PROFILE_NAME_MAX];

	profile_store_bad_name(o->id, bad);
	if (renameat(o->dir, o->name, o->dir, bad) < 0)
		log_warn("%s/%s: %s: not used; it cannot be set aside: %s", o->directory, o->name, o->why,
			 strerror(errno));
	else
		log_warn("%s/%s: %s: not used, and set aside as %s", o->directory, o->name, o->why, bad);
}

int profile_open_locked(const char *directory, int dir, uint64_t id, struct profile *ret)
{
	struct opening o = { .directory = directory, .id = id, .dir = dir, .fd = -1 };
	int err;

	profile_store_name(id, o.name);
	err = open_and_check(&o, ret);
	if (err == -EPERM)
		log_warn("%s/%s: %s: not used", directory, o.name, o.why);
	else if (err == -EBADMSG)
		set_aside(&o);
	if (o.fd >= 0)
		close(o.fd);
	return err;
}

void profile_close(struct profile *profile)
{
	if (profile->map)
		munmap(profile->map, profile->map_bytes);
	memset(profile, 0, sizeof(*profile));
}
