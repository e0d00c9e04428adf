/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From pairs of times to what can be said of the difference. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/ratio.h"

#define N 12

static void assert_near(double value, double expected, double difference)
{
	if (fabs(value - expected) > difference)
		fail_msg("%f is not near %f", value, expected);
}

/* Times around a second, with a spread of 10 %, whatever the machine: the second column is factor times as long. */
static void fill(struct bench_pair *pairs, size_t n, double factor, unsigned short random[3])
{
	size_t i;

	for (i = 0; i < n; i++) {
		pairs[i].without = 1 + 0.1 * (erand48(random) - 0.5);
		pairs[i].with = factor * (1 + 0.1 * (erand48(random) - 0.5));
	}
}

static void medians(void **state)
{
	double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };

	(void)state;
	assert_near(bench_median(odd, 3), 2, 0);
	assert_near(bench_median(even, 4), 2.5, 0);
	assert_true(isnan(bench_median(odd, 0)));
}

/* Without pairs nothing is known, with one there is no interval, and with five nothing is certain. */
static void too_few(void **state)
{
	const struct bench_pair pairs[] = {
		{ 2, 1, false }, { 2, 1, false }, { 2, 1, true }, { 2, 1, true }, { 2, 1, false }
	};
	struct bench_ratio r;

	(void)state;
	assert_int_equal(bench_ratio(pairs, 0, 1, &r), 0);
	assert_true(isnan(r.without) && isnan(r.ratio) && isnan(r.low));
	assert_int_equal(r.verdict, BENCH_TOO_FEW);
	assert_int_equal(bench_ratio(pairs, 1, 1, &r), 0);
	assert_near(r.ratio, 0.5, 0);
	assert_true(isnan(r.low) && isnan(r.high));
	assert_int_equal(bench_ratio(pairs, 5, 1, &r), 0);
	assert_near(r.high, 0.5, 0);
	assert_int_equal(r.verdict, BENCH_TOO_FEW);
	assert_false(bench_is_clear(pairs, 5, &r));
}

/* A difference that is larger than the spread is found, in either direction, and more pairs are not needed. */
static void large_difference(void **state)
{
	unsigned short random[3] = { 1, 2, 3 };
	struct bench_pair pairs[N];
	struct bench_ratio r;

	(void)state;
	fill(pairs, N, 0.6, random);
	assert_int_equal(bench_ratio(pairs, N, 1, &r), 0);
	assert_int_equal(r.verdict, BENCH_FASTER);
	assert_near(r.ratio, 0.6, 0.03);
	assert_true(r.low < r.ratio && r.ratio < r.high);
	assert_true(r.high < 0.65 && r.low > 0.55);
	assert_true(bench_is_clear(pairs, N, &r));
	fill(pairs, N, 1.5, random);
	assert_int_equal(bench_ratio(pairs, N, 1, &r), 0);
	assert_int_equal(r.verdict, BENCH_SLOWER);
	assert_true(bench_is_clear(pairs, N, &r));
}

/* The same seed gives the same interval: who has the pairs can repeat it. */
static void is_repeatable(void **state)
{
	unsigned short random[3] = { 1, 2, 3 };
	struct bench_pair pairs[N];
	struct bench_ratio a, b;

	(void)state;
	fill(pairs, N, 0.9, random);
	assert_int_equal(bench_ratio(pairs, N, 77, &a), 0);
	assert_int_equal(bench_ratio(pairs, N, 77, &b), 0);
	assert_near(a.low, b.low, 0);
	assert_near(a.high, b.high, 0);
}

/* No difference and little spread: that it makes no difference is clear as well. */
static void equal_and_quiet(void **state)
{
	struct bench_pair pairs[N];
	struct bench_ratio r;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		pairs[i] = (struct bench_pair){ 1 + 0.0001 * (double)(i % 3), 1 + 0.0001 * (double)((i + 1) % 3),
						i % 2 };
	assert_int_equal(bench_ratio(pairs, N, 1, &r), 0);
	assert_int_equal(r.verdict, BENCH_NO_DIFFERENCE);
	assert_true(bench_is_clear(pairs, N, &r));
}

/* No difference and much spread: not told from chance, and not clear either. */
static void equal_and_noisy(void **state)
{
	unsigned short random[3] = { 6, 5, 4 };
	struct bench_pair pairs[N];
	struct bench_ratio r;

	(void)state;
	fill(pairs, N, 1, random);
	assert_int_equal(bench_ratio(pairs, N, 1, &r), 0);
	assert_int_equal(r.verdict, BENCH_NO_DIFFERENCE);
	assert_false(bench_is_clear(pairs, N, &r));
}

/* Of benchmarks of what makes no difference, few say that it does: 5 %, and what early looks and so few pairs add. */
static void seldom_wrong(void **state)
{
	unsigned short random[3] = { 7, 8, 9 };
	int trial, wrong = 0;
	size_t n;

	(void)state;
	for (trial = 0; trial < 100; trial++) {
		struct bench_pair pairs[10];
		struct bench_ratio r = { 0 };

		fill(pairs, 10, 1, random);
		for (n = BENCH_PAIRS_MIN; n <= 10; n++) {
			assert_int_equal(bench_ratio(pairs, n, 1, &r), 0);
			if (bench_is_clear(pairs, n, &r))
				break;
		}
		wrong += r.verdict != BENCH_NO_DIFFERENCE;
	}
	print_message("%d of %d\n", wrong, trial);
	assert_true(wrong <= 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(medians),       cmocka_unit_test(too_few),         cmocka_unit_test(large_difference),
		cmocka_unit_test(is_repeatable), cmocka_unit_test(equal_and_quiet), cmocka_unit_test(equal_and_noisy),
		cmocka_unit_test(seldom_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
