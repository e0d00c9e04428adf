/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* disk-write: threads wait for writes and flushes, mostly because they asked for durability. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

static double part(const struct times *times)
{
	return times->wall_disk_write;
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "disk-write" };
	double seconds = app->times.wall_disk_write;
	const struct device *device = busiest_device(app, true);

	(void)host;
	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	say_evidence(&v, "waited %s for writes and syncs", units_seconds(UNITS_BUF, seconds));
	say_commands(&v, app, part);
	say_device(&v, app, true);
	if (device && device->own.flushes)
		say_suggestion(&v, "sync less often: a build seldom needs fsync (eatmydata, the tool's own no-sync "
				   "option), or write to tmpfs");
	else
		say_suggestion(&v, "write the output to tmpfs or a faster disk, or write less (no -g, smaller logs)");
	*ret = v;
	return true;
}

const struct detector detector_disk_write = { .id = "disk-write",
					      .title = "it waits for writes and syncs",
					      .eval = eval };
