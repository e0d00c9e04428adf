/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Writing a profile: whoever looks sees the old one or the new one, and whole. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "profile/profile_format.h"
#include "profile/profile_store.h"
#include "sys/state.h"
#include "util/cleanup.h"
#include "util/file.h"

#define TEMPORARY ".new" /* one name for all: whoever has the lock of the folder removes what a killed one left */

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

/* Not before the disk has it: a name in a journal that outlives what it names would cost the old one. */
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

/* The folder is opened anew: whoever keeps that descriptor for the disk must not keep the lock, which is dir's. */
int profile_write_locked(int dir, const struct profile *profile, int *ret_fd)
{
	char name[PROFILE_NAME_MAX];
	cleanup_close int folder = -1;
	int err = profile_check(profile);
	uint64_t id;

	if (err)
		return err;
	folder = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	id = profile_id(&profile->key);
	profile_store_name(id, name);
	err = write_temporary(dir, profile);
	if (!err && renameat(dir, TEMPORARY, dir, name) < 0)
		err = -errno;
	if (err) {
		unlinkat(dir, TEMPORARY, 0);
		return err;
	}
	profile_store_prune(dir, id, PROFILE_STORE_MAX, PROFILE_STORE_BYTES);
	*ret_fd = folder;
	folder = -1;
	return 0;
}

int profile_write(const char *directory, const struct profile *profile)
{
	cleanup_close int dir = -1, fd = -1;
	int err = profile_check(profile);

	if (!err)
		err = profile_store_lock(directory, &dir);
	if (!err)
		err = profile_write_locked(dir, profile, &fd);
	if (!err && fsync(fd) < 0)
		err = -errno;
	return err;
}
