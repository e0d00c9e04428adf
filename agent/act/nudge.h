/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Interrupts an app while it is being moved. The grace period that a move waits for (expedite.h) is completed by an
 * ordinary thread of the kernel, rcu_exp_gp_kthread_worker, which is woken on the CPU that it had last. If the app has
 * just begun to run there, EEVDF lets it go on until the next tick, 4 ms at HZ=250, even where another CPU is idle. A
 * realtime thread that comes to that CPU for a moment every 0.1 ms makes the scheduler choose again, and then the one
 * that waits is chosen: on two idle CPUs 95 % of the moves were over 0.7 ms after the exec, and 4.3 ms without it.
 */
#ifndef NUDGE_H
#define NUDGE_H

#include <sys/types.h>

struct nudge;

/*
 * Begins to interrupt the process pid, of which /proc is below root (not copied). Returns NULL where that is of no use
 * (the caller is no realtime process) or not possible; the move takes longer then. End with nudge_stop().
 */
struct nudge *nudge_start(const char *root, pid_t pid);

/*
 * Ends it, within 0.1 ms, and frees. Accepts NULL.
 */
void nudge_stop(struct nudge *nudge);

#endif /* NUDGE_H */
