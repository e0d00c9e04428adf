/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the detectors share: figures drawn from an app, and sentences put together from pieces. */
#include "detect/say.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/units.h"

#define NAMED_COMMANDS 3
#define NAMED_FILES 2
#define PATH_SHOWN 40 /* bytes of a path's end */

static void __attribute__((format(printf, 3, 0))) append(char *text, size_t size, const char *format, va_list args)
{
	size_t used = strlen(text);

	vsnprintf(text + used, size - used, format, args);
}

void say_evidence(struct verdict *v, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(v->evidence, sizeof(v->evidence), format, args);
	va_end(args);
}

void say_suggestion(struct verdict *v, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(v->suggestion, sizeof(v->suggestion), format, args);
	va_end(args);
}

/* The command with the largest part below limit, and after the one at index after where two have the same. */
static const struct command *next_command(const struct app *app, times_part *part, const struct command *after)
{
	const struct command *found = NULL;
	size_t i;

	for (i = 0; i < app->ncommands; i++) {
		const struct command *c = &app->commands[i];
		double mine = part(&c->times);

		if (after && (mine > part(&after->times) || (mine >= part(&after->times) && c <= after)))
			continue;
		if (!found || mine > part(&found->times))
			found = c;
	}
	return found;
}

void say_commands(struct verdict *v, const struct app *app, times_part *part)
{
	double least = part(&app->times) * 0.05; /* smaller ones are not worth a name */
	const struct command *c = NULL;
	int i;

	for (i = 0; i < NAMED_COMMANDS; i++) {
		c = next_command(app, part, c);
		if (!c || part(&c->times) <= least)
			break;
		say_evidence(v, "%s%.*s %s", i ? ", " : " (", (int)sizeof(c->name), c->name,
			     units_seconds(UNITS_BUF, part(&c->times)));
	}
	if (i)
		say_evidence(v, ")");
}

const struct device *busiest_device(const struct app *app, bool writes)
{
	const struct device *found = NULL;
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < app->ndevices; i++) {
		const struct device_io *own = &app->devices[i].own;
		uint64_t bytes = writes ? own->write_bytes : own->read_bytes;
		uint64_t requests = writes ? own->writes + own->flushes : own->reads;

		if (requests && (!found || bytes > most)) {
			found = &app->devices[i];
			most = bytes;
		}
	}
	return found;
}

void say_device(struct verdict *v, const struct app *app, bool writes)
{
	const struct device *d = busiest_device(app, writes);

	if (!d)
		return;
	say_evidence(v, "; %.*s: %s %s, %s", (int)sizeof(d->name), d->name,
		     units_count(UNITS_BUF, writes ? d->own.writes : d->own.reads), writes ? "writes" : "reads",
		     units_bytes(UNITS_BUF, writes ? d->own.write_bytes : d->own.read_bytes));
	if (writes && d->own.flushes)
		say_evidence(v, ", %s flushes", units_count(UNITS_BUF, d->own.flushes));
	if (isfinite(d->p95_us))
		say_evidence(v, ", p95 %s", units_seconds(UNITS_BUF, d->p95_us / 1e6));
	/* the sum of the latencies over the time is the mean number of requests under way */
	if (d->own.busy_seconds > 0 && app->wall_seconds > 0)
		say_evidence(v, ", mean queue %.1f", d->own.busy_seconds / app->wall_seconds);
	if (d->own.busy_seconds > 0 && d->others.busy_seconds > d->own.busy_seconds)
		say_evidence(v, " (others %.1f)", d->others.busy_seconds / app->wall_seconds);
}

/* The end of a path that is short enough for a sentence, from a directory's start where it has one. */
static const char *path_end(const char *path, bool *ret_cut)
{
	size_t len = strlen(path);
	const char *slash;

	*ret_cut = len > PATH_SHOWN;
	if (!*ret_cut)
		return path;
	path += len - PATH_SHOWN;
	slash = strchr(path, '/');
	return slash ? slash : path;
}

void say_files(struct verdict *v, const struct app *app)
{
	size_t i;

	for (i = 0; i < app->nfiles && i < NAMED_FILES; i++) {
		bool cut;
		const char *path = path_end(app->files[i].path, &cut);

		say_evidence(v, "%s%s%s %s", i ? ", " : "; missed most: ", cut ? "..." : "", path,
			     units_bytes(UNITS_BUF, app->files[i].bytes));
	}
}

double share_of_wall(const struct app *app, double seconds)
{
	double share = seconds / app->wall_seconds;

	if (!(app->wall_seconds > 0) || !(share > 0))
		return 0;
	return share < 1 ? share : 1;
}

double share_reread(const struct app *app)
{
	uint64_t read = 0;
	size_t i;

	for (i = 0; i < app->ndevices; i++)
		read += app->devices[i].own.read_bytes;
	/* direct I/O reads more than the page cache misses, and is never lost from there */
	if (read < app->missed_bytes)
		read = app->missed_bytes;
	return read ? fmin(1, (double)app->reread_bytes / (double)read) : 0;
}

double share_kept(const struct app *app)
{
	if (!(app->steal > 0))
		return 1;
	return app->steal < 1 ? 1 - app->steal : 0;
}

double active_seconds(const struct app *app)
{
	double seconds = 0;
	int i;

	for (i = 0; i < STATE_SLEEP; i++)
		seconds += app->times.wall[i];
	return seconds;
}

double mean_running(const struct app *app)
{
	double seconds = active_seconds(app);

	return seconds > 0 ? app->times.thread[STATE_RUN] / seconds : 0;
}

double mean_runnable(const struct app *app)
{
	const double *thread = app->times.thread;
	double seconds = active_seconds(app);

	return seconds > 0 ? (thread[STATE_RUN] + thread[STATE_RUNQ] + thread[STATE_THROTTLED]) / seconds : 0;
}
