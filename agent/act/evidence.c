/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the app and the machine did between two looks. */
#include "act/evidence.h"

#include <math.h>

static double positive(double value)
{
	return value > 0 ? value : 0;
}

struct evidence evidence_between(const struct act_sample *from, const struct act_sample *to)
{
	struct evidence e = { .idle = NAN, .others_ready = NAN };
	double dt, ready;

	if (to->now_ns <= from->now_ns || !from->alive || !to->alive)
		return e;
	dt = (double)(to->now_ns - from->now_ns) / 1e9;
	e.seconds = dt;
	/* who is there once in a while is no neighbour */
	if (isfinite(from->others_ready) && isfinite(to->others_ready))
		e.others_ready = fmin(from->others_ready, to->others_ready);
	e.cpus = to->cpus;
	e.run = positive(to->run - from->run) / dt;
	ready = e.run + positive(to->runq - from->runq) / dt;
	e.demand = ready < e.cpus ? ready : e.cpus;
	e.neighbour = positive(to->wall_neighbour - from->wall_neighbour) / dt;
	e.reclaim = positive(to->wall_reclaim - from->wall_reclaim) / dt;
	e.disk = positive(to->wall_disk - from->wall_disk) / dt;
	e.fault = positive(to->wall_fault - from->wall_fault) / dt;
	if (isfinite(from->machine_idle) && isfinite(to->machine_idle))
		e.idle = positive(to->machine_idle - from->machine_idle) / dt;
	return e;
}
