/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* An index that the compiler knows nothing about. Pure C, for both sides. */
#ifndef BPF_OPAQUE_H
#define BPF_OPAQUE_H

#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/*
 * Returns index, in a whole register of its own, to be checked and then used: else the compiler may check one copy, or
 * half of one, and use another, and the verifier of 6.1 does not see that the bound holds for both.
 */
static __always_inline __u64 aa_opaque(__u64 index)
{
	asm volatile("" : "+r"(index));
	return index;
}

#endif /* BPF_OPAQUE_H */
