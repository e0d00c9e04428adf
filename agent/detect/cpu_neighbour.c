/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* cpu-neighbour: the app is ready to run, but others hold its CPUs. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

static double part(const struct times *times)
{
	return times->wall_neighbour;
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "cpu-neighbour" };
	double seconds = app->times.wall_neighbour * share_kept(app);

	(void)host;
	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	say_evidence(&v, "ready to run for %s while others held the CPUs, %s of its waits for a CPU",
		     units_seconds(UNITS_BUF, seconds),
		     units_percent(UNITS_BUF, app->times.wall_neighbour / app->times.wall[STATE_RUNQ]));
	say_commands(&v, app, part);
	say_evidence(&v, "; it got %s of %u CPUs while it had work", units_cpus(UNITS_BUF, mean_running(app)),
		     app->cpus);
	say_suggestion(&v,
		       "move the other load away; without the agent, a cgroup of the app's own with a higher "
		       "cpu.weight (cpu.shares on v1) helps, where nice does not reach across sessions (autogroup)");
	*ret = v;
	return true;
}

const struct detector detector_cpu_neighbour = { .id = "cpu-neighbour",
						 .title = "others run on the CPUs that it waits for",
						 .eval = eval };
