/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Writing a profile: the old one or the new one is there at any time, and whole. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "profile/profile_format.h"
#include "profile/profile_store.h"
#include "sys/state.h"
#include "util/cleanup.h"
#include "util/file.h"

#define TEMPORARY ".new" /* one name for all: whoever has the lock of the folder removes what a killed one left */

/* The folder above is ours as well: /var/lib/accel-agent. */
static int open_folder(const char *directory, int *ret_fd)
{
	char above[PATH_MAX];
	int err, fd;
	char *slash;

	err = state_dir_open(directory, true, ret_fd);
	if (err != -ENOENT)
		return err;
	if (snprintf(above, sizeof(above), "%s", directory) >= (int)sizeof(above))
		return -ENAMETOOLONG;
	slash = strrchr(above, '/');
	*slash = '\0';
	err = state_dir_open(above, true, &fd);
	if (err)
		return err;
	close(fd);
	return state_dir_open(directory, true, ret_fd);
}

static int write_parts(int fd, const struct profile *p)
{
	struct profile_header header;
	const struct {
		const void *data;
		size_t size;
	} parts[] = {
		{ &header, sizeof(header) },
		{ p->files, p->nfiles * sizeof(p->files[0]) },
		{ p->ranges, p->nranges * sizeof(p->ranges[0]) },
		{ p->text, p->text_bytes },
		{ p->key.command, strlen(p->key.command) + 1 },
		{ p->key.program, strlen(p->key.program) + 1 },
		{ p->key.directory, strlen(p->key.directory) + 1 },
	};
	size_t i;
	int err = 0;

	profile_encode(p, &header);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]) && !err; i++)
		err = write_fully(fd, parts[i].data, parts[i].size);
	return err;
}

static int write_temporary(int dir, const struct profile *profile)
{
	cleanup_close int fd = -1;
	int err;

	if (unlinkat(dir, TEMPORARY, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_parts(fd, profile);
	if (!err && fsync(fd) < 0)
		err = -errno;
	return err;
}

int profile_write(const char *directory, const struct profile *profile)
{
	uint64_t id;
	cleanup_close int dir = -1;
	char name[PROFILE_NAME_MAX];
	int err;

	err = profile_check(profile);
	if (!err)
		err = open_folder(directory, &dir);
	if (!err)
		err = state_lock(dir, PROFILE_LOCK_MS);
	if (err)
		return err;
	id = profile_id(&profile->key);
	profile_store_name(id, name);
	err = write_temporary(dir, profile);
	if (!err && renameat(dir, TEMPORARY, dir, name) < 0)
		err = -errno;
	if (err) {
		unlinkat(dir, TEMPORARY, 0);
		return err;
	}
	/* the new one is in place in any case: an error here is of no use to the caller */
	fsync(dir);
	profile_store_prune(dir, id, PROFILE_STORE_MAX, PROFILE_STORE_BYTES);
	return 0;
}
