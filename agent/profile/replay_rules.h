/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* When a replay goes on, where it goes on, and when it stops: after each chunk. */
#ifndef REPLAY_RULES_H
#define REPLAY_RULES_H

#include <stdint.h>

enum replay_stop {
	REPLAY_GOING,
	REPLAY_DONE, /* all of it */
	REPLAY_RESIDENT, /* what was looked at is in memory already, and nothing was to be read */
	REPLAY_OVERTAKEN, /* the app has read what was to be brought before it was its turn, all the time */
	REPLAY_PRESSURE, /* memory is short */
	REPLAY_BUDGET, /* all that the budget allows */
	REPLAY_APP_ENDED,
	REPLAY_AGENT_ENDED, /* the app goes on */
	REPLAY_FAILED,
	REPLAY_STOPS,
};

/* The words of the report. */
extern const char *const replay_stop_names[REPLAY_STOPS];

/* What came of one chunk. */
struct replay_outcome {
	uint64_t wanted_bytes; /* of files that are there */
	uint64_t resident_bytes; /* part of it that was in memory when it was its turn */
	uint64_t took_ns;
	uint64_t stalled_ns; /* part of it in which somebody waited for memory (PSI "some") */
};

struct replay_rules {
	uint32_t ahead; /* chunks in a row of which nearly all was there already */
	uint64_t brought_bytes;
	uint64_t took_ns, stalled_ns; /* of the last chunks, the older the less */
};

/*
 * Takes in the outcome of a chunk. Returns REPLAY_GOING, with the number of chunks to go forward in *ret_step (1: to the
 * next one), or why it is time to stop.
 */
enum replay_stop replay_rules_next(struct replay_rules *rules, const struct replay_outcome *outcome,
				   uint32_t *ret_step);

#endif /* REPLAY_RULES_H */
