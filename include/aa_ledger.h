/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The time ledger of one app: plain data, written by the BPF side, read by the agent. bpf/ledger.h has the rules. */
#ifndef AA_LEDGER_H
#define AA_LEDGER_H

#include <linux/types.h>
#include "aa_state.h"

#define AA_MAX_COMMANDS 128 /* the last cell takes every command past the others, under the name "(other)" */
#define AA_COMMAND_SLOTS 512
#define AA_COMMAND_PROBES 8 /* slots that a command may be in */
#define AA_COMM_LEN 16
#define AA_CONCURRENCY 65 /* the last bucket: 64 or more threads */
#define AA_WALL_SHIFT 8 /* wall clocks count 1/256 ns: enough for two years of one state */

/*
 * One command (cc1, ld, ...) of one app. t and v hold "sum of leave times - sum of enter times": with n threads inside
 * at time now, the state's total is t + n * now, exact at any moment and modulo 2^64.
 */
struct aa_cell {
	char name[AA_COMM_LEN] __attribute__((aligned(8)));
	__u32 processes; /* processes that ran it, forks without exec included */
	__u32 n[AA_STATES]; /* threads in each state now */
	__u64 t[AA_STATES]; /* thread time, ns */
	__u64 v[AA_STATES]; /* wall time charged, 1/256 ns; the sleeps stay 0: one length for both lets the verifier follow */
	__u64 w; /* part of v[AA_RUNQ], waits that are over, that neighbours caused, 1/256 ns */
	__u64 wakeup; /* the same: while an idle CPU woke up */
	__u64 pinned; /* the same: of threads that may use fewer CPUs than the app, for others of it */
	__u64 s; /* part of v[AA_RUN] and v[AA_RUN_RECLAIM] while no other thread was active, 1/256 ns */
};

/* Who had the CPU that a thread comes to. */
enum aa_turn {
	AA_TURN_ANY, /* whoever: it might have come to another one, and what all the app's CPUs did says why it waited */
	AA_TURN_IDLE, /* nobody: it waited for that CPU to wake up, and for nobody else */
	AA_TURN_OWN, /* the thread may use fewer CPUs than the app, and another thread of the app had this one */
	AA_TURN_OTHER, /* the same, and somebody else had it */
};

/* What a thread remembers while it waits for a CPU: the clocks when it began to. */
struct aa_queued {
	__u64 v, w, s;
};

/*
 * What every switch touches comes first, with the cells of the first commands behind it, in one page: a switch of
 * address spaces may have emptied the TLB.
 */
struct aa_ledger {
	__u64 now; /* the clocks below are advanced to here, CLOCK_MONOTONIC ns */
	__u64 started; /* first thread seen, 0: none yet */
	__u64 ended; /* last thread left, 0: some live */
	__u64 v, w, s; /* the clocks, 1/256 ns */
	__u64 v_rest; /* what the division by the number of active threads left over */
	__u32 n[AA_STATES]; /* threads in each state now */
	__u32 active, running, threads, threads_peak;
	__u32 cpus; /* CPUs that the app may use, at least 1 */
	__u32 commands; /* cells in use */
	__u32 found, slot_found; /* cell and slot of the last look-up by name */
	__u64 running_ns[AA_CONCURRENCY]; /* wall time by number of running threads */
	struct aa_cell command[AA_MAX_COMMANDS];
	__u64 idle; /* no thread at all, ns */
	__u64 sleep[AA_SLEEP_CAUSES]; /* no active thread: wall time by cause, ns */
	__u8 slot[AA_COMMAND_SLOTS]; /* by a hash of a command's name: its cell + 1; 0: free */
};

#endif /* AA_LEDGER_H */
