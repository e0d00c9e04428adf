/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A change that is made at an app's start: a spare until it is needed, measured quickly and then slowly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/trying.h"

#define MS TRYING_MS
#define SECOND TRYING_SECOND

/*
 * The first steps, four a pair, of a slow measurement of an app that runs at on CPUs with the change, and at off without
 * it.
 */
static void measure_slow(struct trying *f, unsigned int steps, double off, double on)
{
	unsigned int step;

	for (step = 0; step < steps; step++) {
		trial_step(&f->t, f->now_ns, f->counter);
		f->now_ns += (step % 2 ? (f->t.in_force ? 200 : 80) : 10) * MS;
		f->counter += (step % 2 ? (f->t.in_force ? 0.2 : 0.08) : 0.01) * (f->t.in_force ? on : off) *
			      (1 + 0.001 * step);
	}
}

/* The first measurement is quick; the next is slow, once the app has lived long enough for what it costs. */
static void test_slow(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_measure(&f->t);
	assert_false(f->t.switchback.slow);
	trying_measure(f, 0.5, 2);
	assert_int_equal(f->t.again_ns, f->t.made_ns + 4 * SECOND);
	trial_measure(&f->t);
	assert_true(f->t.switchback.slow);
	trying_measure(f, 0.5, 2);
	assert_in_range(f->t.again_ns, f->now_ns + 39 * SECOND, f->now_ns + 40 * SECOND);
}

/* Another slow measurement that the end of the run cuts short leaves the size as it is; but any is better than none. */
static void test_stop_of_slow(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_measure(&f->t);
	trying_measure(f, 1, 1.5);
	trial_measure(&f->t);
	measure_slow(f, 16, 1, 2);
	trial_stop(&f->t);
	assert_int_equal(f->t.change.effect.windows, 6);
	assert_true(f->t.change.effect.percent > 90);
	trial_measure(&f->t);
	trying_measure(f, 1, 3);
	assert_int_equal(f->t.change.effect.windows, 16);
	trial_measure(&f->t);
	measure_slow(f, 16, 1, 2);
	trial_stop(&f->t);
	assert_int_equal(f->t.change.effect.windows, 16);
	assert_true(f->t.change.effect.percent > 190);
}

/* What is set at the start stays if nothing can be told, and goes if it is told that it does nothing. */
static void test_start_stays(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_measure(&f->t);
	trying_measure_noise(f, 1, 0.9);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_INCONCLUSIVE);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	trial_measure(&f->t);
	trying_measure(f, 1, 1);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_NONE);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* But never for long, if there is need; longer each time, up to 10 s. */
static void test_start_rests(void **state)
{
	static const unsigned int rests_ms[] = { 500, 1000, 2000, 4000, 8000, 10000, 10000 };
	struct trying *f = *state;
	size_t i;

	trying_make_at_start(f);
	for (i = 0; i < sizeof(rests_ms) / sizeof(rests_ms[0]); i++) {
		trial_measure(&f->t);
		trying_measure(f, 1, 1);
		assert_false(f->t.in_force);
		assert_in_range(f->t.again_ns, f->now_ns + (rests_ms[i] - 100) * MS, f->now_ns + rests_ms[i] * MS);
	}
}

/* What helps at one time and does nothing at another stays in force, once it is left alone. */
static void test_start_at_times(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_measure(&f->t);
	trying_measure(f, 1, 1);
	trial_measure(&f->t);
	trying_measure(f, 1, 2);
	assert_true(f->t.in_force);
	trial_measure(&f->t);
	trying_measure(f, 1, 1);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_NONE);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	assert_int_equal(f->t.change.state, CHANGE_KEPT);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
}

/* Nobody needs what was set at the start: it is taken back, and set again when somebody does. */
static void test_need(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_need(&f->t, false);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
	trial_need(&f->t, true);
	assert_int_equal(f->t.change.state, CHANGE_KEPT);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	trial_measure(&f->t);
	trying_measure(f, 0.5, 2);
	trial_need(&f->t, false);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
}

/* Few windows at the end of the run do not replace what more of them have said. */
static void test_stop_says_less(void **state)
{
	struct trying *f = *state;
	unsigned int windows;

	trying_make_at_start(f);
	trial_measure(&f->t);
	trying_measure(f, 0.5, 2);
	windows = f->t.change.effect.windows;
	trial_measure(&f->t);
	trial_step(&f->t, 3000 * MS, 3);
	trial_step(&f->t, 3010 * MS, 3);
	trial_step(&f->t, 3090 * MS, 3.02);
	trial_step(&f->t, 3100 * MS, 3.03);
	trial_step(&f->t, 3300 * MS, 3.21);
	assert_int_equal(f->t.switchback.npairs, 1);
	trial_stop(&f->t);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_HELPS);
	assert_int_equal(f->t.change.effect.windows, windows);
}

/* Something else begins: the slow measurement ends with the change in force, and is done again later. */
static void test_interrupt(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_measure(&f->t);
	assert_false(trial_may_wait(&f->t)); /* the quick one is over in a moment */
	trying_measure(f, 0.5, 2);
	trial_measure(&f->t);
	trial_step(&f->t, 3000 * MS, 3);
	assert_false(f->t.in_force);
	assert_false(trial_may_wait(&f->t));
	trial_interrupt(&f->t, 3005 * MS);
	assert_int_equal(f->t.phase, TRIAL_MEASURING);
	trial_step(&f->t, 3010 * MS, 3);
	trial_step(&f->t, 3090 * MS, 3.02);
	assert_true(trial_may_wait(&f->t));
	trial_interrupt(&f->t, 3100 * MS);
	assert_int_equal(f->t.phase, TRIAL_PROVEN);
	assert_int_equal(f->t.again_ns, 3100 * MS + 10 * SECOND);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
}

/* What turned out to harm does not stay because something else begins. */
static void test_interrupt_of_harm(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_measure(&f->t);
	trying_measure(f, 0.5, 2);
	trial_measure(&f->t);
	measure_slow(f, 12, 2, 1);
	assert_true(f->t.in_force);
	assert_int_equal(f->t.phase, TRIAL_MEASURING);
	f->t.change.effect.verdict = EFFECT_HARMS; /* as an earlier measurement said */
	trial_interrupt(&f->t, f->now_ns);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* Nor is it raised: what is there then is the old value, and nobody else's. */
static void test_raise_of_harm(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_measure(&f->t);
	trying_measure(f, 0.5, 2);
	trial_measure(&f->t);
	measure_slow(f, 12, 2, 1);
	f->t.change.effect.verdict = EFFECT_HARMS;
	f->facts.group_bytes = 8000;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &f->evidence, &f->facts), 0);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* Its size is measured of what helps only: what does nothing rests, and is looked at quickly again. */
static void test_no_slow_for_nothing(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_measure(&f->t);
	trying_measure(f, 1, 1);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	trial_measure(&f->t);
	assert_false(f->t.switchback.slow);
}

/* A spare that nobody needed in one run of the app is there again at the start of the next; what was judged is not. */
static void test_again(void **state)
{
	struct trying *f = *state;

	trying_make_at_start(f);
	trial_need(&f->t, false);
	trial_again(&f->t, 7 * SECOND);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	assert_int_equal(f->t.made_ns, 7 * SECOND);
	trial_measure(&f->t);
	trying_measure(f, 1, 1);
	trial_stop(&f->t);
	trial_again(&f->t, 9 * SECOND);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, trying_setup, trying_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_slow),           TEST(test_stop_of_slow),        TEST(test_start_stays),
		TEST(test_start_rests),    TEST(test_start_at_times),      TEST(test_need),
		TEST(test_stop_says_less), TEST(test_interrupt),           TEST(test_interrupt_of_harm),
		TEST(test_raise_of_harm),  TEST(test_no_slow_for_nothing), TEST(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
