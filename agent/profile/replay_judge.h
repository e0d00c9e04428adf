/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What a replay was worth, and whether the next one is worth trying.
 *
 * Wall times of two runs differ by what neighbours and the app itself did meanwhile. What a replay can change is how long
 * the app waits for its reads, so that is compared, between runs that needed about as many bytes from the disk and used
 * about as much CPU time, or less by what it takes to read them.
 */
#ifndef REPLAY_JUDGE_H
#define REPLAY_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"

#define REPLAY_UNPAID_MAX 3 /* replays in a row that did not pay: then the profile is disabled */

/* What was seen of a run. */
struct replay_facts {
	uint64_t planned_bytes; /* of files that are there */
	uint64_t brought_bytes; /* read from the disk for the app */
	uint64_t resident_bytes; /* planned, and there when it was their turn */
	uint64_t missed_bytes; /* that the app itself had to read */
	bool used_known;
	uint64_t used_bytes; /* part of brought_bytes that the app looked at */
	struct profile_cost cost; /* its bytes are not looked at; wall_ns 0: it is not over, or was not seen whole */
};

enum replay_verdict {
	REPLAY_UNCLEAR, /* nearly all was in memory, or the run was not seen whole: it says nothing */
	REPLAY_UNLIKE, /* it was cold, but there is no run without that it can be compared with */
	REPLAY_PAID,
	REPLAY_UNPAID,
};

/* Shares are 0 to 1; NAN: unknown, or there was nothing. */
struct replay_judgement {
	double coverage; /* of what the app would have missed: the part that was brought */
	double accuracy; /* of what was brought: the part that the app used */
	double timely; /* of what was brought or came too late: the part that was in time */
	double gain; /* see replay_gain(); NAN unless it was paid or unpaid */
	enum replay_verdict verdict;
	struct profile_cost cost; /* with the bytes that were missed or brought and used */
};

void replay_judge(const struct replay_facts *facts, const struct profile_history *history,
		  struct replay_judgement *ret);

/*
 * The waits that a replay saved, as a share of the wall time of the run without; less than 0: it waited for longer. NAN if
 * the two cannot be compared.
 */
double replay_gain(const struct profile_cost *cold, const struct profile_cost *replayed);

/*
 * Takes a judgement into the history. Returns whether that disabled the profile just now.
 */
bool replay_remember(struct profile_history *history, const struct replay_judgement *judgement,
		     int64_t now_realtime_ns);

/*
 * The same of a run without a replay; cold: it had to read at least half of what the profile has. A disabled profile rests
 * for it, and for one that read half of what the last cold run did; it is tried again at once if the command does not read
 * what it did.
 */
void replay_remember_without(struct profile_history *history, const struct profile_cost *cost, bool cold);

enum replay_due {
	REPLAY_DUE,
	REPLAY_DISABLED, /* it does not pay; tried again after 4 cold runs, then after 8, ... 64 */
	REPLAY_MEASURED, /* this run goes without: there is none to compare with, or it was another kind of run */
};

enum replay_due replay_due(const struct profile_history *history);

#endif /* REPLAY_JUDGE_H */
