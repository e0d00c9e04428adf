/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What one run of an app took, of a ledger that goes on over all of its runs. */
#ifndef RUN_COST_H
#define RUN_COST_H

#include "aa_ledger.h"
#include "profile/profile.h"

/* Sums over all runs so far, seconds. */
struct run_sums {
	double waits; /* wall time charged to reads from the disk and to reclaim */
	double cpu;
};

/*
 * Returns 0 or -ENOMEM.
 */
int run_sums_read(const struct aa_ledger *ledger, struct run_sums *ret);

/*
 * What came between two of them, in a run of wall_ns. The bytes are not known here: 0.
 */
struct profile_cost run_cost(const struct run_sums *before, const struct run_sums *after, uint64_t wall_ns);

#endif /* RUN_COST_H */
