/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Transfers by threads that wait for the disk. They live as long as one run: an engine that is idle has none. */
#include <pthread.h>

#include "io/backend.h"
#include "io/crew.h"
#include "util/clock.h"

#define THREADS_MAX 128

struct shift {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* the depth is another, or it is over */
	struct work *work;
	struct depth *depth;
	bool over;
};

/* With the lock held. Those whose number is beyond the depth wait until it grows. */
static bool take(struct shift *shift, unsigned int number, struct transfer *t)
{
	while (!shift->over && number >= shift->depth->now)
		pthread_cond_wait(&shift->changed, &shift->lock);
	if (!shift->over && !work_next(shift->work, t)) {
		shift->over = true;
		pthread_cond_broadcast(&shift->changed);
	}
	return !shift->over;
}

static void take_part(void *context, unsigned int number)
{
	struct shift *shift = context;
	uint64_t start_ns, now_ns;
	unsigned int before;
	struct transfer t;

	pthread_mutex_lock(&shift->lock);
	while (take(shift, number, &t)) {
		pthread_mutex_unlock(&shift->lock);
		start_ns = clock_monotonic_ns();
		while (work_done(&t, work_transfer(&t)))
			;
		now_ns = clock_monotonic_ns();
		pthread_mutex_lock(&shift->lock);
		before = shift->depth->now;
		depth_count(shift->depth, 1, now_ns - start_ns, now_ns);
		if (shift->depth->now > before)
			pthread_cond_broadcast(&shift->changed);
	}
	pthread_mutex_unlock(&shift->lock);
}

static int open_threads(void **ret_state)
{
	*ret_state = NULL;
	return 0;
}

static int run_threads(void *state, struct work *work, struct depth *depth)
{
	struct shift shift = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .work = work, .depth = depth
	};
	unsigned int threads = depth->most < THREADS_MAX ? depth->most : THREADS_MAX;

	(void)state;
	if (work->next == work->end) /* of a backend that broke with nothing left */
		return 0;
	/* one that is cut into parts gives work to several */
	if (work->end - work->next < threads && work->plan->request[work->next].bytes <= PLAN_REQUEST_BYTES)
		threads = work->end - work->next;
	crew_run(threads, take_part, &shift);
	return 0;
}

static void close_threads(void *state)
{
	(void)state;
}

const struct backend backend_threads = {
	.name = "threads",
	.open = open_threads,
	.run = run_threads,
	.close = close_threads,
};
