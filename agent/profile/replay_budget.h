/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How much memory a replay may fill. */
#ifndef REPLAY_BUDGET_H
#define REPLAY_BUDGET_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Half of what the machine has available (MemAvailable), or of what the memory limits of pid's control groups leave it,
 * whichever is less: the app has to live in the rest. 0: the machine does not tell.
 */
uint64_t replay_budget(const char *root, pid_t pid);

#endif /* REPLAY_BUDGET_H */
