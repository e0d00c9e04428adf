/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * How many operations to have in the device at a time. Twice as many are tried, and kept if the rate is worth it; half as
 * many, when each takes much longer than it did, because then somebody else uses the device.
 */
#include "io/depth.h"

#define WINDOW_NS 10000000ULL
#define WINDOW_ROUNDS 2 /* of the whole depth, at least */
#define GAIN_PERMILLE 1020 /* of the rate: what twice the depth must bring */
#define LOSS_PERMILLE 950 /* what half the depth may cost */
#define SLOWER 2 /* times the latency */
#define PAUSE_MIN 8 /* windows */
#define PAUSE_MAX 128

void depth_start(struct depth *depth, unsigned int start, unsigned int least, unsigned int most, bool fixed,
		 uint64_t now_ns)
{
	start = start < least ? least : start;
	*depth = (struct depth){ .now = start < most ? start : most,
				 .least = least,
				 .most = most,
				 .fixed = fixed,
				 .since_ns = now_ns,
				 .pause = 1 };
}

static void try_depth(struct depth *d, unsigned int depth, uint64_t rate)
{
	d->before = d->now;
	d->rate_before = rate;
	d->now = depth;
}

static void settle(struct depth *d, uint64_t latency_ns)
{
	d->rate_before = 0;
	d->settled_ns = latency_ns;
	d->pauses = d->pauses ? d->pauses * 2 : PAUSE_MIN;
	if (d->pauses > PAUSE_MAX)
		d->pauses = PAUSE_MAX;
	d->pause = d->pauses;
}

/* What the depth that was tried is like. */
static void judge(struct depth *d, uint64_t rate, uint64_t latency_ns)
{
	bool more = d->now > d->before;
	unsigned int next = more ? d->now * 2 : d->now / 2;

	if (rate * 1000 < d->rate_before * (more ? GAIN_PERMILLE : LOSS_PERMILLE)) {
		/* with the old depth again, each takes its old share of the time (Little's law) */
		latency_ns = 1000000000ULL * d->before / (d->rate_before ? d->rate_before : 1);
		d->now = d->before;
		settle(d, latency_ns);
	} else if (more && next <= d->most) {
		try_depth(d, next, rate);
	} else {
		settle(d, latency_ns);
	}
}

static void end_window(struct depth *d, uint64_t elapsed_ns)
{
	uint64_t rate = (uint64_t)d->count * 1000000000ULL / elapsed_ns, latency_ns = d->latency_ns / d->count;

	if (d->rate_before) {
		judge(d, rate, latency_ns);
	} else if (d->settled_ns && latency_ns > SLOWER * d->settled_ns && d->now / 2 >= d->least) {
		try_depth(d, d->now / 2, rate);
	} else if (d->pause && --d->pause) {
		return;
	} else if (d->now * 2 <= d->most) {
		try_depth(d, d->now * 2, rate);
	} else {
		settle(d, latency_ns);
	}
}

void depth_resume(struct depth *d, uint64_t now_ns)
{
	d->since_ns = now_ns;
	d->count = 0;
	d->latency_ns = 0;
}

void depth_count(struct depth *d, uint32_t count, uint64_t latency_ns, uint64_t now_ns)
{
	uint64_t elapsed_ns = now_ns - d->since_ns;

	if (d->fixed || !count)
		return;
	d->count += count;
	d->latency_ns += latency_ns;
	if (elapsed_ns < WINDOW_NS || d->count < WINDOW_ROUNDS * d->now)
		return;
	end_window(d, elapsed_ns);
	depth_resume(d, now_ns);
}
