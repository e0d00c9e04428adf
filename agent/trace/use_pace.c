// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Judges a part of the time after the other. */
#include "trace/use_pace.h"

#define PART_NS 250000000ULL
#define IDLE_NS 1000000000ULL /* until reads are no more watched */
#define PAUSE_NS 750000000ULL /* until they are watched again, for a part */
#define READS_S 50000 /* a second: what fewer of them cost is not worth missing any */

static void begin(struct use_pace *p, const struct use_seen *seen, uint64_t now_ns)
{
	p->seen = *seen;
	p->since_ns = now_ns;
}

/* Whether there were reads enough, and nothing new. */
static bool is_idle(const struct use_pace *p, const struct use_seen *seen, uint64_t took_ns)
{
	return seen->fresh == p->seen.fresh && (seen->reads - p->seen.reads) * 1000000000ULL >= took_ns * READS_S;
}

static void judge_pause(struct use_pace *p, const struct use_seen *seen, uint64_t now_ns)
{
	bool missed = seen->missed != p->seen.missed || seen->fresh != p->seen.fresh;

	if (seen->full || (!missed && now_ns - p->since_ns < PAUSE_NS))
		return;
	p->paused = false;
	p->idle_ns = missed ? 0 : IDLE_NS - PART_NS;
	begin(p, seen, now_ns);
}

bool use_pace_is_due(const struct use_pace *p, uint64_t now_ns)
{
	return p->paused || now_ns - p->since_ns >= PART_NS;
}

bool use_pace(struct use_pace *p, const struct use_seen *seen, uint64_t now_ns)
{
	uint64_t took_ns = now_ns - p->since_ns;

	if (!p->since_ns) {
		begin(p, seen, now_ns);
	} else if (p->paused) {
		judge_pause(p, seen, now_ns);
	} else if (took_ns >= PART_NS) {
		p->idle_ns = is_idle(p, seen, took_ns) ? p->idle_ns + took_ns : 0;
		p->paused = seen->full || p->idle_ns >= IDLE_NS;
		begin(p, seen, now_ns);
	}
	return !p->paused;
}
