/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How closely to look at an app: pure decision from two readings of its times. */
#ifndef LEVEL_H
#define LEVEL_H

#include "aa_ledger.h"

/* What a decision remembers between readings. Zeroed: nothing yet. */
struct level {
	__u64 elapsed_ns;
	__u64 blocked_ns;
	__u64 woken_ns;
	int wakers; /* result: it matters who ends the waits */
};

#define LEVEL_KEEP 0 /* leave it as it is */

/*
 * Returns the level of detail for the time to come: 2 while a tenth or more of the wall time since the last reading
 * went to waits that records can explain (disk, faults, reclaim, locks, sleep), else 1; but LEVEL_KEEP in an app's
 * first second, which the kernel side began at 2 on its own, so that short runs have their records, too. level->wakers
 * says whether a tenth went to waits that another thread ends: not a disk nor a timer, whose interrupts name nobody.
 */
unsigned int level_next(struct level *level, const struct aa_ledger *ledger);

#endif /* LEVEL_H */
