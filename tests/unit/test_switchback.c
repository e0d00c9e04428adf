/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* When a change is switched off and on, driven by a simulated app. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/switchback.h"

#define MS 1000000ULL

static const struct switchback_rule rule = { .metric = "x",
					     .settle_ns = 10 * MS,
					     .window_ns = 40 * MS,
					     .slow_settle_ns = 20 * MS,
					     .slow_off_ns = 80 * MS,
					     .slow_on_ns = 400 * MS,
					     .pairs_max = 12,
					     .smallest = 2 };

/* An app that runs at rate[on] a second, and what happened to it. */
struct simulated {
	struct switchback s;
	double rate[2], noise, counter;
	uint64_t now_ns, off_ns;
	unsigned int switches;
	bool on, done;
	char log[2 * EFFECT_PAIRS_MAX + 2]; /* '-' off, '+' on, in the order of the switches */
};

static void advance(struct simulated *sim, uint64_t to_ns)
{
	double seconds = (double)(to_ns - sim->now_ns) / 1e9;
	double sign = sim->s.npairs % 2 ? 1 : -1;

	sim->counter += (sim->rate[sim->on] + sign * (sim->on ? sim->noise : 0)) * seconds;
	if (!sim->on)
		sim->off_ns += to_ns - sim->now_ns;
	sim->now_ns = to_ns;
}

static void step(struct simulated *sim)
{
	enum switchback_want want = switchback_step(&sim->s, sim->now_ns, sim->counter);

	if (want == SWITCHBACK_DONE)
		sim->done = true;
	if (want == SWITCHBACK_DONE || want == SWITCHBACK_WAIT)
		return;
	assert_int_not_equal(sim->on, want == SWITCHBACK_ON);
	sim->on = want == SWITCHBACK_ON;
	assert_true(sim->switches < sizeof(sim->log) - 1);
	sim->log[sim->switches++] = sim->on ? '+' : '-';
}

/* Runs until a verdict, looking every look_ns. */
static struct effect run_as(struct simulated *sim, uint64_t look_ns, bool slow)
{
	uint64_t limit = 20000 * MS;

	sim->now_ns = 1000;
	sim->on = true;
	switchback_start(&sim->s, &rule, slow);
	for (step(sim); !sim->done && sim->now_ns < limit; step(sim))
		advance(sim, sim->now_ns + look_ns);
	assert_true(sim->done);
	return switchback_effect(&sim->s);
}

static struct effect run(struct simulated *sim, uint64_t look_ns)
{
	return run_as(sim, look_ns, false);
}

/* A clear gain is known after the smallest number of pairs, and costs no longer without the change than that. */
static void test_clear_gain(void **state)
{
	struct simulated sim = { .rate = { 0.5, 2 }, .noise = 0.05 };
	struct effect e = run(&sim, 1 * MS);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_HELPS);
	assert_true(e.percent > 290 && e.percent < 310);
	assert_int_equal(e.windows, 2 * EFFECT_PAIRS_MIN);
	assert_true(sim.off_ns <= 3 * (rule.settle_ns + rule.window_ns) + 6 * MS);
}

/* off on, on off, off on: what drifts with time falls on both sides alike. */
static void test_order(void **state)
{
	struct simulated sim = { .rate = { 0.5, 2 }, .noise = 0.05 };

	(void)state;
	run(&sim, 1 * MS);
	assert_string_equal(sim.log, "-+-+");
	assert_true(sim.on);
}

/* Harm is seen as such. */
static void test_harm(void **state)
{
	struct simulated sim = { .rate = { 2, 1.5 }, .noise = 0.02 };

	(void)state;
	assert_int_equal(run(&sim, 1 * MS).verdict, EFFECT_HARMS);
}

/* Noise without a difference is given up after pairs_max. */
static void test_noise(void **state)
{
	struct simulated sim = { .rate = { 1, 1 }, .noise = 0.5 };
	struct effect e = run(&sim, 1 * MS);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_INCONCLUSIVE);
	assert_int_equal(e.windows, 2 * rule.pairs_max);
}

/* An agent that comes late measures longer windows, and the rates are still right. */
static void test_late(void **state)
{
	struct simulated sim = { .rate = { 0.5, 2 }, .noise = 0.05 };
	struct effect e = run(&sim, 170 * MS);

	(void)state;
	assert_int_equal(e.verdict, EFFECT_HELPS);
	assert_true(e.percent > 290 && e.percent < 310);
}

/* The slow measurement goes on after the verdict until the size is known, and is rarely without the change. */
static void test_slow(void **state)
{
	struct simulated sim = { .rate = { 0.5, 2 }, .noise = 0.05 };

	(void)state;
	assert_int_equal(run_as(&sim, 1 * MS, true).windows, 16);
	assert_in_range(sim.off_ns / sim.s.npairs, 100 * MS, 102 * MS);
	assert_true(sim.now_ns >= sim.s.npairs * 520 * MS);
	assert_memory_equal(sim.log, "-+-+", 4);
	assert_true(sim.on);
}

/* Where each pair says something else, it takes more of them, but not for ever. */
static void test_slow_goes_on(void **state)
{
	struct simulated some = { .rate = { 0.5, 2 }, .noise = 0.2 }, much = { .rate = { 0.5, 2 }, .noise = 0.6 };
	unsigned int windows = run_as(&some, 1 * MS, true).windows;

	(void)state;
	assert_in_range(windows, 18, 2 * EFFECT_PAIRS_MAX - 2);
	assert_int_equal(run_as(&much, 1 * MS, true).windows, 2 * EFFECT_PAIRS_MAX);
}

/* What harms, or does nothing, has nothing whose size is worth half a minute. */
static void test_slow_ends_early(void **state)
{
	struct simulated harm = { .rate = { 2, 1.5 }, .noise = 0.02 }, none = { .rate = { 1, 1 }, .noise = 0.001 };

	(void)state;
	assert_int_equal(run_as(&harm, 1 * MS, true).windows, 2 * EFFECT_PAIRS_MIN);
	assert_int_equal(run_as(&none, 1 * MS, true).windows, 2 * EFFECT_PAIRS_MIN);
}

/* What happens while a switch takes effect is not counted. */
static void test_settling(void **state)
{
	struct switchback s;

	(void)state;
	switchback_start(&s, &rule, false);
	assert_int_equal(switchback_step(&s, 1 * MS, 0), SWITCHBACK_OFF);
	assert_int_equal(switchback_next(&s), 11 * MS);
	assert_int_equal(switchback_step(&s, 5 * MS, 100), SWITCHBACK_WAIT);
	assert_int_equal(switchback_step(&s, 11 * MS, 1000), SWITCHBACK_WAIT);
	assert_int_equal(switchback_next(&s), 51 * MS);
	assert_int_equal(switchback_step(&s, 51 * MS, 1000.04), SWITCHBACK_ON);
	assert_true(s.first > 0.99 && s.first < 1.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clear_gain),   cmocka_unit_test(test_order),
		cmocka_unit_test(test_harm),         cmocka_unit_test(test_noise),
		cmocka_unit_test(test_late),         cmocka_unit_test(test_settling),
		cmocka_unit_test(test_slow),         cmocka_unit_test(test_slow_ends_early),
		cmocka_unit_test(test_slow_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
