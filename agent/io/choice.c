/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which backends work here, and which is the faster one for a device: tried on the operations that are to be done anyway. */
#include "io/choice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"

#define DEPTH_START 64
#define DEPTH_LEAST 4
#define TURNS 4
#define TURN_REQUESTS 512
#define ENOUGH_REQUESTS (4 * TURNS * TURN_REQUESTS) /* that a comparison pays */

/* In the order of trust: the first one that works is taken until it is known better. */
static const struct backend *const backends[CHOICE_BACKENDS] = { &backend_uring, &backend_threads };

enum { URING, THREADS };

static void describe(struct choice *c, const uint64_t ns[CHOICE_BACKENDS])
{
	unsigned int other = !c->best;

	if (c->err[URING])
		snprintf(c->text, sizeof(c->text), "threads (io_uring: %s)", strerror(-c->err[URING]));
	else if (ns && ns[c->best])
		snprintf(c->text, sizeof(c->text), "%s (%.2f times as fast here as %s)", backends[c->best]->name,
			 (double)ns[other] / (double)ns[c->best], backends[other]->name);
	else
		snprintf(c->text, sizeof(c->text), "%s", backends[c->best]->name);
}

int choice_open(enum accel_io_backend asked, unsigned int depth, struct choice *ret)
{
	struct choice c = { .asked = asked,
			    .best = asked == ACCEL_IO_BACKEND_THREADS ? THREADS : URING,
			    .depth_asked = depth < BACKEND_DEPTH_MAX ? depth : BACKEND_DEPTH_MAX };

	if (asked > ACCEL_IO_BACKEND_THREADS)
		return -EINVAL;
	if (asked != ACCEL_IO_BACKEND_THREADS)
		c.err[URING] = backends[URING]->open(&c.state[URING]);
	if (asked != ACCEL_IO_BACKEND_URING && !backends[THREADS]->open(&c.state[THREADS]) && c.err[URING])
		c.best = THREADS;
	if (asked == ACCEL_IO_BACKEND_URING && c.err[URING])
		return -ENOTSUP;
	describe(&c, NULL);
	*ret = c;
	return 0;
}

void choice_close(struct choice *c)
{
	size_t i;

	for (i = 0; i < CHOICE_BACKENDS; i++)
		backends[i]->close(c->state[i]);
}

/* If the backend breaks, which threads cannot, they do the rest. */
static void run(struct choice *c, unsigned int which, struct work *work, struct depth *depth)
{
	int err = backends[which]->run(c->state[which], work, depth);

	if (!err)
		return;
	c->err[which] = err;
	c->best = THREADS;
	describe(c, NULL);
	backends[THREADS]->run(c->state[THREADS], work, depth);
}

static void compare(struct choice *c, struct work *work)
{
	uint64_t ns[CHOICE_BACKENDS] = { 0 }, start_ns;
	uint32_t end = work->end;
	unsigned int turn;

	for (turn = 0; turn < TURNS && !c->err[URING]; turn++) {
		struct depth depth;

		start_ns = clock_monotonic_ns();
		depth_start(&depth, DEPTH_START, DEPTH_LEAST, BACKEND_DEPTH_MAX, true, start_ns);
		work->end = work->next + TURN_REQUESTS;
		run(c, turn % CHOICE_BACKENDS, work, &depth);
		ns[turn % CHOICE_BACKENDS] += clock_monotonic_ns() - start_ns;
	}
	work->end = end;
	if (c->err[URING] || work_is_cancelled(work))
		return;
	c->tried = true;
	c->best = ns[THREADS] < ns[URING] ? THREADS : URING;
	describe(c, ns);
}

static void meet_device(struct choice *c, uint64_t device)
{
	unsigned int asked = c->depth_asked;

	depth_start(&c->depth, asked ? asked : DEPTH_START, asked ? 1 : DEPTH_LEAST, asked ? asked : BACKEND_DEPTH_MAX,
		    asked > 0, clock_monotonic_ns());
	c->device = device;
	c->tried = c->asked != ACCEL_IO_BACKEND_AUTO || c->err[URING];
	c->begun = true;
}

void choice_run(struct choice *c, struct work *work, uint64_t device)
{
	if (!c->begun || c->device != device)
		meet_device(c, device);
	if (!c->tried && !c->depth_asked && work->end - work->next >= ENOUGH_REQUESTS)
		compare(c, work);
	depth_resume(&c->depth, clock_monotonic_ns());
	run(c, c->best, work, &c->depth);
}
