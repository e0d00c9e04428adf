/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What windows with and without a change say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/effect.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void near(double found, double wanted)
{
	assert_true(fabs(found - wanted) < 0.01);
}

/* A change that helps in every pair: mean, percent and interval as Student's t has them (df 3, 0.79 %: 6.3482). */
static void test_helps(void **state)
{
	const struct effect_pair pairs[] = { { 1, 2 }, { 1, 2.2 }, { 1, 1.8 }, { 1, 2 } };
	struct effect e = effect_of("run_per_second", pairs, N(pairs), 2);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_HELPS);
	assert_string_equal(e.metric, "run_per_second");
	near(e.before, 1);
	near(e.after, 2);
	near(e.percent, 100);
	/* differences 1, 1.2, 0.8, 1: s = sqrt(0.08 / 3), half = 6.3482 * s / 2 = 0.5183 */
	near(e.low, 100 - 51.83);
	near(e.high, 100 + 51.83);
	assert_int_equal(e.windows, 8);
}

/* The other way round. */
static void test_harms(void **state)
{
	const struct effect_pair pairs[] = { { 2, 1 }, { 2.2, 1 }, { 1.8, 1 }, { 2, 1 } };
	struct effect e = effect_of("x", pairs, N(pairs), 2);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_HARMS);
	near(e.percent, -50);
	assert_true(e.high < 0);
}

/* The same with and without, and nearly no noise: that is an answer, too. */
static void test_none(void **state)
{
	const struct effect_pair pairs[] = { { 1, 1.001 }, { 1, 0.999 }, { 1, 1 }, { 1, 1.001 } };
	struct effect e = effect_of("x", pairs, N(pairs), 2);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_NONE);
	assert_true(e.low > -2 && e.high < 2);
}

/* A gain that is real, but smaller than what is worth a change. */
static void test_too_small(void **state)
{
	const struct effect_pair pairs[] = { { 1, 1.010 }, { 1, 1.011 }, { 1, 1.009 }, { 1, 1.010 } };
	struct effect e = effect_of("x", pairs, N(pairs), 2);

	(void)state;
	assert_true(e.low > 0);
	assert_int_equal(e.verdict, EFFECT_NONE);
}

/* More noise than difference. */
static void test_inconclusive(void **state)
{
	const struct effect_pair pairs[] = { { 1, 2 }, { 2, 1 }, { 1, 1.5 }, { 1.7, 1 } };
	struct effect e = effect_of("x", pairs, N(pairs), 2);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_INCONCLUSIVE);
	assert_true(e.low < 0 && e.high > 0);
}

/* Two pairs cannot tell, however large the difference. */
static void test_too_few(void **state)
{
	const struct effect_pair pairs[] = { { 1, 10 }, { 1, 10 } };
	struct effect e = effect_of("x", pairs, N(pairs), 2);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_INCONCLUSIVE);
	near(e.percent, 900);
	assert_true(isnan(e.low) && isnan(e.high));
	assert_int_equal(e.windows, 4);
}

/* Nothing at all was measured. */
static void test_nothing(void **state)
{
	struct effect e = effect_of("x", NULL, 0, 2);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_NOT_MEASURED);
	assert_true(isnan(e.before) && isnan(e.after) && isnan(e.percent));
	assert_int_equal(e.windows, 0);
}

/* Pairs in which the app slept either way say nothing. */
static void test_idle_pairs(void **state)
{
	const struct effect_pair pairs[] = { { 0, 0 }, { 1, 2 }, { 0, 0 }, { 1, 2.2 }, { 1, 1.8 }, { 1, 2 } };
	const struct effect_pair idle[] = { { 0, 0 }, { 0, 0 }, { 0, 0 } };
	struct effect e = effect_of("x", pairs, N(pairs), 2);

	(void)state;
	assert_int_equal(e.windows, 8);
	near(e.percent, 100);
	assert_int_equal(effect_of("x", idle, N(idle), 2).verdict, EFFECT_NOT_MEASURED);
}

/* It stood still without the change: there is no percentage, but no doubt either. */
static void test_from_nothing(void **state)
{
	const struct effect_pair pairs[] = { { 0, 2 }, { 0, 2.2 }, { 0, 1.8 } };
	struct effect e = effect_of("x", pairs, N(pairs), 2);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_HELPS);
	assert_true(isnan(e.percent) && isnan(e.low));
	near(e.after, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_helps),        cmocka_unit_test(test_harms),
		cmocka_unit_test(test_none),         cmocka_unit_test(test_too_small),
		cmocka_unit_test(test_inconclusive), cmocka_unit_test(test_too_few),
		cmocka_unit_test(test_nothing),      cmocka_unit_test(test_idle_pairs),
		cmocka_unit_test(test_from_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
