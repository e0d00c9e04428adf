/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Moving a process between control groups makes the kernel wait for an RCU grace period (cgroup_threadgroup_rwsem:
 * percpu_down_write(), rcu_sync_enter()), 8 ms at the median and 20 at worst on the development machine. With
 * /sys/kernel/rcu_expedited at 1 the same wait takes 0.1 ms, for an interrupt on each busy CPU: so it stands at 1 for
 * the moment of a move, and at no other time.
 */
#ifndef EXPEDITE_H
#define EXPEDITE_H

#include "act/journal.h"

struct expedite;

/*
 * Prepares. Never fails for lack of the file (moves then take longer): *ret is an object that does nothing. Agents that
 * run at the same time take turns through the lock of a file in directory, the journals': who does not get it soon goes
 * without. That file also says, from begin to end, that the 1 is an agent's; no journal does, which would be kept or
 * undone later, when an administrator may want 1. Returns 0 or -ENOMEM.
 */
int expedite_open(const char *root, const char *directory, struct expedite **ret);

/*
 * From begin to end grace periods are short, unless the file holds something else than 0 already, or rcu_normal
 * overrides it: then they do nothing. Between them, no more than one pass of moves: milliseconds.
 */
void expedite_begin(struct expedite *e);
void expedite_end(struct expedite *e);

/*
 * Ends what has begun, and frees. Accepts NULL.
 */
void expedite_close(struct expedite *e);

/*
 * Puts 0 back where an agent was killed between begin and end; dir is the journals' directory. journal_recover() calls
 * it. Returns 0 (also if there was nothing to do), or -errno: the next recovery tries again.
 */
int expedite_recover(const char *root, int dir, journal_tell tell, void *context);

#endif /* EXPEDITE_H */
