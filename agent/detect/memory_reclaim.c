/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* memory-reclaim: threads free memory, or wait until it is freed, before they get theirs. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

/* A limit that the group came nowhere near did not cause it. A peak that is not known may have reached it. */
static bool reached(const struct memory_limit *limit)
{
	return !limit->peak_bytes || limit->peak_bytes >= limit->limit_bytes / 10 * 9;
}

static double part(const struct times *times)
{
	return times->wall[STATE_RECLAIM];
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "memory-reclaim" };
	double seconds = app->times.wall[STATE_RECLAIM], reread = share_reread(app) * app->times.wall_disk_read;
	const struct memory_limit *limit = &app->memory_limit;
	bool limited = limit->known && limit->cgroup[0] && limit->limit_bytes;

	v.impact = share_of_wall(app, seconds + reread);
	if (!(v.impact > 0))
		return false;
	if (seconds > 0) {
		say_evidence(&v, "freed memory or waited for it for %s", units_seconds(UNITS_BUF, seconds));
		say_commands(&v, app, part);
	}
	if (reread > 0)
		say_evidence(&v, "%swaited %s for reads of what it had lost", seconds > 0 ? "; " : "",
			     units_seconds(UNITS_BUF, reread));
	if (limited)
		say_evidence(&v, "; cgroup %.60s is limited to %s", limit->cgroup,
			     units_bytes(UNITS_BUF, limit->limit_bytes));
	if (limited && limit->peak_bytes)
		say_evidence(&v, ", peak %s", units_bytes(UNITS_BUF, limit->peak_bytes));
	if (limit->known && !limited)
		say_evidence(&v, "; no cgroup limits its memory");
	if (limit->known && !limited && host->memory_bytes)
		say_evidence(&v, ": the machine's %s were short", units_bytes(UNITS_BUF, host->memory_bytes));
	if (limited && reached(limit))
		say_suggestion(&v, "raise the cgroup's limit (memory.max, memory.high), or start fewer jobs (-j): each "
				   "one needs its share");
	else
		say_suggestion(&v, "start fewer jobs (-j), stop what else uses memory, or give the machine more");
	*ret = v;
	return true;
}

const struct detector detector_memory_reclaim = { .id = "memory-reclaim",
						  .title = "memory must be freed before it gets any",
						  .eval = eval };
