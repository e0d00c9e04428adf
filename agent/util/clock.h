/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The clocks that the agent reads. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/*
 * CLOCK_MONOTONIC in nanoseconds: the clock of the BPF side's time stamps.
 */
uint64_t clock_monotonic_ns(void);

/*
 * CLOCK_REALTIME in seconds since the epoch.
 */
double clock_realtime_seconds(void);

/*
 * CPU time of this process so far, user and system, in seconds.
 */
double clock_cpu_seconds(void);

#endif /* CLOCK_H */
