/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Ways to have the kernel do transfers: one file and one row each. */
#ifndef IO_BACKEND_H
#define IO_BACKEND_H

#include <stdint.h>

#include "io/depth.h"
#include "io/work.h"

#define BACKEND_DEPTH_MAX 256

struct backend {
	const char *name;
	/* Returns 0 or -errno: it does not work here. The state is for the other calls, and freed by close. */
	int (*open)(void **ret_state);
	/*
	 * Does all of work's transfers, at most depth->now at a time. Returns 0, or -errno if it works no longer: what was
	 * taken is done all the same (or cancelled with the run), nothing is under way any more, and what was not taken is
	 * still there.
	 */
	int (*run)(void *state, struct work *work, struct depth *depth);
	void (*close)(void *state); /* accepts NULL */
};

extern const struct backend backend_uring, backend_threads;

/*
 * Does all of work's jobs, in at most that many threads.
 */
void jobs_run(struct work *work, unsigned int threads);

#endif /* IO_BACKEND_H */
