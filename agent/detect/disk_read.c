/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* disk-read: threads wait for reads that they asked for in a system call. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

#define SEEK_US 2000 /* a virtual disk may call itself rotational, but only a real one takes this long */

static double part(const struct times *times)
{
	return times->wall_disk_read;
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "disk-read" };
	double seconds = (1 - share_reread(app)) * app->times.wall_disk_read; /* the rest is memory-reclaim's */
	const struct device *device = busiest_device(app, false);

	(void)host;
	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	say_evidence(&v, "waited %s for reads", units_seconds(UNITS_BUF, seconds));
	say_commands(&v, app, part);
	say_device(&v, app, false);
	say_files(&v, app);
	/* direct I/O reads more than the page cache misses, and no warm cache would help it */
	if (app->missed_bytes && (!device || app->missed_bytes >= device->own.read_bytes / 2))
		say_suggestion(&v, "the files were cold: read them ahead of the run (in parallel), or keep them in "
				   "memory from run to run; ");
	say_suggestion(&v, "%s; more jobs (-j) overlap reads with computing",
		       device && device->rotational && device->p50_us > SEEK_US ?
			       "move them from the spinning disk to an SSD or tmpfs" :
			       "put them on a faster disk or tmpfs");
	*ret = v;
	return true;
}

const struct detector detector_disk_read = { .id = "disk-read", .title = "it waits for reads", .eval = eval };
