/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One line that says how far a warm run is. */
#include "warm/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/units.h"

#define BAR_MIN 10
#define BAR_MAX 40
#define SETTLED_SECONDS 0.5 /* before that, a rate says little about the time left */

double progress_share(const struct progress *p)
{
	double total = (double)p->planned_bytes, done = (double)p->settled_bytes;

	if (!p->walked)
		return NAN;
	if (p->found > p->examined && !p->examined)
		return 0;
	if (p->found > p->examined)
		total += total * (double)(p->found - p->examined) / (double)p->examined;
	if (total <= 0)
		return p->found > p->examined ? (double)p->examined / (double)p->found : 1;
	return done < total ? done / total : 1;
}

static void draw_bar(double share, int width, char *ret)
{
	int filled = (int)(share * width), i;

	ret[0] = '[';
	for (i = 0; i < width; i++)
		ret[1 + i] = "#."[i >= filled];
	strcpy(ret + 1 + width, "] ");
}

const char *progress_line(const struct progress *p, unsigned int columns, char *ret, size_t size)
{
	double share = progress_share(p), rate = p->seconds > 0 ? (double)p->settled_bytes / p->seconds : 0;
	uint64_t done = p->examined - p->planned_files + p->read_files;
	char figures[160], left[64] = "", bar[BAR_MAX + 8] = "";
	int room;

	if (share > 0 && p->seconds >= SETTLED_SECONDS)
		snprintf(left, sizeof(left), "  %s left",
			 units_seconds(UNITS_BUF, round(p->seconds / share * (1 - share))));
	snprintf(figures, sizeof(figures), "%s of %s%s files  %s  %s/s%s", units_count(UNITS_BUF, done),
		 units_count(UNITS_BUF, p->found), p->walked ? "" : "+", units_bytes(UNITS_BUF, p->settled_bytes),
		 units_bytes(UNITS_BUF, (uint64_t)rate), left);
	room = (int)columns - (int)strlen(figures) - 11; /* brackets, percentage, and the last column */
	if (isfinite(share) && room >= BAR_MIN)
		draw_bar(share, room < BAR_MAX ? room : BAR_MAX, bar);
	if (isfinite(share))
		snprintf(ret, size, "%s%3.0f %%  %s", bar, floor(share * 100), figures);
	else
		snprintf(ret, size, "%s", figures);
	if (strlen(ret) >= columns) /* a line that wraps could not be taken back */
		ret[columns ? columns - 1 : 0] = '\0';
	return ret;
}
