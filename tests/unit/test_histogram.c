/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Buckets of the latency histogram: monotone, without gaps, and never more than 1/16 off. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "bpf/histogram.h"

#define LONGEST (1ULL << 35) /* ns: what the last bucket's value can still describe */

/* The middle of a bucket is in that bucket. */
static void test_value_is_in_its_bucket(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < AA_HIST_BUCKETS; i++)
		assert_int_equal(aa_hist_bucket(aa_hist_value(i)), i);
}

static void check_near(uint64_t ns)
{
	uint32_t bucket = aa_hist_bucket(ns);
	double value;

	assert_in_range(bucket, 0, AA_HIST_BUCKETS - 1);
	value = (double)aa_hist_value(bucket);
	if (fabs(value - (double)ns) > (double)ns / 16)
		fail_msg("%llu ns is told as %.0f ns", (unsigned long long)ns, value);
}

/* Over the whole range a latency is told with an error of at most 1/16. */
static void test_error(void **state)
{
	uint64_t ns;

	(void)state;
	for (ns = 0; ns < 70000; ns++)
		check_near(ns);
	for (; ns < LONGEST; ns += ns / 997)
		check_near(ns);
	check_near(LONGEST - 1);
}

/* A longer latency is never in an earlier bucket, and no bucket is skipped. */
static void test_monotone(void **state)
{
	uint32_t bucket, last = 0;
	uint64_t ns;

	(void)state;
	for (ns = 0; ns < LONGEST; ns += 1 + ns / 1000) {
		bucket = aa_hist_bucket(ns);
		assert_in_range(bucket, last, last + 1);
		last = bucket;
	}
	assert_int_equal(last, AA_HIST_BUCKETS - 1);
}

/* Around each power of two, where a step of the search for the highest bit could be off by one. */
static void test_powers_of_two(void **state)
{
	uint32_t bit;

	(void)state;
	for (bit = 4; bit < 35; bit++) {
		assert_int_equal(aa_hist_bucket(1ULL << bit), 16 * (bit - 3));
		assert_int_equal(aa_hist_bucket((1ULL << bit) - 1), 16 * (bit - 3) - 1);
		assert_int_equal(aa_hist_bucket((1ULL << bit) + (1ULL << (bit - 4))), 16 * (bit - 3) + 1);
	}
}

/* Whatever is too long goes to the last bucket. */
static void test_last_bucket(void **state)
{
	(void)state;
	assert_int_equal(aa_hist_bucket(LONGEST - 1), AA_HIST_BUCKETS - 1);
	assert_int_equal(aa_hist_bucket(LONGEST), AA_HIST_BUCKETS - 1);
	assert_int_equal(aa_hist_bucket(1ULL << 40), AA_HIST_BUCKETS - 1);
	assert_int_equal(aa_hist_bucket(UINT64_MAX), AA_HIST_BUCKETS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value_is_in_its_bucket),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_monotone),
		cmocka_unit_test(test_powers_of_two),
		cmocka_unit_test(test_last_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
