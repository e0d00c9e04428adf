/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The states of a thread, as the kernel side and the agent both number them. */
#ifndef AA_STATE_H
#define AA_STATE_H

/*
 * Finer than the eight states that users read (INTERFACE: run runq throttled disk fault reclaim lock sleep), so that a
 * report can tell reads from writes and name what a sleep waits for. The active states come first; the sleeps are in
 * the order in which they are charged while nothing is active.
 */
enum aa_state {
	AA_RUN,
	AA_RUN_RECLAIM, /* on a CPU, but freeing memory for its own allocation */
	AA_RUNQ,
	AA_THROTTLED,
	AA_DISK_READ,
	AA_DISK_WRITE,
	AA_FAULT,
	AA_RECLAIM, /* waits for memory to be freed, or for a page that was evicted too early */
	AA_LOCK,
	AA_ACTIVE_STATES,
	AA_SLEEP_SOCKET = AA_ACTIVE_STATES,
	AA_SLEEP_TIMER,
	AA_SLEEP_OTHER,
	AA_SLEEP_PIPE,
	AA_SLEEP_FUTEX,
	AA_SLEEP_CHILD,
	AA_STATES,
	AA_GONE = 254, /* has left its last CPU: must not enter the ledger any more */
	AA_NO_STATE = 255, /* marked, but not yet seen by the scheduler programs */
};

#define AA_SLEEP_CAUSES (AA_STATES - AA_ACTIVE_STATES)

#endif /* AA_STATE_H */
