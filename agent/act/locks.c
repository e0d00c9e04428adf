/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Groups that are not ours, locked while we change them. */
#include "act/locks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int locks_take(struct locks *locks, const char *directory)
{
	unsigned int i;
	int fd, err;

	for (i = 0; i < locks->used; i++)
		if (!strcmp(locks->directory[i], directory))
			return 0;
	if (locks->used == LOCKS_MAX)
		return -ENOSPC;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	locks->directory[i] = strdup(directory);
	err = locks->directory[i] ? 0 : -ENOMEM;
	if (!err && flock(fd, LOCK_EX | LOCK_NB))
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (err) {
		free(locks->directory[i]);
		close(fd);
		return err;
	}
	locks->fd[i] = fd;
	locks->used++;
	return 0;
}

void locks_release(struct locks *locks)
{
	while (locks->used) {
		locks->used--;
		close(locks->fd[locks->used]);
		free(locks->directory[locks->used]);
	}
}
