/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From pairs of times, without and with tuning, to what can be said of the difference. */
#include "bench/ratio.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "act/effect.h"

#define DRAWS 10000
#define OUTSIDE 0.025 /* of the draws on either side of the interval */
#define SMALLEST_PERCENT 1.0

const char *const bench_verdict_names[] = {
	[BENCH_TOO_FEW] = "too few pairs",
	[BENCH_NO_DIFFERENCE] = "no measurable difference",
	[BENCH_FASTER] = "faster",
	[BENCH_SLOWER] = "slower",
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
	if (!n)
		return NAN;
	qsort(values, n, sizeof(*values), by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* One side of the pairs, sorted: the median of a draw is found by counting. */
struct side {
	double *value; /* owned */
	size_t *pair; /* owned: whose value that is */
};

struct bootstrap {
	struct side without, with;
	unsigned int *drawn; /* owned: how often each pair was */
	double *ratios; /* owned: of all draws */
	unsigned short random[3]; /* of erand48(3) */
};

static void bootstrap_clear(struct bootstrap *b)
{
	free(b->without.value);
	free(b->without.pair);
	free(b->with.value);
	free(b->with.pair);
	free(b->drawn);
	free(b->ratios);
}

static bool bootstrap_has_room(struct bootstrap *b, size_t n)
{
	b->without = (struct side){ calloc(n + 1, sizeof(double)), calloc(n + 1, sizeof(size_t)) };
	b->with = (struct side){ calloc(n + 1, sizeof(double)), calloc(n + 1, sizeof(size_t)) };
	b->drawn = calloc(n + 1, sizeof(*b->drawn));
	b->ratios = calloc(DRAWS, sizeof(*b->ratios));
	return b->without.value && b->without.pair && b->with.value && b->with.pair && b->drawn && b->ratios;
}

/* Of n values that are few: by insertion. */
static void side_add(struct side *side, size_t n, double value)
{
	size_t at = n;

	for (; at && side->value[at - 1] > value; at--) {
		side->value[at] = side->value[at - 1];
		side->pair[at] = side->pair[at - 1];
	}
	side->value[at] = value;
	side->pair[at] = n;
}

static double side_median(const struct side *side, const unsigned int *drawn, size_t n)
{
	size_t i, seen = 0, half = (n + 1) / 2;
	double low;

	for (i = 0; seen < half; i++)
		seen += drawn[side->pair[i]];
	low = side->value[i - 1];
	if (n % 2 || seen > half)
		return low;
	while (!drawn[side->pair[i]])
		i++;
	return (low + side->value[i]) / 2;
}

static double draw(struct bootstrap *b, size_t n)
{
	size_t i;

	memset(b->drawn, 0, n * sizeof(*b->drawn));
	for (i = 0; i < n; i++)
		b->drawn[(size_t)(erand48(b->random) * (double)n)]++;
	return side_median(&b->with, b->drawn, n) / side_median(&b->without, b->drawn, n);
}

static void interval(struct bootstrap *b, size_t n, struct bench_ratio *ret)
{
	size_t i;

	for (i = 0; i < DRAWS; i++)
		b->ratios[i] = draw(b, n);
	qsort(b->ratios, DRAWS, sizeof(*b->ratios), by_value);
	ret->low = b->ratios[(size_t)(OUTSIDE * DRAWS)];
	ret->high = b->ratios[DRAWS - 1 - (size_t)(OUTSIDE * DRAWS)];
}

static enum bench_verdict judge(const struct bench_ratio *r, size_t n)
{
	if (n < BENCH_PAIRS_MIN)
		return BENCH_TOO_FEW;
	if (r->high < 1)
		return BENCH_FASTER;
	return r->low > 1 ? BENCH_SLOWER : BENCH_NO_DIFFERENCE;
}

int bench_ratio(const struct bench_pair *pairs, size_t n, uint64_t seed, struct bench_ratio *ret)
{
	struct bootstrap b = {
		.random = { (unsigned short)seed, (unsigned short)(seed >> 16), (unsigned short)(seed >> 32) },
	};
	struct bench_ratio r = { .low = NAN, .high = NAN };
	size_t i;

	if (!bootstrap_has_room(&b, n)) {
		bootstrap_clear(&b);
		return -ENOMEM;
	}
	for (i = 0; i < n; i++) {
		side_add(&b.without, i, pairs[i].without);
		side_add(&b.with, i, pairs[i].with);
	}
	if (n > 1)
		interval(&b, n, &r);
	r.without = bench_median(b.without.value, n);
	r.with = bench_median(b.with.value, n);
	r.ratio = r.with / r.without;
	r.verdict = judge(&r, n);
	bootstrap_clear(&b);
	*ret = r;
	return 0;
}

/* By runs an hour, as more is better there. The logarithm would do as well; a ratio is what it is about in both. */
static enum effect_verdict effect(const struct bench_pair *pairs, size_t n)
{
	struct effect_pair rates[EFFECT_PAIRS_MAX];
	size_t i;

	for (i = 0; i < n; i++)
		rates[i] = (struct effect_pair){ .off = 3600 / pairs[i].without, .on = 3600 / pairs[i].with };
	return effect_of("runs per hour", rates, n, SMALLEST_PERCENT).verdict;
}

bool bench_is_clear(const struct bench_pair *pairs, size_t n, const struct bench_ratio *r)
{
	if (n < BENCH_PAIRS_MIN || n > EFFECT_PAIRS_MAX)
		return false;
	switch (effect(pairs, n)) {
	case EFFECT_HELPS:
		return r->verdict == BENCH_FASTER;
	case EFFECT_HARMS:
		return r->verdict == BENCH_SLOWER;
	case EFFECT_NONE:
		return r->low > 1 - SMALLEST_PERCENT / 100 && r->high < 1 + SMALLEST_PERCENT / 100;
	default:
		return false;
	}
}
