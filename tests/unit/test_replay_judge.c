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

static const struct profile_history before = {
	.runs = 1,
	.cold = { .wall_ns = 1000 * MS, .waits_ns = 600 * MS, .cpu_ns = 300 * MS, .bytes = 100 },
};

static const struct profile_cost fast = { .wall_ns = 400 * MS, .waits_ns = 100 * MS, .cpu_ns = 300 * MS };

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

/* All brought, nothing missed, half a second less of waits. */
static void test_judge_good(void **state)
{
	struct replay_judgement j = judge((struct replay_facts){
		.planned_bytes = 100, .brought_bytes = 100, .used_known = true, .used_bytes = 96, .cost = fast });

	(void)state;
	assert_near(j.coverage, 1);
	assert_near(j.accuracy, 0.96);
	assert_near(j.timely, 1);
	assert_near(j.gain, 0.6 * 0.96 - 0.1);
	assert_int_equal(j.verdict, REPLAY_PAID);
	assert_int_equal(j.cost.bytes, 96);
	assert_int_equal(j.cost.waits_ns, 100 * MS);
}

/* What the app read itself counts against coverage; if it was planned, also against being in time. */
static void test_judge_missed(void **state)
{
	struct replay_judgement j = judge((struct replay_facts){
		.planned_bytes = 100, .brought_bytes = 60, .resident_bytes = 40, .missed_bytes = 20 });

	(void)state;
	assert_near(j.coverage, 0.75);
	assert_near(j.timely, 0.75);
	assert_true(isnan(j.accuracy));
	j = judge((struct replay_facts){
		.planned_bytes = 70, .brought_bytes = 60, .resident_bytes = 10, .missed_bytes = 30 });
	assert_near(j.timely, 60.0 / 70);
}

/* Memory that was full of it says nothing about what replay is worth. */
static void test_judge_warm(void **state)
{
	struct replay_judgement j = judge(
		(struct replay_facts){ .planned_bytes = 100, .brought_bytes = 10, .resident_bytes = 90, .cost = fast });

	(void)state;
	assert_int_equal(j.verdict, REPLAY_UNCLEAR);
	assert_true(isnan(j.gain));
	j = judge((struct replay_facts){ .planned_bytes = 100, .resident_bytes = 100, .cost = fast });
	assert_true(isnan(j.coverage) && isnan(j.accuracy) && isnan(j.timely));
	assert_int_equal(j.verdict, REPLAY_UNCLEAR);
}

/* What was in memory before, by nobody's doing here, is no gain. */
static void test_judge_half_warm(void **state)
{
	struct replay_judgement j = judge(
		(struct replay_facts){ .planned_bytes = 100, .brought_bytes = 60, .resident_bytes = 40, .cost = fast });

	(void)state;
	assert_near(j.gain, 0.6 * 0.6 - 0.1);
}

/* Wall time that a neighbour takes changes nothing. One that always comes too late is seen not to pay. */
static void test_judge_waits_only(void **state)
{
	struct replay_facts facts = { .planned_bytes = 100, .brought_bytes = 100, .cost = fast };
	double quiet = judge(facts).gain;

	(void)state;
	facts.cost.wall_ns = 5000 * MS;
	assert_near(judge(facts).gain, quiet);
	facts.brought_bytes = 0;
	facts.resident_bytes = facts.missed_bytes = 100;
	facts.cost.waits_ns = 590 * MS;
	assert_int_equal(judge(facts).verdict, REPLAY_UNPAID);
	facts.cost.waits_ns = 700 * MS;
	assert_near(judge(facts).gain, -0.1);
}

/* A run that was not seen whole says nothing; one that did other work, or read other files, cannot be compared. */
static void test_judge_comparable(void **state)
{
	struct replay_facts facts = { .planned_bytes = 100, .brought_bytes = 100 };
	struct profile_history first = { .runs = 1 };
	struct replay_judgement j = judge(facts);

	(void)state;
	assert_int_equal(j.verdict, REPLAY_UNCLEAR);
	facts.cost = fast;
	facts.cost.cpu_ns = 471 * MS;
	assert_int_equal(judge(facts).verdict, REPLAY_UNLIKE);
	facts.cost.cpu_ns = 469 * MS;
	assert_int_equal(judge(facts).verdict, REPLAY_PAID);
	facts.cost.cpu_ns = 69 * MS;
	assert_int_equal(judge(facts).verdict, REPLAY_UNLIKE);
	facts.cost.cpu_ns = 71 * MS;
	assert_int_equal(judge(facts).verdict, REPLAY_PAID);
	facts.missed_bytes = 101;
	assert_int_equal(judge(facts).verdict, REPLAY_UNLIKE);
	assert_true(isnan(judge(facts).gain));
	facts.missed_bytes = 0;
	replay_judge(&facts, &first, &j);
	assert_int_equal(j.verdict, REPLAY_UNLIKE);
}

/* --- what it remembers --- */

static const struct replay_judgement bad = { .verdict = REPLAY_UNPAID, .cost = { .wall_ns = 5 } },
				     good = { .verdict = REPLAY_PAID, .cost = { .wall_ns = 6 } },
				     unclear = { .verdict = REPLAY_UNCLEAR }, unlike = { .verdict = REPLAY_UNLIKE };

/* Three replays in a row that did not pay are the last ones for now; what says nothing changes nothing. */
static void test_disabled(void **state)
{
	struct profile_history h = before;

	(void)state;
	assert_false(replay_remember(&h, &bad, 1));
	assert_false(replay_remember(&h, &bad, 2));
	assert_false(replay_remember(&h, &good, 3));
	assert_int_equal(h.unpaid, 0);
	assert_int_equal(h.replayed.wall_ns, 6);
	assert_false(replay_remember(&h, &bad, 4));
	assert_false(replay_remember(&h, &unclear, 5));
	assert_false(replay_remember(&h, &bad, 6));
	assert_int_equal(replay_due(&h), REPLAY_DUE);
	assert_true(replay_remember(&h, &bad, 7));
	assert_int_equal(replay_due(&h), REPLAY_DISABLED);
	assert_int_equal(h.replays, 7);
	assert_int_equal(h.replayed_at_ns, 7);
	assert_int_equal(h.replayed.wall_ns, 5);
	assert_memory_equal(&h.cold, &before.cold, sizeof(h.cold));
}

static uint32_t rests(struct profile_history *h)
{
	uint32_t ret;

	for (ret = 0; replay_due(h) == REPLAY_DISABLED && ret < 1000; ret++)
		replay_remember_without(h, &before.cold, true);
	return ret;
}

/* A disabled one is tried again, each time after twice as many cold runs; once that pays, all is as at first. */
static void test_tried_again(void **state)
{
	struct profile_history h = before;
	uint32_t wanted[] = { 4, 8, 16, 32, 64, 64 };
	struct profile_cost less = before.cold;
	size_t i;

	(void)state;
	less.bytes = 49;
	h.disabled = 1;
	h.unpaid = 3;
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_int_equal(rests(&h), wanted[i]);
		assert_false(replay_remember(&h, &bad, 1));
	}
	replay_remember_without(&h, &less, false); /* that does not count */
	assert_int_equal(rests(&h), 64);
	replay_remember(&h, &unlike, 1); /* that was no trial */
	assert_int_equal(rests(&h), 64);
	replay_remember(&h, &good, 1);
	assert_int_equal(h.disabled + h.unpaid + h.trials + h.rested, 0);
	assert_int_equal(replay_due(&h), REPLAY_DUE);
}

/* Of a profile that has grown larger than any run, none reads half: those that read what the last cold one did count. */
static void test_large_profile(void **state)
{
	struct profile_history h = before;
	struct profile_cost part = before.cold;
	int i;

	(void)state;
	part.bytes = 50;
	h.disabled = 1;
	h.unpaid = 3;
	for (i = 0; i < 4; i++) {
		assert_int_equal(replay_due(&h), REPLAY_DISABLED);
		replay_remember_without(&h, &part, false);
	}
	assert_int_equal(replay_due(&h), REPLAY_DUE);
	assert_memory_equal(&h.cold, &before.cold, sizeof(h.cold));
	h = before;
	h.unlike = 8;
	part.bytes = 13;
	replay_remember_without(&h, &part, false);
	assert_int_equal(replay_due(&h), REPLAY_DUE);
	assert_memory_equal(&h.cold, &part, sizeof(part));
}

/* A command that reads other files now is not what was disabled. */
static void test_other_bytes_enable(void **state)
{
	struct profile_history h = before;
	struct profile_cost other = before.cold;

	(void)state;
	h.disabled = 1;
	h.trials = 2;
	other.bytes *= 2;
	replay_remember_without(&h, &other, true);
	assert_int_equal(replay_due(&h), REPLAY_DISABLED);
	other.bytes = other.bytes * 2 + 1;
	replay_remember_without(&h, &other, true);
	assert_int_equal(replay_due(&h), REPLAY_DUE);
	assert_int_equal(h.trials, 0);
}

/* Where eight replays on end had nothing to be compared with, the next run is measured without. */
static void test_measured(void **state)
{
	struct profile_history h = before;
	struct profile_cost other = { .wall_ns = 3 * MS, .bytes = 4000 };
	int i;

	(void)state;
	for (i = 0; i < 7; i++)
		replay_remember(&h, &unlike, 1);
	replay_remember(&h, &unclear, 1);
	assert_int_equal(replay_due(&h), REPLAY_DUE);
	replay_remember(&h, &unlike, 1);
	assert_int_equal(replay_due(&h), REPLAY_MEASURED);
	replay_remember_without(&h, &other, true);
	assert_int_equal(replay_due(&h), REPLAY_DUE);
	assert_memory_equal(&h.cold, &other, sizeof(other));
	h.unlike = 8;
	replay_remember_without(&h, &before.cold,
				false); /* warm: not what it takes, but no run goes without for ever */
	assert_int_equal(replay_due(&h), REPLAY_DUE);
	assert_memory_equal(&h.cold, &other, sizeof(other));
	replay_remember_without(&h, &(struct profile_cost){ 0 }, true); /* not seen whole */
	assert_memory_equal(&h.cold, &other, sizeof(other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on),          cmocka_unit_test(test_resident),
		cmocka_unit_test(test_overtaken),        cmocka_unit_test(test_patchy),
		cmocka_unit_test(test_pressure),         cmocka_unit_test(test_judge_good),
		cmocka_unit_test(test_judge_missed),     cmocka_unit_test(test_judge_warm),
		cmocka_unit_test(test_judge_half_warm),  cmocka_unit_test(test_judge_waits_only),
		cmocka_unit_test(test_judge_comparable), cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_tried_again),      cmocka_unit_test(test_other_bytes_enable),
		cmocka_unit_test(test_large_profile),    cmocka_unit_test(test_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
