/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* cpu-oversubscribed: the app is ready to run, but its own threads hold its CPUs. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

#define MOST_WANTED 100000 /* threads; beyond, the figure is no advice */
#define PINNED_PART 0.5 /* of the waits, from which on more CPUs are no advice */

static double part(const struct times *times)
{
	return times->wall[STATE_RUNQ] - times->wall_neighbour - times->wall_wakeup;
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "cpu-oversubscribed" };
	double waited = part(&app->times), seconds = waited * share_kept(app);
	double runnable = mean_runnable(app);
	unsigned int wanted = app->cpus + 1;

	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	if (runnable > wanted && runnable < MOST_WANTED)
		wanted = (unsigned int)(runnable + 0.5);
	say_evidence(&v, "its own threads waited %s for each other: on average %s wanted a CPU, it has %u",
		     units_seconds(UNITS_BUF, seconds), units_cpus(UNITS_BUF, runnable), app->cpus);
	say_commands(&v, app, part);
	if (app->times.wall_pinned > 0)
		say_evidence(&v, "; %s of it by threads that may use only some of these CPUs",
			     units_percent(UNITS_BUF, app->times.wall_pinned / waited));
	if (app->times.wall_pinned > PINNED_PART * waited)
		say_suggestion(&v, "let its threads use all of its CPUs: they are pinned to fewer (taskset, numactl, "
				   "sched_setaffinity, a cpuset)");
	else if (runnable < app->cpus + 0.5)
		say_suggestion(&v, "only short bursts of more runnable threads than CPUs: little to gain");
	else if (host->cpus > app->cpus)
		say_suggestion(&v,
			       "let it use more of the machine's %u CPUs (cpuset, taskset), or start it with -j%u: "
			       "more jobs than CPUs only add memory and switches",
			       host->cpus, app->cpus);
	else
		say_suggestion(&v,
			       "give the job %u CPUs, or start it with -j%u: more jobs than CPUs only add memory "
			       "and switches",
			       wanted, app->cpus);
	*ret = v;
	return true;
}

const struct detector detector_cpu_oversubscribed = { .id = "cpu-oversubscribed",
						      .title = "its own threads want more CPUs than it has",
						      .eval = eval };
