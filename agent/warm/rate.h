/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How fast something grew in the last few seconds. Pure. */
#ifndef RATE_H
#define RATE_H

#include <stddef.h>
#include <stdint.h>

#define RATE_SAMPLES 32

struct rate {
	double seconds[RATE_SAMPLES];
	uint64_t amount[RATE_SAMPLES];
	size_t count, next;
};

/*
 * Notes the amount at a time; the time between two of these sets how many seconds count. Start with a zeroed rate.
 */
void rate_note(struct rate *rate, double seconds, uint64_t amount);

/*
 * By how much it grew in a second, from the oldest of the last RATE_SAMPLES notes to the newest. NAN: not known yet.
 */
double rate_per_second(const struct rate *rate);

#endif /* RATE_H */
