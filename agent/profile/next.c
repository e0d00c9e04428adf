// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* A short list, counted. */
#include "profile/next.h"

#define TIMES_LEAST 2
#define TIMES_MOST 16 /* then all are halved: habits change */

static bool is_less(const struct profile_next *a, const struct profile_next *b)
{
	return a->times != b->times ? a->times < b->times : a->last_run < b->last_run;
}

static struct profile_next *find(struct profile *p, uint64_t id)
{
	struct profile_next *least = &p->next[0];
	uint32_t i;

	for (i = 0; i < p->nnext; i++) {
		if (p->next[i].id == id)
			return &p->next[i];
		if (is_less(&p->next[i], least))
			least = &p->next[i];
	}
	if (p->nnext < PROFILE_NEXT_MAX)
		least = &p->next[p->nnext++];
	*least = (struct profile_next){ .id = id };
	return least;
}

void profile_next_learn(struct profile *p, uint64_t id)
{
	struct profile_next *next = find(p, id);
	uint32_t i;

	next->times++;
	next->last_run = p->history.runs;
	for (i = 0; next->times > TIMES_MOST && i < p->nnext; i++)
		p->next[i].times = (p->next[i].times + 1) / 2;
}

uint64_t profile_next_guess(const struct profile *p)
{
	const struct profile_next *best = NULL;
	uint64_t all = 0;
	uint32_t i;

	for (i = 0; i < p->nnext; i++) {
		all += p->next[i].times;
		if (!best || is_less(best, &p->next[i]))
			best = &p->next[i];
	}
	return best && best->times >= TIMES_LEAST && best->times * 2ULL >= all ? best->id : 0;
}
