/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How fast something grew in the last few seconds: a ring of what it was. */
#include "warm/rate.h"

#include <math.h>

void rate_note(struct rate *rate, double seconds, uint64_t amount)
{
	rate->seconds[rate->next] = seconds;
	rate->amount[rate->next] = amount;
	rate->next = (rate->next + 1) % RATE_SAMPLES;
	if (rate->count < RATE_SAMPLES)
		rate->count++;
}

double rate_per_second(const struct rate *rate)
{
	size_t newest = (rate->next + RATE_SAMPLES - 1) % RATE_SAMPLES;
	size_t oldest = (rate->next + RATE_SAMPLES - rate->count) % RATE_SAMPLES;
	double seconds = rate->seconds[newest] - rate->seconds[oldest];

	if (rate->count < 2 || seconds <= 0)
		return NAN;
	return (double)(rate->amount[newest] - rate->amount[oldest]) / seconds;
}
