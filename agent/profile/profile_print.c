/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Profiles for people. */
#include "profile/profile_print.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "profile/replay_judge.h"
#include "report/page.h"
#include "util/cleanup.h"

#define NS_PER_SECOND 1000000000
#define DATE_MAX 32
#define SIZE_MAX_TEXT 24
#define USER_MAX 33 /* useradd makes no longer names */
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

/* The users of a container are not those that the machine has names for. */
static const char *user_of(const struct profile_key *key, char ret[USER_MAX])
{
	const struct passwd *user = key->flags & PROFILE_KEY_CONTAINER ? NULL : getpwuid(key->uid);

	if (user && *user->pw_name)
		snprintf(ret, USER_MAX, "%s", user->pw_name);
	else
		snprintf(ret, USER_MAX, "%" PRIu32, key->uid);
	return ret;
}

static void print_row(const struct page *page, const struct profile_summary *s)
{
	double gain = profile_gain_percent(&s->history);
	char date[DATE_MAX], size[SIZE_MAX_TEXT], user[USER_MAX], percent[16] = "-";

	if (s->history.disabled)
		snprintf(percent, sizeof(percent), "disabled");
	else if (!isnan(gain))
		snprintf(percent, sizeof(percent), "%.0f %%", round(gain) + 0.0); /* no "-0" */
	page_cell(page, 16, s->key.command, SIZE_MAX);
	fprintf(page->out, "  %016" PRIx64 "  ", s->id);
	page_cell(page, 8, user_of(&s->key, user), SIZE_MAX);
	fprintf(page->out, "  %6" PRIu32 "  %10s  %5" PRIu32 "  %-16s  %8s  ", s->nfiles, size_of(s->bytes, size),
		s->history.runs, date_of(s->history.recorded_ns, date), percent);
	page_path(page, UINT_MAX, s->key.directory);
	fputc('\n', page->out);
}

static void print_unreadable(const struct page *page, const struct profile_summaries *all)
{
	size_t i;

	if (!all->nunreadable)
		return;
	fprintf(page->out, "\n%zu that cannot be read (accel-agent profile forget ID removes one):\n",
		all->nunreadable);
	for (i = 0; i < all->nunreadable; i++)
		fprintf(page->out, "%016" PRIx64 "  %s\n", all->unreadable[i].id, all->unreadable[i].why);
}

void profile_print_list(const struct page *page, const char *directory, const struct profile_summaries *all)
{
	size_t i;

	if (!all->n)
		fprintf(page->out, "no profiles in %s\n", directory);
	else
		fprintf(page->out, "%-16s  %-16s  %-8s  %6s  %10s  %5s  %-16s  %8s  %s\n", "command", "id", "user",
			"files", "size", "runs", "recorded", "gain", "directory");
	for (i = 0; i < all->n; i++)
		print_row(page, &all->list[i]);
	print_unreadable(page, all);
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

static void print_user(const struct page *page, const struct profile_key *key)
{
	char user[USER_MAX];

	fprintf(page->out, LABEL, "user");
	page_path(page, UINT_MAX, user_of(key, user));
	fprintf(page->out, "%s\n",
		key->flags & PROFILE_KEY_CONTAINER ? ", in a container or with other mounts of its own" : "");
}

/* What else than its path tells the program apart. */
static void print_toolchain(FILE *out, const struct profile_key *key)
{
	char date[DATE_MAX];

	fprintf(out, LABEL "%" PRIu64 " bytes, of %s\n", "", key->program_size, date_of(key->program_mtime_ns, date));
}

static void print_cost(FILE *out, const char *label, const struct profile_cost *cost)
{
	if (cost->wall_ns)
		fprintf(out, LABEL "took %.3f s, %.3f s of it waits for the disk\n", label,
			(double)cost->wall_ns / NS_PER_SECOND, (double)cost->waits_ns / NS_PER_SECOND);
}

static void print_history(FILE *out, const struct profile_history *h)
{
	double gain = profile_gain_percent(h);
	char date[DATE_MAX];

	fprintf(out, LABEL "%" PRIu32 " time%s, last %s\n", "recorded", h->runs, h->runs == 1 ? "" : "s",
		date_of(h->recorded_ns, date));
	fprintf(out, LABEL "%" PRIu32 " time%s, last %s\n", "replayed", h->replays, h->replays == 1 ? "" : "s",
		date_of(h->replayed_at_ns, date));
	print_cost(out, "without", &h->cold);
	print_cost(out, "with", &h->replayed);
	if (!isnan(gain))
		fprintf(out, LABEL "%.0f %% of its time without\n", gain < 0 ? "lost" : "saved", fabs(gain));
	if (h->disabled)
		fprintf(out, LABEL "disabled: its last %" PRIu32 " replays did not pay; tried again %s\n", "state",
			h->unpaid, replay_due(h) == REPLAY_DUE ? "with the next run" : "later");
	else if (replay_due(h) == REPLAY_MEASURED)
		fprintf(out, LABEL "in use, but the next run goes without, to be compared with\n", "state");
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
	print_user(page, &one->key);
	print_text(page, "program", one->key.program);
	print_toolchain(page->out, &one->key);
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
