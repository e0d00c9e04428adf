/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * When reads of pages in memory are noted. Noting is a tenth of what a small read takes, for whoever reads: where many
 * reads have told nothing new for a second, it is done a quarter of the time only, until something is new again.
 */
#ifndef TRACE_USE_PACE_H
#define TRACE_USE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* What was counted so far. */
struct use_seen {
	uint64_t reads; /* noted or not, while they were watched */
	uint64_t fresh; /* looks that told something new */
	uint64_t missed; /* pages, while reads were not watched */
	bool full; /* what is new finds no room: nothing is worth noting */
};

/* All zero: at the start. */
struct use_pace {
	struct use_seen seen; /* when this part began */
	uint64_t since_ns; /* when that was; 0: at no time yet */
	uint64_t idle_ns; /* reads told nothing new for so long */
	bool paused;
};

/*
 * Whether use_pace() has something to decide: to count takes a system call.
 */
bool use_pace_is_due(const struct use_pace *pace, uint64_t now_ns);

/*
 * Returns whether reads are to be watched from now on; now_ns is CLOCK_MONOTONIC. To be asked often.
 */
bool use_pace(struct use_pace *pace, const struct use_seen *seen, uint64_t now_ns);

#endif /* TRACE_USE_PACE_H */
