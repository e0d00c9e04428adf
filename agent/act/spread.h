/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Brings a thread that waits for a CPU, behind another of its app or because a neighbour has its share there, to a CPU
 * that has none of the app. With the weight alone the app gets there as well, but the kernel balances busy CPUs every
 * 32 to 64 ms only, and a compiler lives no longer: two of them share one CPU meanwhile. A thread is moved by setting its
 * affinity to one CPU and back at once, so nothing stays; what is between the two calls is on record, in case we do not
 * live to make the second. Only threads that may run on every CPU are moved: what a thread has of its own, and what comes
 * from its cpuset, cannot be told apart
 * afterwards, and would be made its own.
 */
#ifndef SPREAD_H
#define SPREAD_H

#include <stdint.h>

#include "aa_map.h"

struct spread;

/*
 * Gets ready. cpus is what the kernel side sees, and how it is asked to wake the agent; directory is the journal's.
 * Returns 0 or -ENOMEM. The other one looks at threads and CPUs below root, which is not copied.
 */
int spread_open(const char *directory, struct aa_cpus *cpus, struct spread **ret);
int spread_open_below(const char *root, const char *directory, struct aa_cpus *cpus, struct spread **ret);

/*
 * Where one or another thread of an app has waited for AA_SPREAD_WAITED_NS or more, moves the one that waits now to a
 * CPU where none of the app runs or waits, as long as there are any: only if it may run on every CPU that is online, and
 * is scheduled as SCHED_OTHER or SCHED_BATCH; each once. apps has one bit for each app to be spread. Returns how many
 * were moved. The next step is due at s's spread_next(): steps of which nothing comes are up to 1 ms apart.
 */
unsigned int spread_step(struct spread *s, uint64_t apps, uint64_t now_ns);

/*
 * When the next step is due (CLOCK_MONOTONIC, ns): 0, at once, if the kernel side has seen a thread queue up since the
 * last one.
 */
uint64_t spread_next(const struct spread *s);

/*
 * Frees. Accepts NULL.
 */
void spread_close(struct spread *s);

/*
 * Gives threads that an agent was killed over their affinity back. Returns how many, or -errno.
 */
int spread_recover(const char *directory);

#endif /* SPREAD_H */
