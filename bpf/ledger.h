/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * The time ledger's rules, pure C: compiled into the BPF programs, into the agent (to bring a snapshot up to date) and
 * into the unit tests. The caller holds the ledger's lock.
 *
 * Every nanosecond of a thread is in one state, and every nanosecond of wall time is charged once: split evenly among
 * the active threads, to what the last of them waits for while none is active, to idle while there is no thread at all.
 * A thread stores no time: entering a state subtracts the clock from the state's sum, leaving adds it, so a change
 * costs the same however many threads there are, and a reader at any moment adds n * clock for those still inside.
 */
#ifndef BPF_LEDGER_H
#define BPF_LEDGER_H

#include "aa_ledger.h"
#include "opaque.h"

static __always_inline void aa_ledger_sleep(struct aa_ledger *l, __u64 dt)
{
	if (l->n[AA_SLEEP_SOCKET])
		l->sleep[AA_SLEEP_SOCKET - AA_ACTIVE_STATES] += dt;
	else if (l->n[AA_SLEEP_TIMER])
		l->sleep[AA_SLEEP_TIMER - AA_ACTIVE_STATES] += dt;
	else if (l->n[AA_SLEEP_OTHER])
		l->sleep[AA_SLEEP_OTHER - AA_ACTIVE_STATES] += dt;
	else if (l->n[AA_SLEEP_PIPE])
		l->sleep[AA_SLEEP_PIPE - AA_ACTIVE_STATES] += dt;
	else if (l->n[AA_SLEEP_FUTEX])
		l->sleep[AA_SLEEP_FUTEX - AA_ACTIVE_STATES] += dt;
	else
		l->sleep[AA_SLEEP_CHILD - AA_ACTIVE_STATES] += dt;
}

/*
 * The part of a wait for a CPU that neighbours cause: without them, as many of the waiting threads would run as there
 * are CPUs that no thread of the app has.
 */
static __always_inline void aa_ledger_neighbours(struct aa_ledger *l, __u64 share)
{
	__u32 queued = l->n[AA_RUNQ], free;

	if (!queued || l->running >= l->cpus)
		return;
	free = l->cpus - l->running;
	l->w += queued <= free ? share : share / queued * free;
}

/*
 * Brings the clocks to now. A time before l->now (another CPU was faster to the lock) is taken as l->now.
 */
static __always_inline void aa_ledger_advance(struct aa_ledger *l, __u64 now)
{
	__u64 dt, share, all, running;

	if (now <= l->now)
		return;
	if (!l->started) {
		l->now = now;
		return;
	}
	dt = now - l->now;
	l->now = now;

	running = aa_opaque(l->running);
	if (running >= AA_CONCURRENCY)
		running = AA_CONCURRENCY - 1;
	l->running_ns[running] += dt;

	if (!l->active) {
		if (l->threads)
			aa_ledger_sleep(l, dt);
		else
			l->idle += dt;
		return;
	}
	if (l->active == 1) {
		/* v_rest is less than the number of active threads was: hand it out whole, no division needed */
		share = (dt << AA_WALL_SHIFT) + l->v_rest;
		l->v_rest = 0;
		if (l->running || l->n[AA_RUNQ])
			l->s += share;
	} else {
		all = (dt << AA_WALL_SHIFT) + l->v_rest;
		share = all / l->active;
		l->v_rest = all - share * l->active;
	}
	l->v += share;
	aa_ledger_neighbours(l, share);
}

static __always_inline void aa_ledger_queue(const struct aa_ledger *l, struct aa_queued *queued)
{
	queued->v = l->v;
	queued->w = l->w;
	queued->s = l->s;
}

/*
 * Counts one thread of command c into state (less than AA_STATES).
 */
static __always_inline void aa_ledger_enter(struct aa_ledger *l, struct aa_cell *c, __u32 state,
					    struct aa_queued *queued)
{
	c->n[state]++;
	c->t[state] -= l->now;
	l->n[state]++;
	if (state >= AA_ACTIVE_STATES)
		return;
	c->v[state] -= l->v;
	l->active++;
	if (state <= AA_RUN_RECLAIM) {
		c->s -= l->s;
		l->running++;
	} else if (state == AA_RUNQ) {
		aa_ledger_queue(l, queued);
	}
}

/*
 * Counts one thread of command c out of state (less than AA_STATES). turn (aa_turn) is asked for where it comes from the
 * run queue.
 */
static __always_inline void aa_ledger_leave(struct aa_ledger *l, struct aa_cell *c, __u32 state,
					    const struct aa_queued *queued, __u32 turn)
{
	c->n[state]--;
	c->t[state] += l->now;
	l->n[state]--;
	if (state >= AA_ACTIVE_STATES)
		return;
	c->v[state] += l->v;
	l->active--;
	if (state <= AA_RUN_RECLAIM) {
		c->s += l->s;
		l->running--;
	} else if (state == AA_RUNQ) {
		if (turn == AA_TURN_ANY)
			c->w += l->w - queued->w;
		else if (turn == AA_TURN_IDLE)
			c->wakeup += l->v - queued->v;
		else if (turn == AA_TURN_OWN)
			c->pinned += l->v - queued->v;
		else
			c->w += l->v - queued->v;
	}
}

/*
 * A thread that is thought to have been in state (AA_RUNQ or AA_THROTTLED) since a time was on a CPU for ran ns of
 * that: moves its share of the times there. Some kernels do not trace every switch to a thread (seen: 6.18 in a virtual
 * machine, from the idle task of the second CPU), but they all count how long it ran.
 */
static __always_inline void aa_ledger_ran(struct aa_ledger *l, struct aa_cell *c, __u32 state, struct aa_queued *queued,
					  __u64 since, __u64 ran)
{
	__u64 waited = l->now - since, part, v;

	if (!waited)
		return;
	if (ran > waited)
		ran = waited;
	part = (ran << 10) / waited; /* of 1024 */
	c->t[state] -= ran;
	c->t[AA_RUN] += ran;
	if (state != AA_RUNQ)
		return;
	v = ((l->v - queued->v) >> 10) * part;
	c->v[AA_RUNQ] -= v;
	c->v[AA_RUN] += v;
	c->s += ((l->s - queued->s) >> 10) * part;
	queued->w += ((l->w - queued->w) >> 10) * part; /* what is left of the wait is less */
}

/*
 * A thread that is counted as running since a time, when it was entered with aa_ledger_queue(), has waited for its CPU
 * until now: moves that time.
 */
static __always_inline void aa_ledger_waited(struct aa_ledger *l, struct aa_cell *c, const struct aa_queued *queued,
					     __u64 since)
{
	__u64 t = l->now - since, v = l->v - queued->v;

	c->t[AA_RUN] -= t;
	c->t[AA_RUNQ] += t;
	c->v[AA_RUN] -= v;
	c->v[AA_RUNQ] += v;
	c->s -= l->s - queued->s;
}

/*
 * A thread of the app appears.
 */
static __always_inline void aa_ledger_born(struct aa_ledger *l)
{
	if (!l->started)
		l->started = l->now;
	l->ended = 0;
	l->threads++;
	if (l->threads > l->threads_peak)
		l->threads_peak = l->threads;
}

/*
 * A thread of the app is gone. Returns 1 if it was the last.
 */
static __always_inline int aa_ledger_gone(struct aa_ledger *l)
{
	l->threads--;
	if (l->threads)
		return 0;
	l->ended = l->now;
	return 1;
}

/* The result goes through memory: the verifier would follow the rest of the caller once for each possible index. */
static __always_inline __u32 aa_ledger_found(struct aa_ledger *l, __u32 cell)
{
	*(volatile __u32 *)&l->found = cell;
	return *(volatile __u32 *)&l->found;
}

/* The cell of a command that has none of its own. */
static __always_inline __u32 aa_ledger_other(struct aa_ledger *l)
{
	__builtin_memcpy(l->command[AA_MAX_COMMANDS - 1].name, "(other)", 8);
	l->commands = AA_MAX_COMMANDS;
	return aa_ledger_found(l, AA_MAX_COMMANDS - 1);
}

/* A new cell for a command, noted in the slot that a search just ended at. */
static __always_inline __u32 aa_ledger_add(struct aa_ledger *l, const __u64 *want)
{
	__u64 cell = aa_opaque(*(volatile __u32 *)&l->commands), at = aa_opaque(*(volatile __u32 *)&l->slot_found);
	__u64 *new;

	if (cell >= AA_MAX_COMMANDS - 1)
		return aa_ledger_other(l);
	new = (__u64 *)l->command[cell].name;
	new[0] = want[0];
	new[1] = want[1];
	l->commands = cell + 1;
	if (at < AA_COMMAND_SLOTS)
		l->slot[at] = cell + 1;
	return aa_ledger_found(l, cell);
}

/*
 * Returns the index of the command's cell, made if it is new. Past AA_MAX_COMMANDS - 1 names it is the last cell,
 * "(other)"; so it is for one that finds all its slots taken, which of 127 names one in 100,000 does. Slots, because the
 * verifier walks a search once for each place that it may end at: it took half of the time in which the programs that are
 * run at an exec are loaded to go through the names.
 */
static __always_inline __u32 aa_ledger_command(struct aa_ledger *l, const char name[AA_COMM_LEN])
{
	const __u64 *want = (const __u64 *)name, *have;
	__u64 hash = want[0] ^ want[1] * 0x9e3779b97f4a7c15ULL, step, at, cell;
	__u32 i;

	/* folded before: a product has in its middle nothing of what differs above */
	hash = (hash ^ hash >> 32) * 0xc2b2ae3d27d4eb4fULL;
	step = hash >> 32 | 1;
	at = hash >> 48;
	for (i = 0; i < AA_COMMAND_PROBES; i++, at += step) {
		at = aa_opaque(at & (AA_COMMAND_SLOTS - 1));
		*(volatile __u32 *)&l->slot_found = at;
		if (at >= AA_COMMAND_SLOTS)
			break;
		cell = aa_opaque(l->slot[at]);
		if (!cell)
			return aa_ledger_add(l, want);
		cell = aa_opaque(cell - 1);
		if (cell >= AA_MAX_COMMANDS - 1)
			break;
		have = (const __u64 *)l->command[cell].name;
		if (!((have[0] ^ want[0]) | (have[1] ^ want[1])))
			return aa_ledger_found(l, cell);
	}
	return aa_ledger_other(l);
}

#endif /* BPF_LEDGER_H */
