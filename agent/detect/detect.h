/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Bottlenecks: from what is known of an app to ranked verdicts. Pure: no I/O, no clock. */
#ifndef DETECT_H
#define DETECT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/model.h"

struct verdict {
	const char *id; /* INTERFACE: "cpu-neighbour", ... */
	const char *title; /* the same in a few words; detect_all() fills it */
	double impact; /* share of the app's wall time, 0 to 1 */
	char evidence[512]; /* what was seen, in the user's terms */
	char suggestion[512]; /* what a build engineer can do about it */
};

/*
 * One bottleneck: one file, one row in detect.c. eval returns true and fills ret where it shows at all (impact > 0);
 * false leaves ret untouched.
 */
struct detector {
	const char *id;
	const char *title; /* completes "4 % of the wall time: ..." */
	bool (*eval)(const struct app *app, const struct host *host, struct verdict *ret);
};

#define DETECT_MAX 16
#define DETECT_MIN_IMPACT 0.01 /* below 1 % of the wall time, a bottleneck is not worth a line */

/*
 * Asks every detector; writes the verdicts of DETECT_MIN_IMPACT or more to ret, largest impact first, and returns how
 * many.
 */
size_t detect_all(const struct app *app, const struct host *host, struct verdict ret[DETECT_MAX]);

#endif /* DETECT_H */
