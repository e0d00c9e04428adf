/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Sorting the entries of a plan. Pure. */
#ifndef IO_SORT_H
#define IO_SORT_H

#include "io/plan.h"

/*
 * Sorts by level, transfers before jobs, place, file, offset, and number. Returns 0 or -ENOMEM.
 */
int sort_entries(const struct accel_io_op *ops, struct plan_entry *entries, uint32_t n);

#endif /* IO_SORT_H */
