/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Switchback: from windows with and without a change to what the change does. */
#include "act/effect.h"

#include <math.h>

/*
 * Student's t by the number of pairs, from EFFECT_PAIRS_MIN on. Who looks after each pair whether it is enough finds
 * something sooner or later: so each look is made at 0.79 %, which for eighteen looks makes 5 % in all (Pocock 1977).
 */
static const double quantile[] = { 11.1788, 6.3482, 4.9239, 4.2742, 3.9084, 3.6754, 3.5147, 3.3973, 3.3079,
				   3.2376,  3.1809, 3.1343, 3.0952, 3.0620, 3.0335, 3.0087, 2.9869, 2.9677 };

_Static_assert(sizeof(quantile) / sizeof(quantile[0]) == EFFECT_PAIRS_MAX - EFFECT_PAIRS_MIN + 1,
	       "a quantile for each number of pairs");

static enum effect_verdict judge(const struct effect *e, double smallest)
{
	if (e->low > 0)
		return e->percent >= smallest ? EFFECT_HELPS : EFFECT_NONE;
	if (e->high < 0)
		return -e->percent >= smallest ? EFFECT_HARMS : EFFECT_NONE;
	return e->low > -smallest && e->high < smallest ? EFFECT_NONE : EFFECT_INCONCLUSIVE;
}

struct effect effect_of(const char *metric, const struct effect_pair *pairs, size_t n, double smallest)
{
	struct effect e = { .metric = metric, .before = NAN, .after = NAN, .percent = NAN, .low = NAN, .high = NAN };
	double off = 0, on = 0, squares = 0, difference, half;
	size_t i, used = 0;

	if (n > EFFECT_PAIRS_MAX)
		n = EFFECT_PAIRS_MAX;
	for (i = 0; i < n; i++) {
		if (!(pairs[i].off > 0) && !(pairs[i].on > 0))
			continue;
		off += pairs[i].off;
		on += pairs[i].on;
		used++;
	}
	e.windows = (unsigned int)used * 2;
	if (!used)
		return e;
	off /= (double)used;
	on /= (double)used;
	difference = on - off;
	e.before = off;
	e.after = on;
	if (off > 0)
		e.percent = 100 * difference / off;
	e.verdict = EFFECT_INCONCLUSIVE;
	if (used < EFFECT_PAIRS_MIN)
		return e;
	for (i = 0; i < n; i++) {
		double d = pairs[i].on - pairs[i].off - difference;

		if (pairs[i].off > 0 || pairs[i].on > 0)
			squares += d * d;
	}
	half = quantile[used - EFFECT_PAIRS_MIN] * sqrt(squares / (double)(used - 1) / (double)used);
	if (!(off > 0)) { /* without the change it stood still: no ratio to speak of */
		e.verdict = difference - half > 0 ? EFFECT_HELPS : EFFECT_INCONCLUSIVE;
		return e;
	}
	e.low = 100 * (difference - half) / off;
	e.high = 100 * (difference + half) / off;
	e.verdict = judge(&e, smallest);
	return e;
}
