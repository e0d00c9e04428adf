/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How much memory a replay may fill, and how many threads it may have. */
#ifndef REPLAY_BUDGET_H
#define REPLAY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Half of what the machine has available (MemAvailable), or of what the memory limits of pid's control groups leave it,
 * whichever is less: the app has to live in the rest. 0: the machine does not tell.
 */
uint64_t replay_budget(const char *root, pid_t pid);

/*
 * How many threads at a time, the caller's own included: what pays, but no more than a quarter of what the limits of pid's
 * control groups leave (pids.max). The app is mostly in the same groups, and has to be able to start processes. At least 1.
 */
unsigned int replay_threads(const char *root, pid_t pid);

/*
 * Whether a group that has room for so many processes and threads is to take in a replay of so many.
 */
bool replay_fits(uint64_t room, uint64_t tasks);

#endif /* REPLAY_BUDGET_H */
