/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the agent changed, or would change, for one app, and what came of it: plain data. act/ fills it, report/ reads
 * it. */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdbool.h>

enum change_state {
	CHANGE_PLANNED, /* --dry-run: nothing was written */
	CHANGE_KEPT, /* in force until the end of the run */
	CHANGE_UNDONE, /* taken back before that: it harmed, or its use could not be shown */
	CHANGE_REFUSED, /* not made; reason says why */
};

enum effect_verdict {
	EFFECT_NOT_MEASURED, /* no two windows could be compared */
	EFFECT_INCONCLUSIVE, /* too few windows to tell */
	EFFECT_HELPS,
	EFFECT_HARMS,
	EFFECT_NONE, /* measured well enough to say that it makes no difference worth having */
};

struct effect {
	enum effect_verdict verdict;
	const char *metric; /* what was compared: "run_per_second", more is better; static */
	double before, after; /* mean without and with the change; NAN: not measured */
	double percent; /* by how much after is larger than before */
	double low, high; /* 95 % confidence interval of percent */
	unsigned int windows; /* that were compared, with and without together */
};

#define CHANGE_TEXT 256

struct change {
	char id[16]; /* unique in one report: "a1", ... */
	const char *bottleneck; /* INTERFACE's id of what it is for: "cpu-neighbour"; static */
	const char *knob; /* "cpu.weight", as the file is called in the group's hierarchy ("cpu.shares"); static */
	char target[CHANGE_TEXT]; /* the control group, or file */
	char old[CHANGE_TEXT]; /* value before; "": there was none (a group that was made for the app) */
	char new[CHANGE_TEXT];
	char reason[CHANGE_TEXT];
	enum change_state state;
	bool restored; /* the old value is back, or the group is gone */
	struct effect effect;
	double measured_after; /* seconds since it was made, at the earliest; 0: as soon as there is need for it */
};

#endif /* CHANGE_H */
