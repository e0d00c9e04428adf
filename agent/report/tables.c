/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The tables of the text report: operations, commands, devices, page cache misses, long waits. */
#include "report/tables.h"

#include <math.h>

#include "model/units.h"

#define ROWS 10
#define FEW_ROWS 5
#define NAME 15
#define CELL 10

static void cell(const struct page *page, const char *text)
{
	page_cell(page, -CELL, text, UNITS_LEN);
}

#define LONG_SECONDS 599.5 /* from here units_seconds() has two units, which is more than a cell holds */
#define MAX_SECONDS 99999.5 /* and this is the most that a cell holds in seconds */

/* Seconds, or a dash: an empty cell would hide that it was looked at. */
static void seconds_in(const struct page *page, int width, double seconds)
{
	char text[UNITS_LEN * 2];

	if (!(seconds > 0) && !isnan(seconds))
		snprintf(text, sizeof(text), "-");
	else if (seconds >= MAX_SECONDS)
		snprintf(text, sizeof(text), "%.0f h", seconds / 3600);
	else if (seconds >= LONG_SECONDS)
		snprintf(text, sizeof(text), "%s s", units_count(UNITS_BUF, (uint64_t)(seconds + 0.5)));
	else
		units_seconds(text, seconds);
	page_cell(page, width, text, sizeof(text));
}

static void cell_seconds(const struct page *page, double seconds)
{
	seconds_in(page, -CELL, seconds);
}

static double wall_sum(const struct times *times)
{
	double sum = 0;
	int i;

	for (i = 0; i < STATES; i++)
		sum += times->wall[i];
	return sum;
}

/* Marks the count states with most thread time; sleep is left out, it says little about a command. */
static void pick_states(const struct times *times, unsigned int count, bool ret_picked[STATES])
{
	int i, best;

	for (i = 0; i < STATES; i++)
		ret_picked[i] = false;
	while (count--) {
		best = -1;
		for (i = 0; i < STATE_SLEEP; i++)
			if (!ret_picked[i] && times->thread[i] > 0 &&
			    (best < 0 || times->thread[i] > times->thread[best]))
				best = i;
		if (best < 0)
			return;
		ret_picked[best] = true;
	}
}

/* Eight columns, so they are as narrow as what they hold; the last takes what is left of the line. */
#define KIND 10
#define TIME 9
#define SHARE 7
#define IO 11
#define PROCESSES 10
#define OPERATION_COLUMNS (2 + KIND + TIME + SHARE + TIME + IO + TIME + PROCESSES + 2)

static void operation_row(const struct page *page, const struct operation *o, double wall_seconds)
{
	const double wall = wall_sum(&o->times), *thread = o->times.thread;
	int left = (int)page->columns - OPERATION_COLUMNS;

	fputs("  ", page->out);
	page_cell(page, KIND, o->kind[0] ? o->kind : "(other)", sizeof(o->kind));
	seconds_in(page, -TIME, wall);
	page_cell(page, -SHARE, wall_seconds > 0 ? units_percent(UNITS_BUF, wall / wall_seconds) : "-", UNITS_LEN);
	seconds_in(page, -TIME, thread[STATE_RUN]);
	seconds_in(page, -IO, thread[STATE_DISK] + thread[STATE_FAULT]);
	seconds_in(page, -TIME, thread[STATE_RUNQ]);
	page_cell(page, -PROCESSES, units_count(UNITS_BUF, o->processes), UNITS_LEN);
	fputs("  ", page->out);
	page_cell(page, left < NAME ? left : NAME, o->most[0] ? o->most : "(no name)", sizeof(o->most));
	fputc('\n', page->out);
}

void table_operations(const struct page *page, const struct report *r)
{
	bool known = false;
	size_t i;

	for (i = 0; i < r->noperations; i++)
		known |= r->operations[i].kind[0] != '\0';
	if (!known)
		return;
	page_heading(page, "By operation (wall time charged to each; then thread time by state)");
	fprintf(page->out, "  %-*s%*s%*s%*s%*s%*s%*s  mostly\n", KIND, "kind", TIME, "wall", SHARE, "share", TIME,
		"run", IO, "disk+fault", TIME, "runq", PROCESSES, "processes");
	for (i = 0; i < r->noperations; i++)
		operation_row(page, &r->operations[i], r->app->wall_seconds);
}

void table_commands(const struct page *page, const struct app *app)
{
	bool picked[STATES];
	size_t i;
	int s;

	if (!app->ncommands)
		return;
	pick_states(&app->times, (page->columns - (2 + NAME + 3 * CELL)) / CELL, picked);
	page_heading(page, "Commands (wall time charged to each; then thread time by state)");
	fprintf(page->out, "  %-*s%*s%*s%*s", NAME, "command", CELL, "processes", CELL, "wall", CELL, "share");
	for (s = 0; s < STATES; s++)
		if (picked[s])
			cell(page, state_names[s]);
	fputc('\n', page->out);
	for (i = 0; i < app->ncommands && i < ROWS; i++) {
		const struct command *c = &app->commands[i];
		double wall = wall_sum(&c->times);

		fputs("  ", page->out);
		page_cell(page, NAME, c->name[0] ? c->name : "(no name)", sizeof(c->name));
		cell(page, units_count(UNITS_BUF, c->processes));
		cell_seconds(page, wall);
		cell(page, app->wall_seconds > 0 ? units_percent(UNITS_BUF, wall / app->wall_seconds) : "-");
		for (s = 0; s < STATES; s++)
			if (picked[s])
				cell_seconds(page, c->times.thread[s]);
		fputc('\n', page->out);
	}
	if (app->ncommands > ROWS)
		fprintf(page->out, "  and %zu more\n", app->ncommands - ROWS);
}

static void device_row(const struct page *page, const struct device *d)
{
	const double latency[] = { d->p50_us, d->p95_us, d->p99_us };
	size_t i;

	fputs("  ", page->out);
	page_cell(page, 10, d->name, sizeof(d->name));
	page_cell(page, -8, units_count(UNITS_BUF, d->own.reads), UNITS_LEN);
	cell(page, units_bytes(UNITS_BUF, d->own.read_bytes));
	page_cell(page, -8, units_count(UNITS_BUF, d->own.writes), UNITS_LEN);
	cell(page, units_bytes(UNITS_BUF, d->own.write_bytes));
	for (i = 0; i < sizeof(latency) / sizeof(latency[0]); i++)
		cell(page, isfinite(latency[i]) ? units_seconds(UNITS_BUF, latency[i] / 1e6) : "-");
	fputc('\n', page->out);
}

void table_devices(const struct page *page, const struct app *app)
{
	size_t i, rows = 0, others = 0;

	for (i = 0; i < app->ndevices; i++) {
		const struct device *d = &app->devices[i];

		if (!(d->own.reads || d->own.writes || d->own.flushes)) {
			others += d->others.reads || d->others.writes;
			continue;
		}
		if (rows++ == 0) {
			page_heading(page, "Devices (requests of the app; latency from queued to completed)");
			fprintf(page->out, "  %-10s%8s%10s%8s%10s%10s%10s%10s\n", "device", "reads", "bytes", "writes",
				"bytes", "p50", "p95", "p99");
		}
		device_row(page, d);
		if (d->others.reads || d->others.writes)
			fprintf(page->out, "  %-10sothers, write-back included: %s read, %s written\n", "",
				units_bytes(UNITS_BUF, d->others.read_bytes),
				units_bytes(UNITS_BUF, d->others.write_bytes));
	}
	if (rows && others)
		fprintf(page->out, "  %zu more used by others only\n", others);
}

void table_page_cache(const struct page *page, const struct app *app)
{
	size_t i;

	if (!app->missed_pages && !app->major_faults && !app->nfiles)
		return;
	page_heading(page, "Page cache");
	fprintf(page->out, "  missed %s pages (%s), %s major faults%s\n", units_count(UNITS_BUF, app->missed_pages),
		units_bytes(UNITS_BUF, app->missed_bytes), units_count(UNITS_BUF, app->major_faults),
		app->nfiles ? "; most of them in" : "");
	for (i = 0; i < app->nfiles && i < FEW_ROWS; i++) {
		fputs("  ", page->out);
		cell(page, units_bytes(UNITS_BUF, app->files[i].bytes));
		fputs("  ", page->out);
		page_path(page, page->columns - 4 - CELL, app->files[i].path);
		fputc('\n', page->out);
	}
	if (app->nfiles > FEW_ROWS)
		fprintf(page->out, "  and %zu more files\n", app->nfiles - FEW_ROWS);
}

void table_waits(const struct page *page, const struct app *app)
{
	size_t i;

	if (!app->nwaits)
		return;
	page_heading(page, "Long waits (5 ms and more, while watched closely; outside: not the app's own)");
	fprintf(page->out, "  %-*s%*s%*s  %-12swoken by\n", NAME, "command", CELL, "waits", CELL, "total", "for");
	for (i = 0; i < app->nwaits && i < FEW_ROWS; i++) {
		const struct long_wait *w = &app->waits[i];

		fputs("  ", page->out);
		page_cell(page, NAME, w->command, sizeof(w->command));
		cell(page, units_count(UNITS_BUF, w->count));
		cell_seconds(page, w->seconds);
		fprintf(page->out, "  %-12s",
			w->state == STATE_SLEEP ? sleep_cause_names[w->cause] : state_names[w->state]);
		page_cell(page, w->waker[0] ? NAME : 7, w->waker[0] ? w->waker : "unknown", sizeof(w->waker));
		fputs(w->waker[0] && w->waker_outside ? " outside\n" : "\n", page->out);
	}
	if (app->nwaits > FEW_ROWS)
		fprintf(page->out, "  and %zu more\n", app->nwaits - FEW_ROWS);
}
