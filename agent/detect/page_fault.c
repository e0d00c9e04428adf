/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* page-fault: threads touch mapped files or swapped memory that must be read first. */
#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

static double part(const struct times *times)
{
	return times->wall[STATE_FAULT];
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "page-fault" };
	double seconds = app->times.wall[STATE_FAULT];

	(void)host;
	v.impact = share_of_wall(app, seconds);
	if (!(v.impact > 0))
		return false;
	say_evidence(&v, "waited %s in page faults that read from disk", units_seconds(UNITS_BUF, seconds));
	say_commands(&v, app, part);
	if (app->major_faults)
		say_evidence(&v, "; %s major faults", units_count(UNITS_BUF, app->major_faults));
	say_files(&v, app);
	say_suggestion(&v, "programs, libraries and mapped files were cold: read them ahead of the run, keep them in "
			   "memory from run to run, or put them on a faster disk");
	*ret = v;
	return true;
}

const struct detector detector_page_fault = {
	.id = "page-fault", .title = "programs and mapped files are read from disk as they are touched", .eval = eval
};
