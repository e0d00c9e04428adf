/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Pages of the page cache that followed threads looked at: a bit each, in a table of blocks of files. A block has a slot in
 * the first bucket with room from its own one on, and none ever leaves, so a search ends at a bucket with room. Looks are
 * many and mostly tell nothing new: then one line of the cache is all that they touch.
 */
#ifndef AA_USE_H
#define AA_USE_H

#include <linux/types.h>

#define AA_USE_PAGES 64 /* of a block: as many as a word has bits */
#define AA_USE_SLOTS 4
#define AA_USE_SHIFT 16
#define AA_USE_BUCKETS (1 << AA_USE_SHIFT)
#define AA_USE_PROBES 8 /* buckets that a block may be in: they are full when more than half of the table is */

struct aa_use_slot {
	__u64 tag; /* what stands for the block, 0: free */
	__u64 bits;
};

struct aa_use_bucket {
	struct aa_use_slot slot[AA_USE_SLOTS];
};

_Static_assert(sizeof(struct aa_use_bucket) == 64, "a bucket is a line of the cache");

#define AA_USE_TICK_SHIFT 14 /* 16 us */

/* When the blocks of a bucket were first looked at, CLOCK_MONOTONIC in ticks, which 32 bits hold for 19 hours. */
struct aa_use_times {
	__u32 slot[AA_USE_SLOTS];
};

/* What is counted on each CPU. */
struct aa_use_looks {
	__u64 reads; /* by anybody */
	__u64 fresh; /* that set a bit; and faults that did */
};

struct aa_use_state {
	__u64 blocks; /* in the table */
	__u64 full; /* blocks that found no room */
	__u64 cold; /* 1: something was missed, or is brought, since the table was emptied; before, no look is noted */
	__u64 missed; /* pages that were missed, and noted as looked at, while reads were not noted */
};

/* What stands for a block of a file; dev is the kernel's dev_t, block the first page / AA_USE_PAGES. Never 0. */
static inline __u64 aa_use_tag(__u32 dev, __u64 ino, __u64 block)
{
	__u64 h = (ino * 0x9e3779b97f4a7c15ULL + block) * 0xc2b2ae3d27d4eb4fULL + dev;

	return (h ^ h >> 29) * 0x9e3779b97f4a7c15ULL | 1;
}

/* The bucket where the search for a block begins (probe 0), and those where it goes on. */
static inline __u32 aa_use_bucket(__u64 tag, __u32 probe)
{
	return ((__u32)(tag >> (64 - AA_USE_SHIFT)) + probe) & (AA_USE_BUCKETS - 1);
}

/* The slot of a block; else NULL, and whether the search ends here. */
static inline struct aa_use_slot *aa_use_find(struct aa_use_bucket *b, __u64 tag, int *ret_ends)
{
	int i;

	for (i = 0; i < AA_USE_SLOTS; i++)
		if (b->slot[i].tag == tag)
			return &b->slot[i];
	*ret_ends = !b->slot[AA_USE_SLOTS - 1].tag;
	return 0;
}

/* The slot of a block, which may be taken for it: *ret_taken. NULL: all are in use. */
static inline struct aa_use_slot *aa_use_take(struct aa_use_bucket *b, __u64 tag, int *ret_taken)
{
	__u64 was;
	int i;

	for (i = 0; i < AA_USE_SLOTS; i++) {
		was = b->slot[i].tag;
		if (!was) {
			was = __sync_val_compare_and_swap(&b->slot[i].tag, 0, tag);
			if (!was) {
				*ret_taken = 1;
				return &b->slot[i];
			}
		}
		if (was == tag)
			return &b->slot[i];
	}
	return 0;
}

/* The bits of a block in a whole table, and its place there, as a number of slots; 0: it is not there. */
static inline __u64 aa_use_bits(struct aa_use_bucket *table, __u64 tag, __u32 *ret_place)
{
	struct aa_use_slot *slot;
	__u32 probe, at;
	int ends = 0;

	for (probe = 0; probe < AA_USE_PROBES && !ends; probe++) {
		at = aa_use_bucket(tag, probe);
		slot = aa_use_find(&table[at], tag, &ends);
		if (slot) {
			*ret_place = at * AA_USE_SLOTS + (__u32)(slot - table[at].slot);
			return slot->bits;
		}
	}
	return 0;
}

#endif /* AA_USE_H */
