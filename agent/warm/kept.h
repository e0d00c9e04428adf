/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Files that were read, held open until the end, to see then whether they are still in memory: where there is less memory
 * than was read, what came later takes the place of what came first. Of many files a sample is held, of like density from
 * the first to the last, and of neighbours the largest.
 */
#ifndef KEPT_H
#define KEPT_H

#include <stddef.h>
#include <stdint.h>

struct kept;
struct warm_counts;

/*
 * Holds at most so many files. Returns NULL: out of memory. Free with kept_free(), which closes them and accepts NULL.
 */
struct kept *kept_new(size_t max);
void kept_free(struct kept *kept);

/*
 * Takes the descriptor of a file of which so many bytes were read.
 */
void kept_add(struct kept *kept, int fd, uint64_t read_bytes);

/*
 * Counts the after_ of counts, for those files of which the kernel tells.
 */
void kept_check(const struct kept *kept, struct warm_counts *counts);

#endif /* KEPT_H */
