/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What is not read, and why: counted by reason, with the first path of each. */
#include "warm/leftover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/log.h"
#include "warm/progress.h"

void leftovers_init(struct leftovers *ret)
{
	*ret = (struct leftovers){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

void leftovers_clear(struct leftovers *l)
{
	size_t i;

	for (i = 0; i < LEFTOVER_REASONS; i++)
		free(l->first[i]);
	for (i = 0; i < LEFTOVER_ERRORS_MAX; i++)
		free(l->errors[i].path);
	pthread_mutex_destroy(&l->lock);
}

/* Returns how many there were before. */
static uint64_t count(struct leftovers *l, enum leftover_why why, const char *path)
{
	uint64_t before = l->count[why]++;

	if (!before && path)
		l->first[why] = strdup(path); /* without it the count is still right */
	return before;
}

void leftovers_add(struct leftovers *l, enum leftover_why why, const char *path)
{
	pthread_mutex_lock(&l->lock);
	count(l, why, path);
	pthread_mutex_unlock(&l->lock);
}

void leftovers_fail(struct leftovers *l, const char *path, int err)
{
	uint64_t before;

	pthread_mutex_lock(&l->lock);
	before = count(l, LEFTOVER_FAILED, path);
	if (before < LEFTOVER_ERRORS_MAX) {
		l->errors[before].path = path ? strdup(path) : NULL;
		l->errors[before].err = err;
	}
	pthread_mutex_unlock(&l->lock);
	if (l->below_progress && before <= LEFTOVER_ERRORS_MAX)
		fputs(PROGRESS_CLEAR, stderr);
	if (before < LEFTOVER_ERRORS_MAX)
		log_err("%s: %s", path ? path : "a file", strerror(-err));
	else if (before == LEFTOVER_ERRORS_MAX)
		log_err("more than %d files and folders cannot be read: naming no more", LEFTOVER_ERRORS_MAX);
}

enum leftover_why leftover_of_mode(mode_t mode)
{
	if (S_ISLNK(mode))
		return LEFTOVER_LINK;
	if (S_ISFIFO(mode))
		return LEFTOVER_FIFO;
	return S_ISSOCK(mode) ? LEFTOVER_SOCKET : LEFTOVER_DEVICE;
}

const char *leftover_name(enum leftover_why why, uint64_t n)
{
	static const char *const names[LEFTOVER_REASONS][2] = {
		[LEFTOVER_FAILED] = { "failure", "failures" },
		[LEFTOVER_VANISHED] = { "file that vanished", "files that vanished" },
		[LEFTOVER_REPEATED] = { "further name of a file", "further names of files" },
		[LEFTOVER_LINK] = { "symbolic link", "symbolic links" },
		[LEFTOVER_FIFO] = { "FIFO", "FIFOs" },
		[LEFTOVER_SOCKET] = { "socket", "sockets" },
		[LEFTOVER_DEVICE] = { "device", "devices" },
		[LEFTOVER_PSEUDO] = { "pseudo file system", "pseudo file systems" },
		[LEFTOVER_BUDGET] = { "file beyond the budget", "files beyond the budget" },
	};

	return names[why][n != 1];
}
