/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Buckets of the latency histogram, pure C: 16 linear buckets in each power of two. */
#ifndef BPF_HISTOGRAM_H
#define BPF_HISTOGRAM_H

#include "aa_record.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/*
 * Returns the bucket of a latency in ns, less than AA_HIST_BUCKETS. The last one also takes all that is longer.
 */
static __always_inline __u32 aa_hist_bucket(__u64 ns)
{
	__u64 v = ns;
	__u32 exponent = 0;

	/* the position of the highest bit above the lowest 16, in five steps: BPF has no count-leading-zeros */
	if (v >> 35) /* 34 s */
		return AA_HIST_BUCKETS - 1;
	if (v >> 20) {
		exponent += 16;
		v >>= 16;
	}
	if (v >> 12) {
		exponent += 8;
		v >>= 8;
	}
	if (v >> 8) {
		exponent += 4;
		v >>= 4;
	}
	if (v >> 6) {
		exponent += 2;
		v >>= 2;
	}
	if (v >> 5) {
		exponent += 1;
		v >>= 1;
	}
	if (!(v >> 4)) /* below 16 ns: one bucket a nanosecond */
		return v;
	return 16 * (exponent + 1) + (v & 15);
}

/*
 * Returns the middle of a bucket, ns.
 */
static __always_inline __u64 aa_hist_value(__u32 bucket)
{
	__u32 exponent = bucket / 16;

	if (exponent <= 1)
		return bucket;
	return ((__u64)(16 + bucket % 16) << (exponent - 1)) + ((1ULL << (exponent - 1)) / 2);
}

#endif /* BPF_HISTOGRAM_H */
