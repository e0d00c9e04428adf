/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Profiles for people. */
#include "profile/profile_print.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/page.h"
#include "util/cleanup.h"

#define NS_PER_SECOND 1000000000
#define DATE_MAX 32
#define SIZE_MAX_TEXT 24
#define LABEL "  %-10s "

static const char *date_of(int64_t ns, char ret[DATE_MAX])
{
	time_t seconds = ns / NS_PER_SECOND;
	struct tm tm;

	if (ns <= 0 || !localtime_r(&seconds, &tm) || !strftime(ret, DATE_MAX, "%Y-%m-%d %H:%M", &tm))
		snprintf(ret, DATE_MAX, "never");
	return ret;
}

static const char *size_of(uint64_t bytes, char ret[SIZE_MAX_TEXT])
{
	if (bytes < 1 << 20)
		snprintf(ret, SIZE_MAX_TEXT, "%" PRIu64 " KiB", bytes >> 10);
	else
		snprintf(ret, SIZE_MAX_TEXT, "%.1f MiB", (double)bytes / (1 << 20));
	return ret;
}

static void print_row(const struct page *page, const struct profile_summary *s)
{
	double gain = profile_gain_percent(&s->history);
	char date[DATE_MAX], size[SIZE_MAX_TEXT], percent[16] = "-";

	if (s->history.disabled)
		snprintf(percent, sizeof(percent), "disabled");
	else if (!isnan(gain))
		snprintf(percent, sizeof(percent), "%.0f %%", gain);
	page_cell(page, 16, s->key.command, SIZE_MAX);
	fprintf(page->out, "  %016" PRIx64 "  %6" PRIu32 "  %10s  %5" PRIu32 "  %-16s  %8s  ", s->id, s->nfiles,
		size_of(s->bytes, size), s->history.runs, date_of(s->history.recorded_ns, date), percent);
	page_path(page, UINT_MAX, s->key.directory);
	fputc('\n', page->out);
}

void profile_print_list(const struct page *page, const char *directory, const struct profile_summaries *all)
{
	size_t i;

	if (!all->n) {
		fprintf(page->out, "no profiles in %s\n", directory);
		return;
	}
	fprintf(page->out, "%-16s  %-16s  %6s  %10s  %5s  %-16s  %8s  %s\n", "command", "id", "files", "size", "runs",
		"recorded", "gain", "directory");
	for (i = 0; i < all->n; i++)
		print_row(page, &all->list[i]);
}

static int larger_first(const void *a, const void *b)
{
	const struct profile_share *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->file > y->file) - (x->file < y->file);
}

int profile_largest(const struct profile *p, struct profile_share ret[PROFILE_LARGEST])
{
	cleanup_free struct profile_share *shares = calloc((size_t)p->nfiles + 1, sizeof(*shares));
	uint32_t i, n = p->nfiles < PROFILE_LARGEST ? p->nfiles : PROFILE_LARGEST;

	if (!shares)
		return -ENOMEM;
	for (i = 0; i < p->nfiles; i++)
		shares[i].file = &p->files[i];
	for (i = 0; i < p->nranges; i++)
		shares[p->ranges[i].file].bytes += (uint64_t)p->ranges[i].pages * PROFILE_PAGE;
	qsort(shares, p->nfiles, sizeof(*shares), larger_first);
	memcpy(ret, shares, n * sizeof(*ret));
	return (int)n;
}

static void print_text(const struct page *page, const char *label, const char *text)
{
	fprintf(page->out, LABEL, label);
	page_path(page, UINT_MAX, *text ? text : "unknown");
	fputc('\n', page->out);
}

static void print_history(FILE *out, const struct profile_history *h)
{
	double gain = profile_gain_percent(h);
	char date[DATE_MAX];

	fprintf(out, LABEL "%" PRIu32 " time%s, last %s\n", "recorded", h->runs, h->runs == 1 ? "" : "s",
		date_of(h->recorded_ns, date));
	fprintf(out, LABEL "%" PRIu32 " time%s, last %s\n", "replayed", h->replays, h->replays == 1 ? "" : "s",
		date_of(h->replayed_at_ns, date));
	if (h->cold_ns)
		fprintf(out, LABEL "%.3f s without a replay", "wall time", (double)h->cold_ns / NS_PER_SECOND);
	if (h->cold_ns && h->replayed_ns)
		fprintf(out, ", %.3f s with one: %.0f %% %s", (double)h->replayed_ns / NS_PER_SECOND, fabs(gain),
			gain < 0 ? "more" : "less");
	if (h->cold_ns)
		fputc('\n', out);
	if (h->disabled)
		fprintf(out, LABEL "disabled: its last %" PRIu32 " replays did not pay\n", "state", h->unpaid);
	else if (h->unpaid)
		fprintf(out, LABEL "in use; its last %" PRIu32 " replay%s did not pay\n", "state", h->unpaid,
			h->unpaid == 1 ? "" : "s");
	else
		fprintf(out, LABEL "in use\n", "state");
}

static void print_next(const struct page *page, const struct profile_summaries *all, const struct profile_summary *one)
{
	uint32_t i;

	for (i = 0; i < one->nnext; i++) {
		const struct profile_summary *next = profile_summaries_of_id(all, one->next[i].id);

		fprintf(page->out, LABEL "%016" PRIx64 " ", i ? "" : "next", one->next[i].id);
		if (next)
			page_path(page, UINT_MAX, next->key.command);
		fprintf(page->out, "%s(%" PRIu32 " time%s)\n", next ? " " : "", one->next[i].times,
			one->next[i].times == 1 ? "" : "s");
	}
}

int profile_print_one(const struct page *page, const struct profile_summaries *all, const struct profile_summary *one,
		      const struct profile *profile)
{
	struct profile_share largest[PROFILE_LARGEST];
	int i, n = profile_largest(profile, largest);
	char size[SIZE_MAX_TEXT];

	if (n < 0)
		return n;
	page_path(page, UINT_MAX, one->key.command);
	fputc('\n', page->out);
	fprintf(page->out, LABEL "%016" PRIx64 "\n", "id", one->id);
	print_text(page, "program", one->key.program);
	print_text(page, "directory", one->key.directory);
	fprintf(page->out, LABEL "%" PRIu32 " files, %" PRIu32 " ranges, %s\n", "holds", one->nfiles, one->nranges,
		size_of(one->bytes, size));
	print_history(page->out, &one->history);
	print_next(page, all, one);
	for (i = 0; i < n; i++) {
		fprintf(page->out, LABEL "%10s ", i ? "" : "files", size_of(largest[i].bytes, size));
		page_path(page, UINT_MAX, profile_path_of(profile, largest[i].file));
		fputc('\n', page->out);
	}
	return 0;
}
