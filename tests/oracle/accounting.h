/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the accounting oracle's two halves share. */
#ifndef ACCOUNTING_H
#define ACCOUNTING_H

#include <linux/types.h>

/* Sums over threads that have left the CPU for the last time: what their /proc/PID/schedstat would say then. */
struct accounting_sums {
	__u64 run_ns;
	__u64 runq_ns;
	__u64 threads;
	/* that they ran, or waited, when the clock was not looked at, less what others did (as two's complement) */
	__u64 run_late_ns;
	__u64 runq_late_ns;
	__u64 processes;
	__u64 live; /* threads that have not ended yet */
	__u64 dropped; /* threads for which there was no room: the sums are too small */
};

#endif /* ACCOUNTING_H */
