/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What is not read, and why: counted by reason, with the first path of each. Used by several threads. */
#ifndef LEFTOVER_H
#define LEFTOVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum leftover_why {
	LEFTOVER_FAILED, /* cannot be opened, listed or read */
	LEFTOVER_VANISHED, /* was listed, and not there any more when it was opened */
	LEFTOVER_REPEATED, /* another name of a file that was met already */
	LEFTOVER_LINK, /* a symbolic link below a path: not followed */
	LEFTOVER_FIFO,
	LEFTOVER_SOCKET,
	LEFTOVER_DEVICE,
	LEFTOVER_PSEUDO, /* a folder of a file system that lies on no disk, such as /proc */
	LEFTOVER_BUDGET, /* a file that does not fit into what is left of the budget */
	LEFTOVER_REASONS,
};

#define LEFTOVER_ERRORS_MAX 20 /* this many failures are named */

struct leftover_error {
	char *path; /* owned; NULL: there was no memory for it */
	int err; /* less than 0 */
};

struct leftovers {
	pthread_mutex_t lock;
	bool below_progress; /* what is said on stderr takes the place of the progress line; set it after init */
	uint64_t count[LEFTOVER_REASONS];
	char *first[LEFTOVER_REASONS]; /* owned; NULL: none, or there was no memory for it */
	struct leftover_error errors[LEFTOVER_ERRORS_MAX];
};

/*
 * Start with leftovers_init(); end with leftovers_clear().
 */
void leftovers_init(struct leftovers *ret);
void leftovers_clear(struct leftovers *l);

/*
 * Counts one. path NULL: not known.
 */
void leftovers_add(struct leftovers *l, enum leftover_why why, const char *path);

/*
 * Counts one that failed with err (less than 0), and says so on stderr as long as there are few.
 */
void leftovers_fail(struct leftovers *l, const char *path, int err);

/*
 * Why something of this type (st_mode), which is neither a file nor a folder, is not read.
 */
enum leftover_why leftover_of_mode(mode_t mode);

/*
 * "FIFO" and "FIFOs": what one is called, and many are.
 */
const char *leftover_name(enum leftover_why why, uint64_t count);

#endif /* LEFTOVER_H */
