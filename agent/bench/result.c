/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a benchmark found, for people and as JSON. */
#include "bench/result.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/units.h"
#include "report/page.h"
#include "report/value.h"

#define SCHEMA "accel-agent.bench/1"
#define COMMAND_SHOWN 256
#define BOTTLENECKS_SHOWN 5
#define START_SHOWN 0.02 /* part of a run with tuning, from which on its start is worth a line */

static const char *const stops[] = {
	[BENCH_STOP_PAIRS] = "pairs",
	[BENCH_STOP_CLEAR] = "clear",
	[BENCH_STOP_SIGNAL] = "signal",
};

/* --- text --- */

static void write_headline(const struct page *page, const struct bench_result *r)
{
	char line[COMMAND_SHOWN + 64] = "";
	size_t i, used;

	for (i = 0, used = 0; r->command[i] && used <= COMMAND_SHOWN; i++)
		used += (size_t)snprintf(line + used, COMMAND_SHOWN + 1 - used, "%s%s", i ? " " : "", r->command[i]);
	if (used > COMMAND_SHOWN)
		strcpy(line + COMMAND_SHOWN - 3, "...");
	page_colour(page, PAGE_BOLD);
	page_wrap(page, 0, 2, line);
	page_plain(page);
	snprintf(line, sizeof(line), "%zu pair%s of runs%s, on %u CPU%s, %s memory, kernel %.*s", r->npairs,
		 r->npairs == 1 ? "" : "s", r->cold ? " from a cold page cache" : "", r->host->cpus,
		 r->host->cpus == 1 ? "" : "s", units_bytes(UNITS_BUF, r->host->memory_bytes),
		 (int)sizeof(r->host->kernel), r->host->kernel);
	page_wrap(page, 0, 2, line);
}

static void write_side(const struct page *page, const struct bench_result *r, bool with)
{
	double least = INFINITY, most = 0, seconds;
	size_t i;

	for (i = 0; i < r->npairs; i++) {
		seconds = with ? r->pairs[i].with : r->pairs[i].without;
		least = fmin(least, seconds);
		most = fmax(most, seconds);
	}
	fprintf(page->out, "  %-15s %10s   median; from %s to %s\n", with ? "with tuning" : "without tuning",
		units_seconds(UNITS_BUF, with ? r->ratio.with : r->ratio.without), units_seconds(UNITS_BUF, least),
		units_seconds(UNITS_BUF, most));
}

/* A ratio as by how much less, or more, time it takes. */
static const char *change(char ret[UNITS_LEN], double ratio)
{
	snprintf(ret, UNITS_LEN, "%.1f %% %s", 100 * fabs(1 - ratio), ratio <= 1 ? "less" : "more");
	return ret;
}

static void write_verdict(const struct page *page, const struct bench_result *r)
{
	const struct bench_ratio *b = &r->ratio;
	char line[256];

	switch (b->verdict) {
	case BENCH_TOO_FEW:
		if (r->npairs < BENCH_PAIRS_MIN)
			snprintf(line, sizeof(line),
				 "With fewer than %d pairs, a difference cannot be told from chance: give -n %d or "
				 "more.",
				 BENCH_PAIRS_MIN, BENCH_PAIRS_MIN);
		else
			snprintf(line, sizeof(line),
				 "Not enough pairs yet to tell a difference from chance: it was not clear by then.");
		break;
	case BENCH_NO_DIFFERENCE:
		snprintf(line, sizeof(line),
			 "No measurable difference: it takes between %s and %s time with tuning than without.",
			 change(UNITS_BUF, b->low), change(UNITS_BUF, b->high));
		break;
	default:
		snprintf(line, sizeof(line),
			 "The difference is real: %s time with tuning than without (from %s to %s, at 95 %%).",
			 change(UNITS_BUF, b->ratio), change(UNITS_BUF, b->low), change(UNITS_BUF, b->high));
	}
	fputc('\n', page->out);
	page_colour(page, b->verdict == BENCH_FASTER ? PAGE_GREEN : b->verdict == BENCH_SLOWER ? PAGE_RED : PAGE_BOLD);
	page_wrap(page, 0, 0, line);
	page_plain(page);
	if (r->stop == BENCH_STOP_CLEAR)
		page_wrap(page, 0, 0, "Stopped early: more pairs would not change that.");
	if (r->stop == BENCH_STOP_SIGNAL)
		page_wrap(page, 0, 0, "Stopped by a signal: what was complete by then counts.");
}

/* With short commands most of what is lost: which is not so where the agent waits for its app. */
static void write_start(const struct page *page, const struct bench_result *r)
{
	double start = r->told->runs ? r->told->start_seconds / r->told->runs : 0;
	char line[160];

	if (start < START_SHOWN * r->ratio.with)
		return;
	snprintf(line, sizeof(line),
		 "%s of each run with tuning is the agent's own start; one that waits for the app (--app) has that "
		 "behind it.",
		 units_seconds(UNITS_BUF, start));
	page_wrap(page, 0, 0, line);
}

static void write_bottlenecks(const struct page *page, const struct told *told)
{
	size_t i;

	page_heading(page, "What held it back, with tuning (median share of the wall time)");
	for (i = 0; i < told->nbottlenecks && i < BOTTLENECKS_SHOWN && told->bottlenecks[i].median > 0; i++)
		fprintf(page->out, "  %7s  %s\n", units_percent(UNITS_BUF, told->bottlenecks[i].median / 100),
			told->bottlenecks[i].id);
	if (!i)
		fputs("  nothing that took 1 % of the wall time or more\n", page->out);
}

static void write_action(const struct page *page, const struct told_action *a)
{
	char line[3 * TOLD_TEXT + 64];
	int len = snprintf(line, sizeof(line), "%s:", a->knob);

	if (a->kept)
		len += snprintf(line + len, sizeof(line) - (size_t)len, " %u kept", a->kept);
	if (a->unmeasured && a->unmeasured == a->kept)
		len += snprintf(line + len, sizeof(line) - (size_t)len, ", effect not measured");
	else if (a->unmeasured)
		len += snprintf(line + len, sizeof(line) - (size_t)len, " (the effect of %u not measured)",
				a->unmeasured);
	if (a->undone)
		len += snprintf(line + len, sizeof(line) - (size_t)len, "%s %u taken back, as it did not help",
				a->kept ? "," : "", a->undone);
	if (a->refused)
		snprintf(line + len, sizeof(line) - (size_t)len, "%s %u refused: %s", a->kept || a->undone ? "," : "",
			 a->refused, a->reason);
	fputs("  ", page->out);
	page_wrap(page, 2, 4, line);
}

static void write_actions(const struct page *page, const struct told *told)
{
	char line[128];
	size_t i;

	snprintf(line, sizeof(line), "What the agent did, in %u run%s", told->runs, told->runs == 1 ? "" : "s");
	page_heading(page, line);
	for (i = 0; i < told->nactions; i++)
		write_action(page, &told->actions[i]);
	if (told->replays)
		fprintf(page->out, "  prefetch: read ahead in %u run%s, %s each\n", told->replays,
			told->replays == 1 ? "" : "s", units_bytes(UNITS_BUF, told->replayed_bytes / told->replays));
	if (!told->nactions && !told->replays)
		fputs("  nothing: there was nothing that it could have helped with\n", page->out);
}

int bench_result_text(const struct bench_result *r, const struct report_style *style, FILE *out)
{
	struct page page = {
		.out = out, .columns = page_columns(style->columns), .colour = style->colour, .utf8 = style->utf8
	};

	write_headline(&page, r);
	fputc('\n', out);
	write_side(&page, r, false);
	write_side(&page, r, true);
	fprintf(out, "  %-15s %10.3f", "ratio", r->ratio.ratio);
	if (isfinite(r->ratio.low) && r->npairs >= BENCH_PAIRS_MIN)
		fprintf(out, "   95 %% confidence interval: %.3f to %.3f", r->ratio.low, r->ratio.high);
	fputc('\n', out);
	write_verdict(&page, r);
	write_start(&page, r);
	write_bottlenecks(&page, r->told);
	write_actions(&page, r->told);
	errno = 0;
	return fflush(out) || ferror(out) ? (errno ? -errno : -EIO) : 0;
}

/* --- JSON --- */

static json_t *pair_object(const void *entry)
{
	const struct bench_pair *p = entry;

	return json_pack("{so so so}", "without_seconds", value_number(p->without), "with_seconds",
			 value_number(p->with), "first", value_string(p->with_first ? "with" : "without"));
}

static json_t *command_array(char *const command[])
{
	json_t *ret = json_array();
	int err = 0;

	for (; ret && *command; command++)
		err |= json_array_append_new(ret, value_string(*command));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *host_object(const struct host *host)
{
	return json_pack("{so so so}", "kernel", value_string_n(host->kernel, sizeof(host->kernel)), "cpus",
			 value_count(host->cpus), "memory_bytes", value_count_or_null(host->memory_bytes));
}

static json_t *result_object(const struct bench_result *r)
{
	const struct bench_ratio *b = &r->ratio;
	json_t *ret = json_object();
	int err = 0;

	err |= json_object_set_new(ret, "schema", value_string(SCHEMA));
	err |= json_object_set_new(ret, "command", command_array(r->command));
	err |= json_object_set_new(ret, "host", host_object(r->host));
	err |= json_object_set_new(ret, "cold", json_boolean(r->cold));
	err |= json_object_set_new(ret, "prepare", value_string(r->prepare));
	err |= json_object_set_new(ret, "without_seconds", value_number(b->without));
	err |= json_object_set_new(ret, "with_seconds", value_number(b->with));
	err |= json_object_set_new(ret, "ratio", value_number(b->ratio));
	err |= json_object_set_new(ret, "low", value_number(b->low));
	err |= json_object_set_new(ret, "high", value_number(b->high));
	err |= json_object_set_new(ret, "verdict", value_string(bench_verdict_names[b->verdict]));
	err |= json_object_set_new(ret, "stopped", value_string(stops[r->stop]));
	err |= json_object_set_new(ret, "planned_pairs", value_count(r->planned));
	err |= json_object_set_new(ret, "seed", value_count(r->seed));
	err |= json_object_set_new(ret, "pairs", value_array(r->pairs, r->npairs, sizeof(*r->pairs), pair_object));
	err |= json_object_set_new(ret, "with_tuning", told_json(r->told));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

int bench_result_json(const struct bench_result *r, FILE *out)
{
	return value_print(result_object(r), out);
}
