/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* When a replay stops, what it was worth, and when a profile is given up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "profile/replay_judge.h"
#include "profile/replay_rules.h"

#define MS 1000000ULL
#define MIB (1ULL << 20)

/* --- rules --- */

static const struct replay_outcome cold = { .wanted_bytes = MIB, .took_ns = 10 * MS };
static const struct replay_outcome warm = { .wanted_bytes = MIB, .resident_bytes = MIB, .took_ns = MS };

static enum replay_stop next(struct replay_rules *r, const struct replay_outcome *o, uint32_t *step)
{
	*step = 0;
	return replay_rules_next(r, o, step);
}

/* Cold chunks are brought one after the other. */
static void test_goes_on(void **state)
{
	struct replay_rules r = { 0 };
	uint32_t i, step;

	(void)state;
	for (i = 0; i < 100; i++) {
		assert_int_equal(next(&r, &cold, &step), REPLAY_GOING);
		assert_int_equal(step, 1);
	}
	assert_int_equal(r.brought_bytes, 100 * MIB);
}

/* Where all is in memory, fewer and fewer chunks are looked at, and soon none. */
static void test_resident(void **state)
{
	struct replay_rules r = { 0 };
	uint32_t looks, step, last = 1;
	enum replay_stop stop = REPLAY_GOING;

	(void)state;
	for (looks = 0; stop == REPLAY_GOING && looks < 100; looks++) {
		stop = next(&r, &warm, &step);
		if (stop == REPLAY_GOING) {
			assert_true(step >= last);
			last = step;
		}
	}
	assert_int_equal(stop, REPLAY_RESIDENT);
	assert_int_equal(looks, 12);
	assert_int_equal(last, 8);
}

/* One that has brought something, and finds all there from then on, was overtaken. */
static void test_overtaken(void **state)
{
	struct replay_rules r = { 0 };
	enum replay_stop stop = next(&r, &cold, &(uint32_t){ 0 });
	uint32_t looks, step;

	(void)state;
	for (looks = 0; stop == REPLAY_GOING && looks < 100; looks++)
		stop = next(&r, &warm, &step);
	assert_int_equal(stop, REPLAY_OVERTAKEN);
}

/* A cold chunk between warm ones: it goes on as from the start. Files that are gone say nothing either way. */
static void test_patchy(void **state)
{
	const struct replay_outcome gone = { .took_ns = MS };
	struct replay_rules r = { 0 };
	uint32_t i, step;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_int_equal(next(&r, &warm, &step), REPLAY_GOING);
	assert_int_equal(step, 8);
	next(&r, &gone, &step);
	assert_int_equal(step, 8);
	next(&r, &cold, &step);
	assert_int_equal(step, 1);
	for (i = 0; i < 10; i++)
		assert_int_equal(next(&r, &warm, &step), REPLAY_GOING);
}

/* Memory that is short for a tenth of the time ends it; for a moment, or for less, does not. */
static void test_pressure(void **state)
{
	const struct replay_outcome short_moment = { .wanted_bytes = MIB, .took_ns = MS, .stalled_ns = MS };
	const struct replay_outcome little = { .wanted_bytes = MIB, .took_ns = 100 * MS, .stalled_ns = 9 * MS };
	const struct replay_outcome much = { .wanted_bytes = MIB, .took_ns = 100 * MS, .stalled_ns = 50 * MS };
	struct replay_rules r = { 0 };
	uint32_t i, step;

	(void)state;
	assert_int_equal(next(&r, &short_moment, &step), REPLAY_GOING);
	for (i = 0; i < 10; i++)
		assert_int_equal(next(&r, &little, &step), REPLAY_GOING);
	assert_int_equal(next(&r, &much, &step), REPLAY_PRESSURE);
}

/* --- judgement --- */

static const struct profile_history before = { .runs = 1, .cold_ns = 1000 * MS };

static struct replay_judgement judge(struct replay_facts facts)
{
	struct replay_judgement ret;

	replay_judge(&facts, &before, &ret);
	return ret;
}

static void assert_near(double found, double wanted)
{
	assert_true(fabs(found - wanted) < 1e-9);
}

/* All brought, nothing missed, half the time. */
static void test_judge_good(void **state)
{
	struct replay_judgement j = judge((struct replay_facts){ .planned_bytes = 100,
								 .brought_bytes = 100,
								 .used_known = true,
								 .used_bytes = 96,
								 .wall_ns = 400 * MS });

	(void)state;
	assert_near(j.coverage, 1);
	assert_near(j.accuracy, 0.96);
	assert_near(j.timely, 1);
	assert_near(j.gain, 0.6);
	assert_true(j.counts && j.pays);
}

/* What the app read itself counts against coverage; if it was planned, also against being in time. */
static void test_judge_missed(void **state)
{
	struct replay_judgement j = judge((struct replay_facts){
		.planned_bytes = 100, .brought_bytes = 60, .resident_bytes = 40, .missed_bytes = 20, .wall_ns = 1 });

	(void)state;
	assert_near(j.coverage, 0.75);
	assert_near(j.timely, 0.75);
	assert_true(isnan(j.accuracy));
	j = judge((struct replay_facts){
		.planned_bytes = 70, .brought_bytes = 60, .resident_bytes = 10, .missed_bytes = 30, .wall_ns = 1 });
	assert_near(j.timely, 60.0 / 70);
}

/* Memory that was full of it says nothing about what replay is worth. */
static void test_judge_warm(void **state)
{
	struct replay_judgement j = judge((struct replay_facts){
		.planned_bytes = 100, .brought_bytes = 10, .resident_bytes = 90, .wall_ns = 400 * MS });

	(void)state;
	assert_false(j.counts);
	assert_true(isnan(j.gain));
	j = judge((struct replay_facts){ .planned_bytes = 100, .resident_bytes = 100, .wall_ns = 400 * MS });
	assert_true(isnan(j.coverage) && isnan(j.accuracy) && isnan(j.timely));
}

/* Neither does a run of which the time is not known, or that did other work; one that was slower says that it was. */
static void test_judge_comparable(void **state)
{
	struct replay_facts facts = { .planned_bytes = 100, .brought_bytes = 100 };
	struct replay_judgement j = judge(facts);

	(void)state;
	assert_false(j.counts);
	facts.wall_ns = 2001 * MS;
	j = judge(facts);
	assert_false(j.counts);
	facts.wall_ns = 1100 * MS;
	j = judge(facts);
	assert_true(j.counts && !j.pays);
	assert_near(j.gain, -0.1);
	facts.wall_ns = 990 * MS;
	j = judge(facts);
	assert_true(j.counts && !j.pays);
}

/* Three replays in a row that did not pay are the last ones; what does not count changes nothing. */
static void test_disabled(void **state)
{
	const struct replay_judgement bad = { .counts = true }, good = { .counts = true, .pays = true },
				      unclear = { 0 };
	struct profile_history h = before;

	(void)state;
	assert_false(replay_remember(&h, &bad, 5, 1));
	assert_false(replay_remember(&h, &bad, 5, 2));
	assert_false(replay_remember(&h, &good, 6, 3));
	assert_int_equal(h.unpaid, 0);
	assert_int_equal(h.replayed_ns, 6);
	assert_false(replay_remember(&h, &bad, 5, 4));
	assert_false(replay_remember(&h, &unclear, 9, 5));
	assert_false(replay_remember(&h, &bad, 5, 6));
	assert_int_equal(h.disabled, 0);
	assert_true(replay_remember(&h, &bad, 5, 7));
	assert_int_equal(h.disabled, 1);
	assert_int_equal(h.replays, 7);
	assert_int_equal(h.replayed_at_ns, 7);
	assert_int_equal(h.replayed_ns, 5);
	assert_int_equal(h.cold_ns, before.cold_ns);
	assert_false(replay_remember(&h, &bad, 5, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on),          cmocka_unit_test(test_resident),
		cmocka_unit_test(test_overtaken),        cmocka_unit_test(test_patchy),
		cmocka_unit_test(test_pressure),         cmocka_unit_test(test_judge_good),
		cmocka_unit_test(test_judge_missed),     cmocka_unit_test(test_judge_warm),
		cmocka_unit_test(test_judge_comparable), cmocka_unit_test(test_disabled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
