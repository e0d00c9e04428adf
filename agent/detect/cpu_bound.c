/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* cpu-bound: the app computes, on CPUs that it has. What one thread does alone is the serial detector's. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

#define USED_WELL 0.75 /* share of its CPUs that it wanted, above which more jobs would not help */

static double part(const struct times *times)
{
	return times->wall[STATE_RUN] - times->wall_alone;
}

static double part_one_cpu(const struct times *times)
{
	return times->wall[STATE_RUN];
}

/*
 * Mean number of threads on a CPU, and of those that wanted one as well, while any ran; the serial steps left out for
 * an app with several CPUs, so that they hide nothing.
 */
static void mean_computing(const struct app *app, double *ret_running, double *ret_wanted)
{
	double alone = app->cpus > 1 ? app->times.wall_alone : 0, threads = -alone, seconds = -alone;
	unsigned int i;

	for (i = 1; i < AA_CONCURRENCY; i++) {
		threads += i * app->concurrency[i];
		seconds += app->concurrency[i];
	}
	if (!(threads > 0) || !(seconds > 0)) {
		*ret_running = mean_running(app);
		*ret_wanted = mean_runnable(app);
		return;
	}
	*ret_running = threads / seconds;
	*ret_wanted = (threads + app->times.thread[STATE_RUNQ] + app->times.thread[STATE_THROTTLED]) / seconds;
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "cpu-bound" };
	double alone = app->cpus > 1 ? app->times.wall_alone : 0;
	double seconds = (app->times.wall[STATE_RUN] - alone) * share_kept(app);
	double running, wanted;

	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	mean_computing(app, &running, &wanted);
	say_evidence(&v, "computing for %s, on %s of %u CPUs on average", units_seconds(UNITS_BUF, seconds),
		     units_cpus(UNITS_BUF, running), app->cpus);
	say_commands(&v, app, app->cpus > 1 ? part : part_one_cpu);
	if (app->cpus > 1 && wanted < USED_WELL * app->cpus)
		say_suggestion(&v,
			       "more jobs at once (make -j%u): it left CPUs unused while it computed; else less "
			       "work (ccache, unity builds, lower -O)",
			       app->cpus);
	else if (host->cpus > app->cpus)
		say_suggestion(&v,
			       "nothing to tune: more of the machine's %u CPUs (cpuset, taskset), faster CPUs, or "
			       "less work (ccache)",
			       host->cpus);
	else
		say_suggestion(&v, "nothing to tune: more or faster CPUs, or less work (ccache, lower -O)");
	*ret = v;
	return true;
}

const struct detector detector_cpu_bound = { .id = "cpu-bound",
					     .title = "it computes on the CPUs that it has",
					     .eval = eval };
