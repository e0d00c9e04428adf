/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Switchback: a change is taken back and made again in turn, in short windows, off-on, on-off, off-on, ..., until the
 * windows tell what it does. Pure: the caller brings the clock and the counter, and does the switching.
 *
 * There are two measurements. The quick one tells which way it goes, from short windows. The slow one tells how far:
 * what a change does in the long run shows only some time after a switch, and that time without the change is paid for;
 * so its windows without are rare, and those with it fill the time between them: off-on, off-on, ...
 */
#ifndef SWITCHBACK_H
#define SWITCHBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "act/effect.h"

struct switchback_rule {
	const char *metric; /* of struct effect */
	uint64_t settle_ns; /* after a switch, before the window begins: until it has taken effect */
	uint64_t window_ns;
	/* The same for the slow measurement; 0: there is none. */
	uint64_t slow_settle_ns, slow_off_ns, slow_on_ns;
	unsigned int pairs_max; /* at most EFFECT_PAIRS_MAX; give up after so many */
	double smallest; /* percent: see effect_of() */
};

enum switchback_want {
	SWITCHBACK_WAIT, /* until switchback_next() */
	SWITCHBACK_OFF, /* take the change back now */
	SWITCHBACK_ON, /* make it again now */
	SWITCHBACK_DONE, /* switchback_effect() has a verdict, or never will */
};

struct switchback {
	const struct switchback_rule *rule;
	bool slow;
	unsigned int longer; /* windows are so many times as long as the rule says; 1 after switchback_start() */
	struct effect_pair pairs[EFFECT_PAIRS_MAX];
	unsigned int npairs;
	bool on; /* what is in force */
	bool second; /* of the two windows of a pair */
	bool settling;
	uint64_t from_ns; /* of the window, or of its settling */
	double from; /* counter at from_ns */
	double first; /* rate in the first window of the pair */
};

/*
 * Begins, with the change in force. The first step wants SWITCHBACK_OFF.
 */
void switchback_start(struct switchback *s, const struct switchback_rule *rule, bool slow);

/*
 * Whether nothing is lost but what was measured if it ends here: slow, and with the change in force.
 */
bool switchback_may_end(const struct switchback *s);

/*
 * One step: counter is what the metric counts (it grows), now_ns the time at which it was read. After SWITCHBACK_OFF or
 * _ON the caller switches, then calls again with the time after that.
 */
enum switchback_want switchback_step(struct switchback *s, uint64_t now_ns, double counter);

/*
 * When the next step is due.
 */
uint64_t switchback_next(const struct switchback *s);

struct effect switchback_effect(const struct switchback *s);

#endif /* SWITCHBACK_H */
