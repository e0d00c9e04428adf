// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Watching closely costs something; it starts, and goes on, only where there is something to explain. */
#include "run/level.h"

#define FIRST_NS 1000000000ULL
#define BLOCKED_SHARE 10 /* one in ten */

static __u64 blocked_ns(const struct aa_ledger *l)
{
	__u64 sum = 0;
	__u32 c, s;

	for (c = 0; c < l->commands; c++)
		for (s = AA_DISK_READ; s < AA_ACTIVE_STATES; s++)
			sum += l->command[c].v[s] + l->command[c].n[s] * l->v;
	sum >>= AA_WALL_SHIFT;
	for (s = 0; s < AA_SLEEP_CAUSES; s++)
		sum += l->sleep[s];
	return sum;
}

unsigned int level_next(struct level *level, const struct aa_ledger *ledger)
{
	__u64 elapsed = ledger->now - ledger->started, blocked = blocked_ns(ledger);
	__u64 newly_blocked = blocked - level->blocked_ns;
	unsigned int next = 1;

	if (newly_blocked && newly_blocked * BLOCKED_SHARE >= elapsed - level->elapsed_ns)
		next = 2;
	else if (elapsed < FIRST_NS)
		next = LEVEL_KEEP;
	level->elapsed_ns = elapsed;
	level->blocked_ns = blocked;
	return next;
}
