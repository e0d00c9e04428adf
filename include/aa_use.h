/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Pages of the page cache that followed threads looked at, 64 to an entry. */
#ifndef AA_USE_H
#define AA_USE_H

#include <linux/types.h>

#define AA_USE_PAGES 64 /* of an entry's value, a bit each */
#define AA_USE_MAX 65536 /* entries: 16 GiB of pages of 4 KiB, if they lie together */

struct aa_use_key {
	__u64 ino;
	__u64 block; /* first page / AA_USE_PAGES */
	__u32 dev; /* the kernel's dev_t: major << 20 | minor */
	__u32 pad;
};

_Static_assert(sizeof(struct aa_use_key) == 24, "key of a map");

#endif /* AA_USE_H */
