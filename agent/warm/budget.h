/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How much of a warm run's files memory holds without harm. */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdint.h>
#include <sys/types.h>

/*
 * What is available to a process, by the machine and by the limits of its control groups, less a sixteenth of either for
 * what others will want. Returns 0, or -errno: the kernel does not tell.
 */
int budget_read(const char *root, pid_t pid, uint64_t *ret_bytes);

#endif /* BUDGET_H */
