/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* lock: uninterruptible waits that are neither I/O nor memory: locks inside the kernel. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

static double part(const struct times *times)
{
	return times->wall[STATE_LOCK];
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "lock" };
	double seconds = app->times.wall[STATE_LOCK], active = active_seconds(app);

	(void)host;
	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	say_evidence(&v, "waited %s for locks in the kernel", units_seconds(UNITS_BUF, seconds));
	say_commands(&v, app, part);
	say_evidence(&v, ", on average %.1f threads at once", app->times.thread[STATE_LOCK] / active);
	say_suggestion(&v, "fewer threads that create, rename or delete in one directory, or that map memory in one "
			   "process: spread them over directories or processes");
	*ret = v;
	return true;
}

const struct detector detector_lock = { .id = "lock",
					.title = "its threads wait for locks in the kernel",
					.eval = eval };
