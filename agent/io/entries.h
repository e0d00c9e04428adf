/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From a caller's list to what can be planned: checked, with levels and places. */
#ifndef IO_ENTRIES_H
#define IO_ENTRIES_H

#include "io/files.h"
#include "io/plan.h"

/*
 * Gives every operation its result where that is known already (an error, or nothing to do), and all of its bytes where
 * not; those are the *ret_count entries. Returns 0 or -ENOMEM; free *ret.
 */
int entries_make(struct accel_io_op *ops, uint32_t n, const struct io_files *files, struct plan_entry **ret,
		 uint32_t *ret_count);

#endif /* IO_ENTRIES_H */
