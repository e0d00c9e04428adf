// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* A difference of two readings. */
#include "run/run_cost.h"

#include <math.h>

#include "model/model.h"

int run_sums_read(const struct aa_ledger *ledger, struct run_sums *ret)
{
	struct app app = { 0 };
	int err = app_read_ledger(&app, ledger, ledger->now);

	if (err)
		return err;
	ret->waits = app.times.wall_disk_read + app.times.wall[STATE_FAULT] + app.times.wall[STATE_RECLAIM];
	ret->cpu = app.times.thread[STATE_RUN];
	app_clear(&app);
	return 0;
}

static uint64_t ns_between(double before, double after)
{
	return (uint64_t)(fmax(after - before, 0) * 1e9);
}

struct profile_cost run_cost(const struct run_sums *before, const struct run_sums *after, uint64_t wall_ns)
{
	return (struct profile_cost){
		.wall_ns = wall_ns,
		.waits_ns = ns_between(before->waits, after->waits),
		.cpu_ns = ns_between(before->cpu, after->cpu),
	};
}
