/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Processes whose threads are in several groups: v1 allows it, and virtual machines' CPUs have quotas that way. */
#ifndef PLACE_THREADS_H
#define PLACE_THREADS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether the threads of a process are in different groups of the v1 hierarchy of controller. Moving the process would
 * bring all into one, and nobody would know any more which of them came from where. Costs one stat(2) for a process
 * with one thread, else a read for each. Returns 0 (a process that is gone has no threads) or -errno.
 */
int place_threads(const char *root, pid_t pid, const char *controller, bool *ret_apart);

#endif /* PLACE_THREADS_H */
