/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * One change of one knob of one group, from the plan to its measured effect:
 * probe -> read -> plan -> journal -> write -> read back -> measure -> keep or undo.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "act/journal.h"
#include "act/rule.h"
#include "act/systemd_unit.h"
#include "model/change.h"

enum trial_phase {
	TRIAL_READY, /* nothing has shown yet that it is of use: in force, or a spare that was taken back */
	TRIAL_MEASURING,
	TRIAL_PROVEN, /* in force; looked at again at again_ns */
	TRIAL_RESTING, /* undone; tried again at again_ns */
	TRIAL_OVER, /* refused, planned only, frozen, or somebody else turned the knob: hands off until the end */
};

enum trial_group {
	TRIAL_GROUP_FOREIGN, /* was there before us: what is changed there is journalled */
	TRIAL_GROUP_OURS, /* goes away with its values, which need no journal */
	TRIAL_GROUP_PLANNED, /* ours, and not made: --dry-run */
};

/* What turns an internal knob. */
struct trial_switch {
	void (*turn)(void *context, unsigned int app, bool on);
	void *context;
	unsigned int app;
};

struct trial {
	const struct rule *rule;
	struct sys_cgroup group;
	bool ours; /* the group is */
	char unit[SYSTEMD_UNIT_MAX]; /* of systemd, through which the knob is turned; "": directly */
	char unit_old[SYSTEMD_TEXT]; /* what was set for it before */
	enum trial_phase phase;
	bool in_force;
	unsigned int due; /* looks in a row in which its rule was due */
	unsigned int absent; /* looks in a row in which it was not */
	bool needed; /* it was due at some time */
	unsigned int flips; /* from useful to useless and back */
	uint64_t made_ns; /* when it came into force; the caller sets it */
	uint64_t again_ns, rest_ns;
	uint64_t spare_rest_ns; /* of what was given at the start, while it is not in force */
	struct switchback switchback;
	bool slow; /* the next measurement is: there was a quick one */
	bool measured_slow; /* what change.effect says was */
	unsigned int longer; /* of its windows, the next time: the last ones could not tell */
	struct trial_switch internal; /* set by the caller for an internal knob, before trial_make() */
	struct change change;
};

/*
 * Fills ret for a change of rule's knob on group: reads what is there, plans the value, writes nothing. Returns 0;
 * -EALREADY if the planned value is no change worth making (same text, or a weight that is already as large); or -errno
 * of probe() or of reading, with ret->change refused and its reason set: TRIAL_OVER.
 */
int trial_plan(struct trial *ret, const struct rule *rule, const struct sys_cgroup *group, enum trial_group kind,
	       const struct evidence *e, const struct rule_facts *facts);

/*
 * Journals, writes and reads back. Returns 0, or -errno with the change refused: TRIAL_OVER.
 */
int trial_make(struct trial *t, struct journal *journal);

/*
 * Plans again, for a change that is in force and not being measured, or so that it may wait: writes the new value if
 * it is a quarter larger or more. Returns 0 (also where nothing had to be done) or -errno: TRIAL_OVER.
 */
int trial_raise(struct trial *t, struct journal *journal, uint64_t now_ns, const struct evidence *e,
		const struct rule_facts *facts);

/*
 * Begins to measure a change that is in force, or, resting, makes it again first.
 */
void trial_measure(struct trial *t);

/*
 * Goes on measuring: counter is the app's run time in seconds at now_ns. Cheap if nothing is due.
 */
void trial_step(struct trial *t, uint64_t now_ns, double counter);

/*
 * When trial_step() is due; UINT64_MAX: nothing to measure.
 */
uint64_t trial_next(const struct trial *t);

/*
 * Notes that the change is not made, and why; t is over then. Returns err.
 */
int trial_refuse(struct trial *t, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Writes the new value, or the old one back, outside of any measurement. Returns 0 or -errno.
 */
int trial_turn(struct trial *t, bool on);

/*
 * Whether it is being measured in a way that lets other things begin meanwhile, if trial_interrupt() is called then:
 * what was measured so far counts, and the rest is done again later.
 */
bool trial_may_wait(const struct trial *t);
void trial_interrupt(struct trial *t, uint64_t now_ns);

/*
 * Another run of its app begins: what was given at the start of the first one, and not judged yet, is given again.
 */
void trial_again(struct trial *t, uint64_t now_ns);

/*
 * For a change that was made before there was a need for it: it is in force while there is one. Nothing while it is
 * measured, or once a measurement has decided.
 */
void trial_need(struct trial *t, bool needed);

/*
 * The app ended, or the run does: what was being measured is judged by the windows that there are.
 */
void trial_stop(struct trial *t);

#endif /* TRIAL_H */
