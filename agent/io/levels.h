/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which operations of one file must wait for which: a level for each, done one after another. */
#ifndef IO_LEVELS_H
#define IO_LEVELS_H

#include <stddef.h>
#include <stdint.h>

#include "accel_io.h"

/*
 * For the n operations of a file whose numbers are in which, in the order of the list, sets level[number]: done level by
 * level, in any order within a level, they give what the order of the list gives. Reads are in level 0 where they can be,
 * writes in 1. file_bytes is the file's size before: a write behind it changes what a read behind it finds. No operation
 * may be empty, nor reach beyond INT64_MAX unless it is ACCEL_IO_TO_END. Returns 0 or -ENOMEM.
 */
int levels_find(const struct accel_io_op *ops, const uint32_t *which, uint32_t n, uint64_t file_bytes, uint32_t *level);

#endif /* IO_LEVELS_H */
