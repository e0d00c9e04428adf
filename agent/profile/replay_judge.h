/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a replay was worth. */
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
	uint64_t wall_ns; /* of the run; 0: it is not over, or was not seen whole */
};

/* Shares are 0 to 1; NAN: unknown, or there was nothing. */
struct replay_judgement {
	double coverage; /* of what the app would have missed: the part that was brought */
	double accuracy; /* of what was brought: the part that the app used */
	double timely; /* of what was brought or came too late: the part that was in time */
	double gain; /* of the wall time of the last run without replay: what was saved; less than 0: lost */
	bool counts; /* the run was cold, and can be compared: it says whether the profile pays */
	bool pays; /* only with counts */
};

void replay_judge(const struct replay_facts *facts, const struct profile_history *history,
		  struct replay_judgement *ret);

/*
 * Takes a judgement into the history. Returns whether that disabled the profile just now.
 */
bool replay_remember(struct profile_history *history, const struct replay_judgement *judgement, uint64_t wall_ns,
		     int64_t now_realtime_ns);

#endif /* REPLAY_JUDGE_H */
