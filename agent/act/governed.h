/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One app under the governor: its control groups, the changes that were made for it, and when to look again. */
#ifndef GOVERNED_H
#define GOVERNED_H

#include "act/demote.h"
#include "act/expedite.h"
#include "act/facts.h"
#include "act/governor.h"
#include "act/locks.h"
#include "act/place.h"
#include "act/spread.h"
#include "act/trial.h"

#define TRIALS_MAX 32
#define HISTORY_MAX 16 /* changes that were made for earlier runs of the app, and undone, that reports still show */

/* What is the same for all apps. */
struct governing {
	const struct governor_config *config;
	struct journal *journal; /* NULL: --dry-run */
	struct expedite *expedite;
	struct facts_machine machine;
	struct demoted demoted;
	struct locks locks;
	uint64_t spreadable; /* apps whose threads may be spread, one bit each */
	uint64_t spread; /* those of them for which that is on */
	uint64_t watched; /* for which the CPUs are watched */
	struct spread *spreader;
	uint32_t token; /* random, in the names of our groups: another agent may come to have our pid */
};

/* Where the app is in one hierarchy. */
struct governed_place {
	const char *controller; /* that it was looked up for; NULL: not yet */
	struct place place;
	bool usable;
};

struct governed {
	unsigned int app; /* index */
	pid_t pid; /* of the process that it started with */
	struct governed_place places[4]; /* "cpu", "memory", "io", "cpuset" */
	unsigned int nplaces;
	struct trial trials[TRIALS_MAX];
	unsigned int ntrials;
	struct change moved; /* the processes, to a group of ours; knob NULL: none were */
	struct act_sample before; /* at the last look */
	struct facts_before memory_before;
	uint64_t raise_ns; /* when values are next made larger, if they are too small */
	struct change history[HISTORY_MAX];
	unsigned int nhistory;
	bool alive, started;
	bool undone; /* after its end: nothing of what was changed is left */
	uint64_t ended_ns; /* when it was seen to have ended */
	pid_t starting; /* it belongs to the app although its exec is still to come; 0: none */
	bool was_crowded; /* at some look since its start */
	bool looked; /* there was one that could tell */
	bool crowded; /* at the last look, others wanted its CPUs */
	bool members_moved; /* all that belonged to it when it was placed */
	uint64_t members_ns; /* not before then, if they fork too fast for that */
};

/*
 * Its first process (pid), or another one that is followed from its exec on: placed at once, and given what every app
 * is given at its start.
 */
void governed_start(struct governed *a, struct governing *g, pid_t pid);

/*
 * The app's group for a controller: found, and made if it has to be, at the first time. Nobody is moved yet. Returns NULL
 * if there can be none; the reason is in a->moved.
 */
struct governed_place *governed_place(struct governed *a, struct governing *g, const char *controller);

/*
 * The same without making anything: NULL if governed_place() was not called for it before.
 */
const struct governed_place *governed_place_known(const struct governed *a, const char *controller);

/*
 * Where the app is in the hierarchy of a controller, nothing made. Returns 0 or -errno of place_find().
 */
int governed_home(struct governed *a, struct governing *g, const char *controller, struct sys_cgroup *ret);

/*
 * Whether a process that came later was where the first one was found: a group of ours has one home, and who comes from
 * elsewhere has other limits.
 */
bool governed_at_home(struct governed *a, struct governing *g, pid_t pid);

/*
 * Move one process, or all others that belong to the app, into its groups.
 */
void governed_move(struct governed *a, struct governing *g, pid_t pid);
void governed_move_members(struct governed *a, struct governing *g);

/* What may begin, beside what is being measured. */
enum governed_may {
	GOVERNED_NOTHING, /* what changes now would be in the windows */
	GOVERNED_CHANGES, /* if governed_interrupt() is called for all apps then */
	GOVERNED_ALL,
};

/*
 * What may begin beside what is being measured for this app.
 */
enum governed_may governed_may(const struct governed *a);

/*
 * Ends measurements that may wait.
 */
void governed_interrupt(struct governed *a, uint64_t now_ns);

/*
 * Steps what is being measured, if that is due.
 */
void governed_step(struct governed *a, const struct act_sample *now);

/*
 * Looks at what went on since the last look, and begins at most one change, or one measurement, of what may begin.
 * Returns whether it did.
 */
bool governed_look(struct governed *a, struct governing *g, const struct act_sample *now, enum governed_may may);

/*
 * The app has no process left, or the run is over.
 */
void governed_stop(struct governed *a);

/*
 * The same, and the reasons are brought up to date for the report; with stays, what the user asked to keep stays.
 */
void governed_settle(struct governed *a, bool stays);

/*
 * Puts back all that was changed for the app. Once, until governed_forget().
 */
void governed_undo(struct governed *a, struct governing *g);

/*
 * Begins anew for another run of the app, after governed_undo().
 */
void governed_forget(struct governed *a);

/*
 * When governed_step() is due; UINT64_MAX: nothing is being measured.
 */
uint64_t governed_next(const struct governed *a);

#endif /* GOVERNED_H */
