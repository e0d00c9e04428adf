// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Watching closely costs something; it starts, and goes on, only where there is something to explain. */
#include "run/level.h"

#define FIRST_NS 1000000000ULL
#define BLOCKED_SHARE 10 /* one in ten */

/* Wall time so far in one active state. */
static __u64 active_ns(const struct aa_ledger *l, __u32 state)
{
	__u64 sum = 0;
	__u32 c;

	for (c = 0; c < l->commands; c++)
		sum += l->command[c].v[state] + l->command[c].n[state] * l->v;
	return sum >> AA_WALL_SHIFT;
}

static __u64 sleep_ns(const struct aa_ledger *l)
{
	__u64 sum = 0;
	__u32 s;

	for (s = 0; s < AA_SLEEP_CAUSES; s++)
		sum += l->sleep[s];
	return sum;
}

static __u64 blocked_ns(const struct aa_ledger *l)
{
	__u64 sum = sleep_ns(l);
	__u32 s;

	for (s = AA_DISK_READ; s < AA_ACTIVE_STATES; s++)
		sum += active_ns(l, s);
	return sum;
}

static __u64 woken_ns(const struct aa_ledger *l)
{
	return active_ns(l, AA_LOCK) + sleep_ns(l) - l->sleep[AA_SLEEP_TIMER - AA_ACTIVE_STATES];
}

/* Whether a tenth or more of what passed is new in part. */
static int large(__u64 part, __u64 passed)
{
	return part && part * BLOCKED_SHARE >= passed;
}

unsigned int level_next(struct level *level, const struct aa_ledger *ledger)
{
	__u64 elapsed = ledger->now - ledger->started, blocked = blocked_ns(ledger), woken = woken_ns(ledger);
	__u64 passed = elapsed - level->elapsed_ns;
	unsigned int next = 1;

	if (large(blocked - level->blocked_ns, passed))
		next = 2;
	else if (elapsed < FIRST_NS)
		next = LEVEL_KEEP;
	level->wakers = large(woken - level->woken_ns, passed);
	level->elapsed_ns = elapsed;
	level->blocked_ns = blocked;
	level->woken_ns = woken;
	return next;
}
