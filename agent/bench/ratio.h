/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From pairs of times, without and with tuning, to what can be said of the difference. Pure: no I/O, no clock. */
#ifndef BENCH_RATIO_H
#define BENCH_RATIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two runs side by side: neighbours in time see the same machine. */
struct bench_pair {
	double without, with; /* seconds, more than 0 */
	bool with_first; /* the order of the two */
};

#define BENCH_PAIRS_MIN 6 /* fewer are all on one side by chance alone in one benchmark of 16, or more often: 2 / 2^5 */

enum bench_verdict {
	BENCH_TOO_FEW, /* pairs */
	BENCH_NO_DIFFERENCE,
	BENCH_FASTER, /* with tuning */
	BENCH_SLOWER,
};

extern const char *const bench_verdict_names[]; /* "faster", ... */

struct bench_ratio {
	double without, with; /* medians, seconds; NAN without pairs */
	double ratio; /* with / without: less than 1 is faster */
	double low, high; /* its 95 % confidence interval; NAN with fewer than 2 pairs */
	enum bench_verdict verdict;
};

/*
 * Compares the medians of n pairs. The interval is the percentile bootstrap's (Efron 1979): pairs are drawn with
 * replacement, 10,000 times, by random numbers that begin with seed. FASTER where all of it is below 1, SLOWER where all
 * of it is above. Returns 0 or -ENOMEM.
 */
int bench_ratio(const struct bench_pair *pairs, size_t n, uint64_t seed, struct bench_ratio *ret);

/*
 * Whether that much is certain before all pairs are through: the verdict is the same by a test that allows for being
 * asked after each pair (see effect_of()), or all of the interval lies within 1 % of no difference. Up to 20 pairs: more
 * looks than that the test does not allow for.
 */
bool bench_is_clear(const struct bench_pair *pairs, size_t n, const struct bench_ratio *ratio);

/*
 * The median of values, which it sorts. NAN if n is 0.
 */
double bench_median(double *values, size_t n);

#endif /* BENCH_RATIO_H */
