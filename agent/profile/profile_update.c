// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Read, change, write: one after the other, whoever else wants to. */
#include "profile/profile_update.h"

#include <errno.h>
#include <unistd.h>

#include "profile/profile_format.h"
#include "profile/profile_store.h"
#include "util/cleanup.h"

int profile_update(const char *directory, uint64_t id, profile_change change, void *context, int *ret_fd)
{
	struct profile last, new = { 0 };
	cleanup_close int dir = -1;
	bool known;
	int err;

	*ret_fd = -1;
	err = profile_store_lock(directory, &dir);
	if (err)
		return err;
	err = profile_open_locked(directory, dir, id, &last);
	known = !err;
	/* one that is corrupt was set aside, and is made anew */
	if (err && err != -ENOENT && err != -EBADMSG)
		return err;
	err = change(context, known ? &last : NULL, &new);
	if (!err) {
		err = profile_write_locked(dir, &new, ret_fd);
		profile_close(&new);
	}
	if (known)
		profile_close(&last);
	return err;
}

int profile_sync(int fd)
{
	int err;

	if (fd < 0)
		return 0;
	err = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return err;
}
