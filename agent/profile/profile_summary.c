/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What there is to say about the profiles of a folder, without the profiles themselves. */
#include "profile/profile_summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/profile_store.h"
#include "profile/replay_judge.h"
#include "util/cleanup.h"

#define ID_DIGITS 16

static void clear_one(struct profile_summary *s)
{
	free((void *)s->key.command);
	free((void *)s->key.program);
	free((void *)s->key.directory);
}

static int summarise(const struct profile *p, uint64_t id, struct profile_summary *ret)
{
	struct profile_summary s = {
		.id = id,
		.history = p->history,
		.nnext = p->nnext,
		.nfiles = p->nfiles,
		.nranges = p->nranges,
		.key = p->key,
	};
	uint32_t i;

	s.key.command = strdup(p->key.command);
	s.key.program = strdup(p->key.program);
	s.key.directory = strdup(p->key.directory);
	if (!s.key.command || !s.key.program || !s.key.directory) {
		clear_one(&s);
		return -ENOMEM;
	}
	memcpy(s.next, p->next, sizeof(s.next));
	for (i = 0; i < p->nranges; i++)
		s.bytes += (uint64_t)p->ranges[i].pages * PROFILE_PAGE;
	*ret = s;
	return 0;
}

static int64_t last_used(const struct profile_summary *s)
{
	const struct profile_history *h = &s->history;

	return h->recorded_ns > h->replayed_at_ns ? h->recorded_ns : h->replayed_at_ns;
}

static int last_used_first(const void *a, const void *b)
{
	const struct profile_summary *x = a, *y = b;
	int64_t used_x = last_used(x), used_y = last_used(y);

	if (used_x != used_y)
		return used_x < used_y ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static void add_unreadable(uint64_t id, bool aside, const char *why, struct profile_summaries *to)
{
	struct profile_unreadable *one = &to->unreadable[to->nunreadable++];

	*one = (struct profile_unreadable){ .id = id, .aside = aside };
	snprintf(one->why, sizeof(one->why), "%s", why);
}

/* One that another process has just forgotten is no error. */
static int add(const char *directory, uint64_t id, struct profile_summaries *to)
{
	struct profile profile;
	const char *why;
	int err;

	err = profile_look(directory, id, &profile, &why);
	if (err == -ENOMEM || err == -ENOENT)
		return err == -ENOMEM ? err : 0;
	if (err) {
		add_unreadable(id, false, why, to);
		return 0;
	}
	err = summarise(&profile, id, &to->list[to->n]);
	profile_close(&profile);
	if (!err)
		to->n++;
	return err;
}

static int unreadable_by_id(const void *a, const void *b)
{
	const struct profile_unreadable *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->aside - y->aside;
}

int profile_summaries_read(const char *directory, struct profile_summaries *ret)
{
	struct profile_summaries all = { 0 };
	cleanup_free uint64_t *ids = NULL, *aside = NULL;
	size_t n, naside, i;
	int err;

	err = profile_store_ids(directory, &ids, &n);
	if (!err)
		err = profile_store_aside(directory, &aside, &naside);
	if (err)
		return err;
	all.list = calloc(n + 1, sizeof(*all.list));
	all.unreadable = calloc(n + naside + 1, sizeof(*all.unreadable));
	err = all.list && all.unreadable ? 0 : -ENOMEM;
	for (i = 0; i < n && !err; i++)
		err = add(directory, ids[i], &all);
	if (err) {
		profile_summaries_clear(&all);
		return err;
	}
	for (i = 0; i < naside; i++)
		add_unreadable(aside[i], true, "a run could not read it, and set it aside", &all);
	qsort(all.unreadable, all.nunreadable, sizeof(*all.unreadable), unreadable_by_id);
	qsort(all.list, all.n, sizeof(*all.list), last_used_first);
	*ret = all;
	return 0;
}

void profile_summaries_clear(struct profile_summaries *summaries)
{
	size_t i;

	for (i = 0; i < summaries->n; i++)
		clear_one(&summaries->list[i]);
	free(summaries->list);
	free(summaries->unreadable);
	*summaries = (struct profile_summaries){ 0 };
}

double profile_gain_percent(const struct profile_history *history)
{
	return 100 * replay_gain(&history->cold, &history->replayed);
}

bool profile_parse_id(const char *name, uint64_t *ret)
{
	if (strspn(name, "0123456789abcdef") != ID_DIGITS || name[ID_DIGITS])
		return false;
	*ret = strtoull(name, NULL, 16);
	return true;
}

bool profile_id_begins(uint64_t id, const char *prefix)
{
	char digits[ID_DIGITS + 1];
	size_t len = strlen(prefix);

	snprintf(digits, sizeof(digits), "%0*" PRIx64, ID_DIGITS, id);
	return len >= PROFILE_PREFIX_MIN && len <= ID_DIGITS && !memcmp(digits, prefix, len);
}

bool profile_summary_is(const struct profile_summary *summary, const char *name)
{
	return !strcmp(summary->key.command, name);
}

const struct profile_summary *profile_summaries_of_id(const struct profile_summaries *summaries, uint64_t id)
{
	size_t i;

	for (i = 0; i < summaries->n; i++)
		if (summaries->list[i].id == id)
			return &summaries->list[i];
	return NULL;
}

size_t profile_summaries_find(const struct profile_summaries *summaries, const char *name,
			      const struct profile_summary **ret)
{
	size_t i, n = 0;
	uint64_t id;

	/* an id is one of those that were made to be unique, even if a command is called like that */
	if (profile_parse_id(name, &id)) {
		*ret = profile_summaries_of_id(summaries, id);
		if (*ret)
			return 1;
	}
	for (i = 0; i < summaries->n; i++) {
		if (!profile_summary_is(&summaries->list[i], name))
			continue;
		*ret = &summaries->list[i];
		n++;
	}
	return n;
}

size_t profile_summaries_prefix(const struct profile_summaries *summaries, const char *prefix, uint64_t *ret)
{
	const struct profile_unreadable *u = summaries->unreadable;
	size_t i, n = 0;

	for (i = 0; i < summaries->n; i++) {
		if (!profile_id_begins(summaries->list[i].id, prefix))
			continue;
		*ret = summaries->list[i].id;
		n++;
	}
	for (i = 0; i < summaries->nunreadable; i++) {
		/* what is set aside may have the id of a good one, or of a broken one, which is before it */
		if (!profile_id_begins(u[i].id, prefix) || profile_summaries_of_id(summaries, u[i].id) ||
		    (i && u[i - 1].id == u[i].id))
			continue;
		*ret = u[i].id;
		n++;
	}
	return n;
}
