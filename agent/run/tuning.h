/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The governor at work in a run: what it asks is answered from the watch, what the user allowed from the settings. */
#ifndef TUNING_H
#define TUNING_H

#include "act/governor.h"
#include "options.h"
#include "run/watch.h"

struct replaying;

struct tuning {
	struct governor_config config;
	struct governor *governor; /* NULL: nothing is changed */
	struct watch *watch; /* not owned */
	const struct catalogue *known; /* not owned; NULL: there is none */
	struct aa_ledger *ledger; /* room for one, owned */
	uint64_t machine_ns; /* when these two were read; 0: never */
	double machine_ready, machine_idle;
	uint64_t sessions_ns; /* when this was read; 0: never */
	double sessions;
	bool urgent; /* tuning_urgent() raised our priority: */
	int nice; /* it was this before */
	const struct replaying *replaying; /* whose processes work for the apps; not owned; NULL: there are none */
	const char *off; /* why there is no governor, for the report; NULL: there is one */
};

/*
 * Starts a governor for the apps of watch, unless the settings allow it nothing. What it cannot have, it says on stderr
 * and in tuning->off; the run then only observes. host must outlive it. Stop with tuning_stop().
 */
void tuning_start(struct tuning *tuning, const struct config *config, const struct host *host, struct watch *watch);

/*
 * From tuning_urgent() to tuning_calm() the agent runs as soon as it has something to do, unless this is a dry run: who
 * is to help against neighbours must not wait behind them. What it forks meanwhile begins as an ordinary process, not as
 * the agent was before. tuning may be zeroed.
 */
void tuning_urgent(struct tuning *tuning, const struct config *config);
void tuning_calm(struct tuning *tuning);

/*
 * governor_started(), governor_tick() and governor_finish(), which do nothing without a governor.
 */
void tuning_started(struct tuning *tuning, unsigned int app, pid_t pid);
uint64_t tuning_tick(struct tuning *tuning);
void tuning_finish(struct tuning *tuning);

/*
 * governor_changes(): none without a governor.
 */
size_t tuning_changes(const struct tuning *tuning, unsigned int app, struct change *ret, size_t max);

/*
 * Frees; what was not finished is left to the journal. Accepts a zeroed one.
 */
void tuning_stop(struct tuning *tuning);

#endif /* TUNING_H */
