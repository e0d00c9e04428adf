/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One line that says how far a warm run is. */
#include "warm/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/units.h"

#define BAR_MIN 10
#define BAR_MAX 40
#define SPARE 3 /* columns: the last one, and the ^C that a terminal echoes; a line that wraps cannot be taken back */

/* What there is to read. What the files that were not looked at yet hold, is taken from those that were. */
static double total_bytes(const struct progress *p)
{
	double total = (double)p->planned_bytes;

	if (p->found > p->examined && p->examined)
		total += total * (double)(p->found - p->examined) / (double)p->examined;
	return total;
}

double progress_share(const struct progress *p)
{
	double total = total_bytes(p), done = (double)p->settled_bytes;

	if (!p->walked)
		return NAN;
	if (p->found > p->examined && !p->examined)
		return 0;
	if (total <= 0)
		return p->found > p->examined ? (double)p->examined / (double)p->found : 1;
	return done < total ? done / total : 1;
}

/* NAN: not known */
static double seconds_left(const struct progress *p)
{
	double left = total_bytes(p) - (double)p->settled_bytes;

	if (!p->walked || !(p->rate > 0) || left < 0)
		return NAN;
	return round(left / p->rate);
}

static void draw_bar(double share, int width, char *ret)
{
	int filled = (int)(share * width), i;

	ret[0] = '[';
	for (i = 0; i < width; i++)
		ret[1 + i] = "#."[i >= filled];
	strcpy(ret + 1 + width, "] ");
}

/* As a whole or not at all: half of a number is another number. Returns whether it fits. */
static bool __attribute__((format(printf, 3, 4))) append(char *text, size_t room, const char *format, ...)
{
	char part[96];
	va_list args;

	va_start(args, format);
	vsnprintf(part, sizeof(part), format, args);
	va_end(args);
	if (strlen(text) + strlen(part) > room)
		return false;
	strcat(text, part);
	return true;
}

static void write_figures(const struct progress *p, size_t room, char *ret)
{
	uint64_t waiting = p->planned_files - p->read_files;
	uint64_t done = p->examined > waiting ? p->examined - waiting : 0; /* one may be planned and not examined yet */
	double share = progress_share(p), left = seconds_left(p);

	if (isfinite(share) && !append(ret, room, "%3.0f %%", floor(share * 100)))
		return;
	if (!append(ret, room, "%s%s of %s files%s", *ret ? "  " : "", units_count(UNITS_BUF, done),
		    units_count(UNITS_BUF, p->found), p->walked ? "" : " found so far"))
		return;
	if (!append(ret, room, "  %s", units_bytes(UNITS_BUF, p->settled_bytes)))
		return;
	if (isfinite(p->rate) && !append(ret, room, "  %s/s", units_bytes(UNITS_BUF, (uint64_t)p->rate)))
		return;
	if (isfinite(left))
		append(ret, room, "  %s left", units_seconds(UNITS_BUF, left));
}

const char *progress_line(const struct progress *p, unsigned int columns, char ret[PROGRESS_LEN])
{
	size_t room = columns > SPARE ? columns - SPARE : 0;
	char figures[PROGRESS_LEN] = "", bar[BAR_MAX + 8] = "";
	double share = progress_share(p);
	int width;

	if (room > PROGRESS_LEN - sizeof(bar) - 1)
		room = PROGRESS_LEN - sizeof(bar) - 1;
	write_figures(p, room, figures);
	width = (int)(room - strlen(figures)) - 3; /* brackets and a blank */
	if (isfinite(share) && width >= BAR_MIN)
		draw_bar(share, width < BAR_MAX ? width : BAR_MAX, bar);
	snprintf(ret, PROGRESS_LEN, "%s%s", bar, figures);
	return ret;
}
