/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One change, from the plan to its measured effect, on a control group that is made of files. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/trying.h"

#define MS TRYING_MS
#define SECOND TRYING_SECOND

/* A plan says what there is and what is to be, for whom and why, and writes neither value nor journal. */
static void test_plan(void **state)
{
	struct trying *f = *state;

	assert_int_equal(trying_plan(f, TRIAL_GROUP_FOREIGN), 0);
	assert_string_equal(f->t.change.knob, "cpu.shares");
	assert_string_equal(f->t.change.target, "/app");
	assert_string_equal(f->t.change.old, "1024");
	assert_string_equal(f->t.change.new, "4096");
	assert_string_equal(f->t.change.reason, "others run");
	assert_string_equal(f->t.change.bottleneck, "cpu-neighbour");
	assert_int_equal(f->t.change.state, CHANGE_PLANNED);
	assert_false(f->t.in_force);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
	assert_int_equal(trying_journals(f), 0);
}

/* A weight that is larger already is somebody's decision, and the one that is there no change. */
static void test_plan_is_no_change(void **state)
{
	struct trying *f = *state;

	f->t.rule = NULL;
	sandbox_write(f->sandbox, TRYING_SHARES, "8192\n");
	assert_int_equal(trying_plan(f, TRIAL_GROUP_FOREIGN), -EALREADY);
	sandbox_write(f->sandbox, TRYING_SHARES, "4096\n");
	assert_int_equal(trying_plan(f, TRIAL_GROUP_FOREIGN), -EALREADY);
	f->facts.group_bytes = 0;
	sandbox_write(f->sandbox, TRYING_SHARES, "1024\n");
	assert_int_equal(trying_plan(f, TRIAL_GROUP_FOREIGN), -EALREADY);
	assert_null(f->t.rule);
}

/* A group that is not made yet has no value to look at. */
static void test_plan_of_planned_group(void **state)
{
	struct trying *f = *state;

	strcat(f->group.directory, "/new");
	f->group.id = 0;
	assert_int_equal(trying_plan(f, TRIAL_GROUP_PLANNED), 0);
	assert_string_equal(f->t.change.target, "/app/new");
	assert_string_equal(f->t.change.old, "");
	assert_string_equal(f->t.change.new, "4096");
}

/* What cannot work is refused, and the report says why. */
static void test_plan_refused(void **state)
{
	struct trying *f = *state;

	f->group.id++;
	assert_int_equal(trying_plan(f, TRIAL_GROUP_FOREIGN), -ENOENT);
	assert_int_equal(f->t.change.state, CHANGE_REFUSED);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	assert_string_equal(f->t.change.reason, "the control group is gone");
}

/* A value that makes no sense to us could not be put back either. */
static void test_plan_unreadable(void **state)
{
	struct trying *f = *state;
	char text[400];

	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	sandbox_write(f->sandbox, TRYING_SHARES, text);
	assert_int_equal(trying_plan(f, TRIAL_GROUP_FOREIGN), -EFBIG);
	assert_int_equal(f->t.change.state, CHANGE_REFUSED);
	assert_non_null(strstr(f->t.change.reason, "cannot be read"));
}

/* A change is in the journal, from which it can be undone. */
static void test_make(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	assert_int_equal(f->t.change.state, CHANGE_KEPT);
	assert_int_equal(f->t.phase, TRIAL_READY);
	assert_true(f->t.in_force);
	assert_int_equal(trying_journals(f), 1);
	assert_int_equal(journal_undo(f->journal, NULL, NULL), 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* A group of ours goes away with its values. */
static void test_make_in_group_of_ours(void **state)
{
	struct trying *f = *state;

	assert_int_equal(trying_plan(f, TRIAL_GROUP_OURS), 0);
	assert_int_equal(trial_make(&f->t, f->journal), 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	assert_int_equal(trying_journals(f), 0);
}

/* Between the plan and the write somebody else wrote: hands off. */
static void test_make_after_foreign_write(void **state)
{
	struct trying *f = *state;

	assert_int_equal(trying_plan(f, TRIAL_GROUP_FOREIGN), 0);
	sandbox_write(f->sandbox, TRYING_SHARES, "512\n");
	assert_int_equal(trial_make(&f->t, f->journal), -EBUSY);
	assert_int_equal(f->t.change.state, CHANGE_REFUSED);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	sandbox_assert(f->sandbox, TRYING_SHARES, "512\n");
	assert_int_equal(journal_undo(f->journal, NULL, NULL), 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "512\n");
}

/* Without a journal entry nothing is written. */
static void test_make_without_journal(void **state)
{
	struct trying *f = *state;

	assert_int_equal(trying_plan(f, TRIAL_GROUP_FOREIGN), 0);
	f->t.group.id++;
	assert_int_equal(trial_make(&f->t, f->journal), -ESTALE);
	assert_int_equal(f->t.change.state, CHANGE_REFUSED);
	assert_non_null(strstr(f->t.change.reason, "journal"));
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* What helps stays, with its effect. */
static void test_measure_helps(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	assert_int_equal(f->t.phase, TRIAL_MEASURING);
	trying_measure(f, 0.5, 2);
	assert_int_equal(f->t.phase, TRIAL_PROVEN);
	assert_int_equal(f->t.change.state, CHANGE_KEPT);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_HELPS);
	assert_true(fabs(f->t.change.effect.percent - 300) < 5);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	assert_true(f->t.again_ns > f->now_ns);
}

/* What makes no difference is undone; the old value is back before the end of the run. */
static void test_measure_nothing(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	trying_measure(f, 1, 1);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	assert_int_not_equal(f->t.change.effect.verdict, EFFECT_HELPS);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* So is what harms. */
static void test_measure_harms(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	trying_measure(f, 2, 1);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_HARMS);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* The windows: off for settling and measuring, then on. */
static void test_windows(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	assert_int_equal(trial_next(&f->t), UINT64_MAX);
	trial_measure(&f->t);
	trial_step(&f->t, 1000 * MS, 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
	assert_int_equal(trial_next(&f->t), 1010 * MS);
	trial_step(&f->t, 1010 * MS, 0);
	assert_int_equal(trial_next(&f->t), 1050 * MS);
	trial_step(&f->t, 1049 * MS, 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
	trial_step(&f->t, 1050 * MS, 0.02);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	assert_int_equal(trial_next(&f->t), 1060 * MS);
}

/* What seems to help stays, though it is not certain, and is measured again in windows twice as long. */
static void test_inconclusive_gain(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	trying_measure_noise(f, 1, 1.5);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_INCONCLUSIVE);
	assert_true(f->t.change.effect.percent > 2);
	assert_int_equal(f->t.change.state, CHANGE_KEPT);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	trial_measure(&f->t);
	assert_int_equal(f->t.switchback.longer, 2);
}

/* What seems not to is undone. */
static void test_inconclusive_loss(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	trying_measure_noise(f, 1, 0.8);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_INCONCLUSIVE);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* Somebody else writes while it is measured: his value stays, and nothing is measured any more. */
static void test_foreign_write(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	trial_step(&f->t, 1000 * MS, 0);
	sandbox_write(f->sandbox, TRYING_SHARES, "777\n");
	trial_step(&f->t, 1010 * MS, 0);
	trial_step(&f->t, 1050 * MS, 1);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	assert_non_null(strstr(f->t.change.reason, "somebody else changed it"));
	assert_int_equal(trial_next(&f->t), UINT64_MAX);
	trial_measure(&f->t);
	trial_stop(&f->t);
	sandbox_assert(f->sandbox, TRYING_SHARES, "777\n");
	assert_int_equal(journal_undo_value(f->journal, f->group.directory, "cpu.shares"), -EBUSY);
	sandbox_assert(f->sandbox, TRYING_SHARES, "777\n");
}

/* The group is gone in the middle of it: that is no trouble worth a word. */
static void test_group_gone(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	assert_int_equal(remove(sandbox_path(f->sandbox, TRYING_SHARES)), 0);
	assert_int_equal(remove(sandbox_path(f->sandbox, "/cg/app")), 0);
	trial_step(&f->t, 1000 * MS, 0);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	assert_string_equal(f->t.change.reason, "others run");
}

/* A group of the same name that is another one is not written. */
static void test_group_made_again(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	f->t.group.id++; /* what the name stood for then */
	trial_step(&f->t, 1000 * MS, 0);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
}

/* Useful, useless, useful: its use cannot be told here, so it is left alone. */
static void test_flips(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	trying_measure(f, 0.5, 2);
	assert_int_equal(f->t.phase, TRIAL_PROVEN);
	trial_measure(&f->t);
	trying_measure(f, 1, 1);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
	trial_measure(&f->t);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	trying_measure(f, 0.5, 2);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	assert_non_null(strstr(f->t.change.reason, "measured differently each time"));
}

/* The same verdict again is no flip, and is looked at less and less often. */
static void test_rests_longer(void **state)
{
	struct trying *f = *state;
	uint64_t first, second;

	trying_make(f);
	trial_measure(&f->t);
	trying_measure(f, 0.5, 2);
	first = f->t.again_ns - f->now_ns;
	trial_measure(&f->t);
	trying_measure(f, 0.5, 2);
	second = f->t.again_ns - f->now_ns;
	assert_int_equal(f->t.phase, TRIAL_PROVEN);
	assert_int_equal(f->t.flips, 0);
	assert_in_range(second, 2 * first, 2 * first + SECOND);
}

/* More neighbours need more weight; a little more is not worth a write. */
static void test_raise(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	f->facts.group_bytes = 4900;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &f->evidence, &f->facts), 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	f->facts.group_bytes = 5000;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &f->evidence, &f->facts), 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "5120\n");
	assert_string_equal(f->t.change.new, "5120");
	assert_int_equal(journal_undo(f->journal, NULL, NULL), 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* Not while its effect is measured: two values would be compared with none. */
static void test_raise_while_measuring(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	f->facts.group_bytes = 50000;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &f->evidence, &f->facts), 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
}

/* Somebody else's value is not raised. */
static void test_raise_after_foreign_write(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	sandbox_write(f->sandbox, TRYING_SHARES, "777\n");
	f->facts.group_bytes = 50000;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &f->evidence, &f->facts), -EBUSY);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	sandbox_assert(f->sandbox, TRYING_SHARES, "777\n");
}

/* The run ends in the middle of a window without the change: it is put in force again, and judged by what there is. */
static void test_stop(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	trial_step(&f->t, 1000 * MS, 0);
	trial_step(&f->t, 1010 * MS, 0);
	trial_step(&f->t, 1050 * MS, 0.02);
	trial_step(&f->t, 1060 * MS, 0.03);
	trial_step(&f->t, 1100 * MS, 0.11);
	trial_stop(&f->t);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_INCONCLUSIVE);
	assert_int_equal(f->t.change.effect.windows, 2);
	assert_int_equal(trial_next(&f->t), UINT64_MAX);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
}

/* What was told to do nothing is not in force at the end, though it was being measured once more. */
static void test_stop_of_nothing(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	trying_measure(f, 1, 1);
	trial_measure(&f->t);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
	trial_stop(&f->t);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
}

/* Before the first pair is complete, there is no effect to speak of. */
static void test_stop_at_once(void **state)
{
	struct trying *f = *state;

	trying_make(f);
	trial_measure(&f->t);
	trial_step(&f->t, 1000 * MS, 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "1024\n");
	trial_stop(&f->t);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_NOT_MEASURED);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, trying_setup, trying_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_plan),
		TEST(test_plan_is_no_change),
		TEST(test_plan_of_planned_group),
		TEST(test_plan_refused),
		TEST(test_plan_unreadable),
		TEST(test_make),
		TEST(test_make_in_group_of_ours),
		TEST(test_make_after_foreign_write),
		TEST(test_make_without_journal),
		TEST(test_measure_helps),
		TEST(test_measure_nothing),
		TEST(test_measure_harms),
		TEST(test_windows),
		TEST(test_inconclusive_gain),
		TEST(test_inconclusive_loss),
		TEST(test_foreign_write),
		TEST(test_group_gone),
		TEST(test_group_made_again),
		TEST(test_flips),
		TEST(test_rests_longer),
		TEST(test_raise),
		TEST(test_raise_while_measuring),
		TEST(test_raise_after_foreign_write),
		TEST(test_stop),
		TEST(test_stop_at_once),
		TEST(test_stop_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
