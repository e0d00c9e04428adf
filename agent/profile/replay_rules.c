// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Rules of thumb, each with its limit on top. */
#include "profile/replay_rules.h"

#define NEARLY_ALL 90 /* percent of a chunk: whoever brought it, it was not us */
#define AHEAD_SKIP 4 /* so many such chunks in a row: from now on only some are looked at */
#define AHEAD_STOP 12 /* so many: enough was seen */
#define STEP_MOST 8
#define STALLED 10 /* percent of the time */
#define STALLED_FROM_NS 20000000ULL /* shorter times say nothing */

const char *const replay_stop_names[REPLAY_STOPS] = {
	[REPLAY_GOING] = "going on",
	[REPLAY_DONE] = "done",
	[REPLAY_RESIDENT] = "resident",
	[REPLAY_OVERTAKEN] = "overtaken",
	[REPLAY_PRESSURE] = "memory pressure",
	[REPLAY_BUDGET] = "memory budget",
	[REPLAY_APP_ENDED] = "app ended",
	[REPLAY_AGENT_ENDED] = "agent ended",
	[REPLAY_FAILED] = "failed",
};

/* The pressure of the last few chunks: one alone may take a millisecond. */
static int is_pressed(struct replay_rules *r, const struct replay_outcome *o)
{
	r->took_ns = r->took_ns / 2 + o->took_ns;
	r->stalled_ns = r->stalled_ns / 2 + o->stalled_ns;
	return r->took_ns >= STALLED_FROM_NS && r->stalled_ns * 100 >= r->took_ns * STALLED;
}

enum replay_stop replay_rules_next(struct replay_rules *r, const struct replay_outcome *o, uint32_t *ret_step)
{
	uint32_t step = 1, i;

	if (is_pressed(r, o))
		return REPLAY_PRESSURE;
	r->brought_bytes += o->wanted_bytes - o->resident_bytes;
	if (o->wanted_bytes && o->resident_bytes >= o->wanted_bytes / 100 * NEARLY_ALL)
		r->ahead++;
	else if (o->wanted_bytes) /* a chunk of files that are gone says nothing */
		r->ahead = 0;
	if (r->ahead >= AHEAD_STOP)
		return r->brought_bytes ? REPLAY_OVERTAKEN : REPLAY_RESIDENT;
	for (i = AHEAD_SKIP; i <= r->ahead && step < STEP_MOST; i++)
		step *= 2;
	*ret_step = step;
	return REPLAY_GOING;
}
