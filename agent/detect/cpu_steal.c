/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* cpu-steal: the hypervisor ran something else while this machine wanted its CPUs. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "cpu-steal" };
	double on_cpus = app->times.wall[STATE_RUN] + app->times.wall[STATE_RUNQ];
	double seconds = on_cpus * (1 - share_kept(app));

	(void)host;
	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	say_evidence(&v,
		     "the hypervisor took %s of this machine's CPU time; of the %s that the app ran or waited for "
		     "a CPU, that is about %s",
		     units_percent(UNITS_BUF, app->steal), units_seconds(UNITS_BUF, on_cpus),
		     units_seconds(UNITS_BUF, seconds));
	say_suggestion(&v, "run on a host that is less full, or with dedicated CPUs: nothing inside this machine gives "
			   "that time back");
	*ret = v;
	return true;
}

const struct detector detector_cpu_steal = { .id = "cpu-steal",
					     .title = "the hypervisor runs something else",
					     .eval = eval };
