/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The table of bottlenecks, and their ranking. A new one is one file and one row here. */
#include "detect/detect.h"

#include <stdlib.h>

#include "detect/detectors.h"

/* Each takes its own part of the wall time, so the impacts add up to 1 at most. */
static const struct detector *const detectors[] = {
	&detector_cpu_bound,  &detector_cpu_neighbour, &detector_cpu_oversubscribed,
	&detector_cpu_quota,  &detector_cpu_steal,     &detector_disk_read,
	&detector_disk_write, &detector_page_fault,    &detector_memory_reclaim,
	&detector_lock,       &detector_serial,        &detector_waiting,
};

#define DETECTORS (sizeof(detectors) / sizeof(detectors[0]))

_Static_assert(DETECTORS <= DETECT_MAX, "detect_all() has no room for every verdict");

/* Inserts v behind all that weigh as much: what is equal stays in the table's order. */
static void insert(struct verdict *ranked, size_t count, const struct verdict *v)
{
	size_t i;

	for (i = count; i > 0 && ranked[i - 1].impact < v->impact; i--)
		ranked[i] = ranked[i - 1];
	ranked[i] = *v;
}

size_t detect_all(const struct app *app, const struct host *host, struct verdict ret[DETECT_MAX])
{
	size_t i, count = 0;

	for (i = 0; i < DETECTORS; i++) {
		struct verdict v = { 0 };

		if (!detectors[i]->eval(app, host, &v) || !(v.impact >= DETECT_MIN_IMPACT))
			continue;
		v.title = detectors[i]->title;
		insert(ret, count++, &v);
	}
	return count;
}
