/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* cpu-quota: a cgroup used up its CPU time for the period and was stopped. */
#include <math.h>

#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

static double part(const struct times *times)
{
	return times->wall[STATE_THROTTLED];
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "cpu-quota" };
	double seconds = app->times.wall[STATE_THROTTLED], runnable = mean_runnable(app);
	double wanted = runnable < app->cpus ? runnable : app->cpus; /* more CPUs than it may use are no help */
	const struct quota *quota = &app->quota;

	(void)host;
	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	say_evidence(&v, "stopped for %s by a CPU quota", units_seconds(UNITS_BUF, seconds));
	if (quota->known && quota->cgroup[0] && quota->cpus > 0)
		say_evidence(&v, " of %s CPUs (cgroup %.60s)", units_cpus(UNITS_BUF, quota->cpus), quota->cgroup);
	if (quota->known && quota->throttled_periods)
		say_evidence(&v, ", in %s periods", units_count(UNITS_BUF, quota->throttled_periods));
	say_commands(&v, app, part);
	say_evidence(&v, "; on average %s threads wanted a CPU", units_cpus(UNITS_BUF, runnable));
	say_suggestion(&v, "raise the quota");
	if (quota->known && wanted > quota->cpus)
		say_suggestion(&v, " to %u CPUs", (unsigned int)ceil(wanted));
	say_suggestion(&v, " (cpu.max; cpu.cfs_quota_us on v1; docker --cpus, Kubernetes limits.cpu)");
	if (quota->known && quota->cpus > 0 && quota->cpus < app->cpus)
		say_suggestion(&v, ", or start fewer jobs (-j%u)", (unsigned int)ceil(quota->cpus));
	*ret = v;
	return true;
}

const struct detector detector_cpu_quota = { .id = "cpu-quota", .title = "a CPU quota stops it", .eval = eval };
