/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Processes that write what was recorded: who has apps to look after waits for no disk. */
#ifndef WRITERS_H
#define WRITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/prefetch.h"
#include "model/replayed.h"

#define WRITERS_MAX 8 /* at a time: where a disk hangs, they do not pile up */
#define WRITERS_SECONDS 300 /* that one may take, */
#define WRITERS_CPU_SECONDS 60 /* and how many of them on a CPU */

/* Written by the process, read by the agent. */
struct writers_outcome {
	struct prefetch_recorded recorded;
	struct replayed replayed;
	uint32_t looked; /* 1: it does not look any more at what the kernel side notes of pages */
	uint32_t done; /* 1: the above is final, the profile in its place; the disk may still have the old one there */
};

struct sys_view;
struct writers;

/*
 * Returns NULL if there is no memory. Free with writers_free(), which leaves those alone that are still at it, and accepts
 * NULL.
 */
struct writers *writers_new(void);
void writers_free(struct writers *writers);

/*
 * Has work(context, outcome) done in a process of its own, which has stderr, the descriptors of keep, no other one, and a
 * copy of all memory; it returns a descriptor for profile_sync(). The outcome starts as *outcome. run is the caller's
 * name for it. Returns 0, -EBUSY (WRITERS_MAX are at it) or -errno.
 */
int writers_start(struct writers *writers, uint64_t run, const struct sys_view *keep,
		  const struct writers_outcome *outcome, int (*work)(void *context, struct writers_outcome *outcome),
		  void *context);

/*
 * An outcome that is final and was not taken yet, with its run; of a process that died, or that took too long and
 * was ended, what it had by then. NULL: there
 * is none. Valid until the next call.
 */
const struct writers_outcome *writers_take(struct writers *writers, uint64_t *ret_run);

/*
 * Whether one is at it; and whether one still looks at what is noted of pages.
 */
bool writers_busy(const struct writers *writers);
bool writers_looking(const struct writers *writers);

#endif /* WRITERS_H */
