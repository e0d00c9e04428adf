/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Pages of the page cache that followed threads looked at: a bit each, in two words of a table that has no keys, so that
 * noting one costs next to nothing. A bit counts if it is set in both.
 */
#ifndef AA_USE_H
#define AA_USE_H

#include <linux/types.h>

#define AA_USE_PAGES 64 /* of a block: as many as a word has bits */
#define AA_USE_SHIFT 18
#define AA_USE_WORDS (1 << AA_USE_SHIFT)
#define AA_USE_FULL (AA_USE_WORDS / 4) /* words in use: from then on, one bit in 16 is set by chance */

/* What stands for a block of a file; dev is the kernel's dev_t, block the first page / AA_USE_PAGES. */
static inline __u64 aa_use_hash(__u32 dev, __u64 ino, __u64 block)
{
	__u64 h = (ino * 0x9e3779b97f4a7c15ULL + block) * 0xc2b2ae3d27d4eb4fULL + dev;

	return (h ^ h >> 29) * 0x9e3779b97f4a7c15ULL;
}

/* The first word of a block (which 0) and the second one (1). */
static inline __u32 aa_use_word(__u64 hash, int which)
{
	return (__u32)(hash >> (which ? 64 - AA_USE_SHIFT : 8)) & (AA_USE_WORDS - 1);
}

#endif /* AA_USE_H */
