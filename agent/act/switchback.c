/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Switchback: when to switch, and what the windows say. */
#include "act/switchback.h"

/*
 * A slow measurement that shows a gain goes on until its size is known: the interval is no wider than this to either
 * side. But not before there are some pairs, because the first ones may happen to agree.
 */
#define SLOW_WITHIN 0.12 /* of the gain */
#define SLOW_PAIRS_MIN 8

void switchback_start(struct switchback *s, const struct switchback_rule *rule, bool slow)
{
	*s = (struct switchback){ .rule = rule, .slow = slow, .longer = 1, .on = true };
}

struct effect switchback_effect(const struct switchback *s)
{
	return effect_of(s->rule->metric, s->pairs, s->npairs, s->rule->smallest);
}

uint64_t switchback_next(const struct switchback *s)
{
	const struct switchback_rule *r = s->rule;

	if (s->settling)
		return s->from_ns + (s->slow ? r->slow_settle_ns : r->settle_ns);
	if (s->slow)
		return s->from_ns + (s->on ? r->slow_on_ns : r->slow_off_ns);
	return s->from_ns + r->window_ns * s->longer;
}

bool switchback_may_end(const struct switchback *s)
{
	return s->slow && s->on;
}

static void begin(struct switchback *s, bool settling, uint64_t now_ns, double counter)
{
	s->settling = settling;
	s->from_ns = now_ns;
	s->from = counter;
}

static enum switchback_want turn(struct switchback *s, bool on, uint64_t now_ns, double counter)
{
	s->on = on;
	begin(s, true, now_ns, counter);
	return on ? SWITCHBACK_ON : SWITCHBACK_OFF;
}

static bool decided(const struct switchback *s)
{
	const struct effect e = switchback_effect(s);

	if (s->npairs == (s->slow ? EFFECT_PAIRS_MAX : s->rule->pairs_max))
		return true;
	if (e.verdict == EFFECT_INCONCLUSIVE || e.verdict == EFFECT_NOT_MEASURED)
		return false;
	if (!s->slow || e.verdict != EFFECT_HELPS)
		return true;
	return s->npairs >= SLOW_PAIRS_MIN && e.high - e.percent <= SLOW_WITHIN * e.percent;
}

/*
 * A window is over: notes its rate. Every second window ends a pair; the next pair goes on in the same state, if there
 * is no rest between them.
 */
static enum switchback_want end_window(struct switchback *s, uint64_t now_ns, double counter)
{
	double rate = (counter - s->from) / ((double)(now_ns - s->from_ns) / 1e9);

	if (!s->second) {
		s->first = rate;
		s->second = true;
		return turn(s, !s->on, now_ns, counter);
	}
	s->second = false;
	s->pairs[s->npairs].off = s->on ? s->first : rate;
	s->pairs[s->npairs].on = s->on ? rate : s->first;
	s->npairs++;
	if (decided(s))
		return SWITCHBACK_DONE;
	if (s->slow)
		return turn(s, false, now_ns, counter);
	begin(s, false, now_ns, counter);
	return SWITCHBACK_WAIT;
}

enum switchback_want switchback_step(struct switchback *s, uint64_t now_ns, double counter)
{
	if (!s->from_ns)
		return turn(s, false, now_ns, counter);
	if (now_ns < switchback_next(s))
		return SWITCHBACK_WAIT;
	if (s->settling) {
		begin(s, false, now_ns, counter);
		return SWITCHBACK_WAIT;
	}
	return end_window(s, now_ns, counter);
}
