/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The report for people: to be understood in ten seconds, with the proof below. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "model/units.h"
#include "report/changes.h"
#include "report/page.h"
#include "report/prefetch.h"
#include "report/tables.h"
#include "util/cleanup.h"

#define LABEL 11 /* columns of a state's name */
#define MIN_SHOWN 0.0005 /* share of the wall time; less would be printed as 0.0 % */

static const struct {
	enum page_colour colour;
	const char *meaning;
} states[STATES] = {
	[STATE_RUN] = { PAGE_GREEN, "on a CPU" },
	[STATE_RUNQ] = { PAGE_YELLOW, "ready, but waiting for a CPU" },
	[STATE_THROTTLED] = { PAGE_YELLOW, "stopped by a CPU quota" },
	[STATE_DISK] = { PAGE_BLUE, "waiting for reads and writes" },
	[STATE_FAULT] = { PAGE_BLUE, "page faults reading the disk" },
	[STATE_RECLAIM] = { PAGE_RED, "freeing or awaiting memory" },
	[STATE_LOCK] = { PAGE_RED, "waiting for kernel locks" },
	[STATE_SLEEP] = { PAGE_DIM, "every thread asleep" },
};

static const char *const endings[] = {
	[ENDING_NOT_YET] = "so far; the app still runs",
	[ENDING_APP] = "until the app ended",
	[ENDING_DURATION] = "for the given time",
	[ENDING_SIGNAL] = "until a signal stopped the agent",
};

/* One line of the head: a label, and text that is cut at the page's edge. */
static void head_line(const struct page *page, const char *label, const char *text)
{
	fprintf(page->out, "  %-*s", LABEL, label);
	page_path(page, page->columns - 2 - LABEL, text);
	fputc('\n', page->out);
}

/* The command line is cut at its end, where the arguments are. */
static void head_command(const struct page *page, const char *command)
{
	size_t width = page->columns - 2 - LABEL, len = strlen(command);

	fprintf(page->out, "  %-*s", LABEL, "command");
	if (len <= width) {
		page_path(page, (unsigned int)width, command);
	} else {
		page_cell(page, (int)width - 3, command, len);
		fputs("...", page->out);
	}
	fputc('\n', page->out);
}

static void headline(const struct page *page, const struct report *r)
{
	const char *interim = r->interim ? "Interim report: " : "";
	const struct app *app = r->app;
	char line[256];

	if (!app->seen)
		snprintf(line, sizeof(line), "%s%s was never seen", interim, app->name);
	else
		snprintf(line, sizeof(line), "%s%s: %s wall time, %s process%s, %s thread%s at peak, %u CPU%s", interim,
			 app->name, units_seconds(UNITS_BUF, app->wall_seconds), units_count(UNITS_BUF, app->processes),
			 app->processes == 1 ? "" : "es", units_count(UNITS_BUF, app->threads_peak),
			 app->threads_peak == 1 ? "" : "s", app->cpus, app->cpus == 1 ? "" : "s");
	page_colour(page, PAGE_BOLD);
	page_wrap(page, 0, 2, line);
	page_plain(page);
}

static void write_head(const struct page *page, const struct report *r)
{
	const struct app *app = r->app;
	char line[256];

	headline(page, r);
	if (!app->seen) {
		fputc('\n', page->out);
		page_wrap(page, 0, 0,
			  "No process that matches ran while the agent watched, so there is nothing to report.");
		return;
	}
	if (app->command)
		head_command(page, app->command);
	snprintf(line, sizeof(line), "kernel %.*s, %u CPU%s, %s memory", (int)sizeof(r->host->kernel), r->host->kernel,
		 r->host->cpus, r->host->cpus == 1 ? "" : "s", units_bytes(UNITS_BUF, r->host->memory_bytes));
	head_line(page, "host", line);
	head_line(page, "watched", endings[r->interim ? ENDING_NOT_YET : app->ending]);
}

static void write_verdict(const struct page *page, const struct report *r)
{
	const struct verdict *v = r->verdicts;
	char text[512];
	int len;

	fputc('\n', page->out);
	if (!r->nverdicts) {
		page_wrap(page, 0, 0, "No bottleneck took 1 % of the wall time or more.");
		return;
	}
	len = snprintf(text, sizeof(text), "%s of the wall time: %s%s%s", units_percent(UNITS_BUF, v[0].impact),
		       v[0].id, v[0].title ? ", " : "", v[0].title ? v[0].title : "");
	if (r->nverdicts > 1)
		snprintf(text + len, sizeof(text) - (size_t)len, "; then %s, %s", v[1].id,
			 units_percent(UNITS_BUF, v[1].impact));
	page_colour(page, PAGE_BOLD);
	page_wrap(page, 0, 0, text);
	page_plain(page);
}

static void bar_row(const struct page *page, const char *name, double seconds, double wall, enum page_colour colour,
		    const char *meaning)
{
	unsigned int width = 16 + (page->columns - PAGE_MIN_COLUMNS) / 2;

	if (!(seconds >= wall * MIN_SHOWN))
		return;
	fprintf(page->out, "  %-*s%11s%7s  ", LABEL, name, units_seconds(UNITS_BUF, seconds),
		units_percent(UNITS_BUF, seconds / wall));
	page_bar(page, width, seconds / wall, colour);
	fprintf(page->out, " %s\n", meaning);
}

/* What a sleep was for: the cause with most wall time. */
static const char *sleep_meaning(const struct app *app, char *ret, size_t size)
{
	static const char *const words[SLEEP_CAUSES] = {
		[SLEEP_CHILD] = "children", [SLEEP_FUTEX] = "futexes", [SLEEP_PIPE] = "pipes",
		[SLEEP_SOCKET] = "sockets", [SLEEP_TIMER] = "timers",  [SLEEP_OTHER] = "other things",
	};
	int i, most = 0;

	for (i = 1; i < SLEEP_CAUSES; i++)
		if (app->wall_sleep[i] > app->wall_sleep[most])
			most = i;
	if (!(app->wall_sleep[most] > 0))
		return states[STATE_SLEEP].meaning;
	snprintf(ret, size, "asleep, mostly on %s", words[most]);
	return ret;
}

static void write_bars(const struct page *page, const struct app *app)
{
	const double *wall = app->times.wall;
	char meaning[64];
	int s;

	if (!(app->wall_seconds > 0))
		return;
	page_heading(page, "Where the wall time went");
	for (s = 0; s < STATES; s++) {
		const char *text = states[s].meaning;

		if (s == STATE_SLEEP)
			text = sleep_meaning(app, meaning, sizeof(meaning));
		else if (s == STATE_DISK && app->times.wall_disk_write < wall[s] * MIN_SHOWN)
			text = "waiting for reads";
		else if (s == STATE_DISK && app->times.wall_disk_read < wall[s] * MIN_SHOWN)
			text = "waiting for writes and syncs";
		bar_row(page, state_names[s], wall[s], app->wall_seconds, states[s].colour, text);
	}
	bar_row(page, "idle", app->idle, app->wall_seconds, PAGE_DIM, "no process of the app ran");
}

static void write_bottlenecks(const struct page *page, const struct report *r)
{
	size_t i;

	if (!r->nverdicts)
		return;
	page_heading(page, "Bottlenecks (share of the wall time that each took)");
	for (i = 0; i < r->nverdicts; i++) {
		const struct verdict *v = &r->verdicts[i];

		fprintf(page->out, "  %6s  ", units_percent(UNITS_BUF, v->impact));
		page_colour(page, PAGE_BOLD);
		fputs(v->id, page->out);
		page_plain(page);
		fputs("\n          ", page->out);
		page_wrap(page, 10, 10, v->evidence);
		fputs("       -> ", page->out);
		page_wrap(page, 10, 10, v->suggestion);
	}
}

static void write_losses(const struct page *page, const struct agent_cost *cost)
{
	static const char *const kinds[] = { "start", "end",  "exec", "fork", "exit",
					     "block", "miss", "file", "wait", "cgroup" };
	size_t i, used = 0;
	char text[512];

	used = (size_t)snprintf(text, sizeof(text), "%s events were lost", units_count(UNITS_BUF, cost->lost_events));
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (cost->lost_by_kind[i])
			used += (size_t)snprintf(text + used, sizeof(text) - used, ", %s %s", kinds[i],
						 units_count(UNITS_BUF, cost->lost_by_kind[i]));
	snprintf(text + used, sizeof(text) - used,
		 ": lists of files and waits may be incomplete, times are not affected; --ring-size gives more room");
	fputs("  ", page->out);
	page_wrap(page, 2, 2, text);
}

#define SHARE_FROM_SECONDS 1 /* of a shorter run, the share says more about its end than about its cost */

static void write_cost(const struct page *page, const struct report *r)
{
	const struct agent_cost *cost = r->cost;
	double watching = cost->cpu_seconds - cost->start_cpu_seconds;
	char text[256], share[64] = "", rss[64] = "";
	size_t i;

	page_heading(page, "The agent itself");
	if (r->app->wall_seconds >= SHARE_FROM_SECONDS && isfinite(watching))
		snprintf(share, sizeof(share), " (%s of one CPU)",
			 units_percent(UNITS_BUF, watching / r->app->wall_seconds));
	if (cost->max_rss_kib)
		units_bytes(rss, cost->max_rss_kib * 1024);
	snprintf(text, sizeof(text),
		 "Started in %s; CPU %s until then, %s since%s; BPF programs %s, memory %s, %s events%s",
		 units_seconds(UNITS_BUF, cost->start_seconds), units_seconds(UNITS_BUF, cost->start_cpu_seconds),
		 units_seconds(UNITS_BUF, watching), share,
		 isfinite(cost->bpf_seconds) ? units_seconds(UNITS_BUF, cost->bpf_seconds) : "not measured",
		 rss[0] ? rss : "unknown", units_count(UNITS_BUF, cost->events),
		 cost->lost_events ? "" : ", none lost");
	fputs("  ", page->out);
	page_wrap(page, 2, 2, text);
	if (cost->lost_events)
		write_losses(page, cost);
	for (i = 0; i < cost->nwarnings; i++) {
		fputs("  warning: ", page->out);
		page_wrap(page, 11, 11, cost->warnings[i]);
	}
}

/* Writes the page into memory, so that only one write can fail. */
static int render(const struct report *r, struct page *page, char **ret_text, size_t *ret_len)
{
	bool failed;

	page->out = open_memstream(ret_text, ret_len);
	if (!page->out)
		return -ENOMEM;
	write_head(page, r);
	if (r->app->seen) {
		write_verdict(page, r);
		write_bars(page, r->app);
		write_bottlenecks(page, r);
	}
	changes_sections(page, r);
	if (r->app->seen) {
		table_operations(page, r);
		table_commands(page, r->app);
		table_devices(page, r->app);
		table_page_cache(page, r->app);
		table_waits(page, r->app);
		prefetch_section(page, r);
	}
	write_cost(page, r);
	changes_conclusion(page, r);
	failed = ferror(page->out);
	if (fclose(page->out) || failed)
		return -ENOMEM;
	return 0;
}

int report_text(const struct report *r, const struct report_style *style, FILE *out)
{
	struct page page = { .columns = page_columns(style->columns), .colour = style->colour, .utf8 = style->utf8 };
	cleanup_free char *text = NULL;
	size_t len = 0;
	int err;

	err = render(r, &page, &text, &len);
	if (err)
		return err;
	errno = 0;
	if (fwrite(text, 1, len, out) != len || fflush(out))
		return errno ? -errno : -EIO;
	return 0;
}
