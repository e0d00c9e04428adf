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

#include "act/trial.h"
#include "tests/unit/sandbox.h"

#define MS 1000000ULL
#define SECOND 1000000000ULL

#define SHARES "/cg/app/cpu.shares"

static uint64_t wanted; /* thousandths of the default weight: what the rule says */

static bool due(const struct evidence *e)
{
	(void)e;
	return true;
}

static uint64_t value(const struct evidence *e, const struct rule_facts *facts)
{
	(void)e, (void)facts;
	return wanted;
}

static const struct rule rule = {
	.knob = &knob_cpu_weight,
	.bottleneck = "cpu-neighbour",
	.reason = "others run",
	.where = RULE_APP,
	.due = due,
	.value = value,
	.measure = { .metric = "run_per_second",
		     .settle_ns = 10 * MS,
		     .window_ns = 40 * MS,
		     .pairs_max = 4,
		     .smallest = 2 },
};

/* The same, set at the start of an app, and measured once more, and slowly, when that has lived for some time. */
static const struct rule start_rule = {
	.knob = &knob_cpu_weight,
	.bottleneck = "cpu-neighbour",
	.reason = "others run",
	.where = RULE_APP,
	.at_start = true,
	.due = due,
	.value = value,
	.measure = { .metric = "run_per_second",
		     .settle_ns = 10 * MS,
		     .window_ns = 40 * MS,
		     .slow_settle_ns = 10 * MS,
		     .slow_off_ns = 80 * MS,
		     .slow_on_ns = 200 * MS,
		     .pairs_max = 4,
		     .smallest = 2 },
	.slow_after_ns = 4 * SECOND,
};

struct fixture {
	struct sandbox *sandbox;
	struct journal *journal;
	struct sys_cgroup group; /* v1, "/app" below its mount */
	struct trial t;
	uint64_t now_ns;
	double counter; /* seconds that the app ran */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || sandbox_make((void **)&f->sandbox))
		return -1;
	f->group.id = sandbox_group(f->sandbox, "/cg/app");
	snprintf(f->group.directory, sizeof(f->group.directory), "%s/cg/app", f->sandbox->root);
	f->group.mount_len = strlen(f->group.directory) - strlen("/app");
	sandbox_write(f->sandbox, SHARES, "1024\n");
	wanted = 4000;
	f->now_ns = SECOND;
	*state = f;
	return journal_open_below(f->sandbox->root, f->sandbox->state, &f->journal);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int err;

	journal_close(f->journal);
	err = sandbox_remove((void **)&f->sandbox);
	free(f);
	return err;
}

static const struct evidence evidence;
static const struct rule_facts facts;

static int plan(struct fixture *f, enum trial_group kind)
{
	return trial_plan(&f->t, &rule, &f->group, kind, &evidence, &facts);
}

static void make(struct fixture *f)
{
	assert_int_equal(plan(f, TRIAL_GROUP_FOREIGN), 0);
	assert_int_equal(trial_make(&f->t, f->journal), 0);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
}

static void make_at_start(struct fixture *f)
{
	make(f);
	f->t.rule = &start_rule;
	f->t.made_ns = f->now_ns;
}

static unsigned int journals(struct fixture *f)
{
	char path[PATH_MAX];

	return sandbox_journals(f->sandbox, "journal-", path);
}

/* Measures an app that runs at rate CPUs with the change, and at off without it, until there is a verdict. */
static void measure(struct fixture *f, double off, double on)
{
	unsigned int steps;

	for (steps = 0; f->t.phase == TRIAL_MEASURING; steps++) {
		assert_true(steps < 200);
		trial_step(&f->t, f->now_ns, f->counter);
		/* no two windows are quite alike */
		f->counter += 0.01 * (f->t.in_force ? on : off) * (1 + 0.001 * (steps % 3));
		f->now_ns += 10 * MS;
	}
}

/* A plan says what there is and what is to be, for whom and why, and writes neither value nor journal. */
static void test_plan(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(plan(f, TRIAL_GROUP_FOREIGN), 0);
	assert_string_equal(f->t.change.knob, "cpu.shares");
	assert_string_equal(f->t.change.target, "/app");
	assert_string_equal(f->t.change.old, "1024");
	assert_string_equal(f->t.change.new, "4096");
	assert_string_equal(f->t.change.reason, "others run");
	assert_string_equal(f->t.change.bottleneck, "cpu-neighbour");
	assert_int_equal(f->t.change.state, CHANGE_PLANNED);
	assert_false(f->t.in_force);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
	assert_int_equal(journals(f), 0);
}

/* A weight that is larger already is somebody's decision, and the one that is there no change. */
static void test_plan_is_no_change(void **state)
{
	struct fixture *f = *state;

	f->t.rule = NULL;
	sandbox_write(f->sandbox, SHARES, "8192\n");
	assert_int_equal(plan(f, TRIAL_GROUP_FOREIGN), -EALREADY);
	sandbox_write(f->sandbox, SHARES, "4096\n");
	assert_int_equal(plan(f, TRIAL_GROUP_FOREIGN), -EALREADY);
	wanted = 0;
	sandbox_write(f->sandbox, SHARES, "1024\n");
	assert_int_equal(plan(f, TRIAL_GROUP_FOREIGN), -EALREADY);
	assert_null(f->t.rule);
}

/* A group that is not made yet has no value to look at. */
static void test_plan_of_planned_group(void **state)
{
	struct fixture *f = *state;

	strcat(f->group.directory, "/new");
	f->group.id = 0;
	assert_int_equal(plan(f, TRIAL_GROUP_PLANNED), 0);
	assert_string_equal(f->t.change.target, "/app/new");
	assert_string_equal(f->t.change.old, "");
	assert_string_equal(f->t.change.new, "4096");
}

/* What cannot work is refused, and the report says why. */
static void test_plan_refused(void **state)
{
	struct fixture *f = *state;

	f->group.id++;
	assert_int_equal(plan(f, TRIAL_GROUP_FOREIGN), -ENOENT);
	assert_int_equal(f->t.change.state, CHANGE_REFUSED);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	assert_string_equal(f->t.change.reason, "the control group is gone");
}

/* A value that makes no sense to us could not be put back either. */
static void test_plan_unreadable(void **state)
{
	struct fixture *f = *state;
	char text[400];

	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	sandbox_write(f->sandbox, SHARES, text);
	assert_int_equal(plan(f, TRIAL_GROUP_FOREIGN), -EFBIG);
	assert_int_equal(f->t.change.state, CHANGE_REFUSED);
	assert_non_null(strstr(f->t.change.reason, "cannot be read"));
}

/* A change is in the journal, from which it can be undone. */
static void test_make(void **state)
{
	struct fixture *f = *state;

	make(f);
	assert_int_equal(f->t.change.state, CHANGE_KEPT);
	assert_int_equal(f->t.phase, TRIAL_READY);
	assert_true(f->t.in_force);
	assert_int_equal(journals(f), 1);
	assert_int_equal(journal_undo(f->journal, NULL, NULL), 0);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

/* A group of ours goes away with its values. */
static void test_make_in_group_of_ours(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(plan(f, TRIAL_GROUP_OURS), 0);
	assert_int_equal(trial_make(&f->t, f->journal), 0);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	assert_int_equal(journals(f), 0);
}

/* Between the plan and the write somebody else wrote: hands off. */
static void test_make_after_foreign_write(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(plan(f, TRIAL_GROUP_FOREIGN), 0);
	sandbox_write(f->sandbox, SHARES, "512\n");
	assert_int_equal(trial_make(&f->t, f->journal), -EBUSY);
	assert_int_equal(f->t.change.state, CHANGE_REFUSED);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	sandbox_assert(f->sandbox, SHARES, "512\n");
	assert_int_equal(journal_undo(f->journal, NULL, NULL), 0);
	sandbox_assert(f->sandbox, SHARES, "512\n");
}

/* Without a journal entry nothing is written. */
static void test_make_without_journal(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(plan(f, TRIAL_GROUP_FOREIGN), 0);
	f->t.group.id++;
	assert_int_equal(trial_make(&f->t, f->journal), -ESTALE);
	assert_int_equal(f->t.change.state, CHANGE_REFUSED);
	assert_non_null(strstr(f->t.change.reason, "journal"));
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

/* What helps stays, with its effect. */
static void test_measure_helps(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	assert_int_equal(f->t.phase, TRIAL_MEASURING);
	measure(f, 0.5, 2);
	assert_int_equal(f->t.phase, TRIAL_PROVEN);
	assert_int_equal(f->t.change.state, CHANGE_KEPT);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_HELPS);
	assert_true(fabs(f->t.change.effect.percent - 300) < 5);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	assert_true(f->t.again_ns > f->now_ns);
}

/* What makes no difference is undone; the old value is back before the end of the run. */
static void test_measure_nothing(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	measure(f, 1, 1);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	assert_int_not_equal(f->t.change.effect.verdict, EFFECT_HELPS);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

/* So is what harms. */
static void test_measure_harms(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	measure(f, 2, 1);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_HARMS);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

/* The windows: off for settling and measuring, then on. */
static void test_windows(void **state)
{
	struct fixture *f = *state;

	make(f);
	assert_int_equal(trial_next(&f->t), UINT64_MAX);
	trial_measure(&f->t);
	trial_step(&f->t, 1000 * MS, 0);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
	assert_int_equal(trial_next(&f->t), 1010 * MS);
	trial_step(&f->t, 1010 * MS, 0);
	assert_int_equal(trial_next(&f->t), 1050 * MS);
	trial_step(&f->t, 1049 * MS, 0);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
	trial_step(&f->t, 1050 * MS, 0.02);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	assert_int_equal(trial_next(&f->t), 1060 * MS);
}

/* The same for an app that has another phase in each pair: too much noise for a verdict. */
static void measure_noise(struct fixture *f, double off, double on)
{
	unsigned int steps;

	for (steps = 0; f->t.phase == TRIAL_MEASURING; steps++) {
		assert_true(steps < 400);
		trial_step(&f->t, f->now_ns, f->counter);
		f->counter += 0.01 * (f->t.in_force ? on * (f->t.switchback.npairs % 2 ? 1.9 : 0.1) : off);
		f->now_ns += 10 * MS;
	}
}

/* What seems to help stays, though it is not certain, and is measured again in windows twice as long. */
static void test_inconclusive_gain(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	measure_noise(f, 1, 1.5);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_INCONCLUSIVE);
	assert_true(f->t.change.effect.percent > 2);
	assert_int_equal(f->t.change.state, CHANGE_KEPT);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	trial_measure(&f->t);
	assert_int_equal(f->t.switchback.longer, 2);
}

/* What seems not to is undone. */
static void test_inconclusive_loss(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	measure_noise(f, 1, 0.8);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_INCONCLUSIVE);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

/* Somebody else writes while it is measured: his value stays, and nothing is measured any more. */
static void test_foreign_write(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	trial_step(&f->t, 1000 * MS, 0);
	sandbox_write(f->sandbox, SHARES, "777\n");
	trial_step(&f->t, 1010 * MS, 0);
	trial_step(&f->t, 1050 * MS, 1);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	assert_non_null(strstr(f->t.change.reason, "somebody else changed it"));
	assert_int_equal(trial_next(&f->t), UINT64_MAX);
	trial_measure(&f->t);
	trial_stop(&f->t);
	sandbox_assert(f->sandbox, SHARES, "777\n");
	assert_int_equal(journal_undo_value(f->journal, f->group.directory, "cpu.shares"), -EBUSY);
	sandbox_assert(f->sandbox, SHARES, "777\n");
}

/* The group is gone in the middle of it: that is no trouble worth a word. */
static void test_group_gone(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	assert_int_equal(remove(sandbox_path(f->sandbox, SHARES)), 0);
	assert_int_equal(remove(sandbox_path(f->sandbox, "/cg/app")), 0);
	trial_step(&f->t, 1000 * MS, 0);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	assert_string_equal(f->t.change.reason, "others run");
}

/* A group of the same name that is another one is not written. */
static void test_group_made_again(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	f->t.group.id++; /* what the name stood for then */
	trial_step(&f->t, 1000 * MS, 0);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
}

/* Useful, useless, useful: its use cannot be told here, so it is left alone. */
static void test_flips(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	measure(f, 0.5, 2);
	assert_int_equal(f->t.phase, TRIAL_PROVEN);
	trial_measure(&f->t);
	measure(f, 1, 1);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
	trial_measure(&f->t);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	measure(f, 0.5, 2);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	assert_non_null(strstr(f->t.change.reason, "measured differently each time"));
}

/* The same verdict again is no flip, and is looked at less and less often. */
static void test_rests_longer(void **state)
{
	struct fixture *f = *state;
	uint64_t first, second;

	make(f);
	trial_measure(&f->t);
	measure(f, 0.5, 2);
	first = f->t.again_ns - f->now_ns;
	trial_measure(&f->t);
	measure(f, 0.5, 2);
	second = f->t.again_ns - f->now_ns;
	assert_int_equal(f->t.phase, TRIAL_PROVEN);
	assert_int_equal(f->t.flips, 0);
	assert_in_range(second, 2 * first, 2 * first + SECOND);
}

/* More neighbours need more weight; a little more is not worth a write. */
static void test_raise(void **state)
{
	struct fixture *f = *state;

	make(f);
	wanted = 4900;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &evidence, &facts), 0);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	wanted = 5000;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &evidence, &facts), 0);
	sandbox_assert(f->sandbox, SHARES, "5120\n");
	assert_string_equal(f->t.change.new, "5120");
	assert_int_equal(journal_undo(f->journal, NULL, NULL), 0);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

/* Not while its effect is measured: two values would be compared with none. */
static void test_raise_while_measuring(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	wanted = 50000;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &evidence, &facts), 0);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
}

/* Somebody else's value is not raised. */
static void test_raise_after_foreign_write(void **state)
{
	struct fixture *f = *state;

	make(f);
	sandbox_write(f->sandbox, SHARES, "777\n");
	wanted = 50000;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &evidence, &facts), -EBUSY);
	assert_int_equal(f->t.phase, TRIAL_OVER);
	sandbox_assert(f->sandbox, SHARES, "777\n");
}

/* The run ends in the middle of a window without the change: it is put in force again, and judged by what there is. */
static void test_stop(void **state)
{
	struct fixture *f = *state;

	make(f);
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
	sandbox_assert(f->sandbox, SHARES, "4096\n");
}

/* What was told to do nothing is not in force at the end, though it was being measured once more. */
static void test_stop_of_nothing(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	measure(f, 1, 1);
	trial_measure(&f->t);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	trial_stop(&f->t);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

/* Before the first pair is complete, there is no effect to speak of. */
static void test_stop_at_once(void **state)
{
	struct fixture *f = *state;

	make(f);
	trial_measure(&f->t);
	trial_step(&f->t, 1000 * MS, 0);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
	trial_stop(&f->t);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_NOT_MEASURED);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
}

/* The first measurement is quick; the next is slow, once the app has lived long enough for what it costs. */
static void test_slow(void **state)
{
	struct fixture *f = *state;

	make_at_start(f);
	trial_measure(&f->t);
	assert_false(f->t.switchback.slow);
	measure(f, 0.5, 2);
	assert_int_equal(f->t.again_ns, f->t.made_ns + 4 * SECOND);
	trial_measure(&f->t);
	assert_true(f->t.switchback.slow);
	measure(f, 0.5, 2);
	assert_true(f->t.again_ns > f->now_ns);
}

/* What is set at the start stays if nothing can be told, and goes if it is told that it does nothing. */
static void test_start_stays(void **state)
{
	struct fixture *f = *state;

	make_at_start(f);
	trial_measure(&f->t);
	measure_noise(f, 1, 0.9);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_INCONCLUSIVE);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	trial_measure(&f->t);
	measure(f, 1, 1);
	assert_int_equal(f->t.change.effect.verdict, EFFECT_NONE);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
	/* but never for long */
	trial_measure(&f->t);
	measure(f, 1, 1);
	assert_in_range(f->t.again_ns, f->now_ns, f->now_ns + 10 * SECOND);
}

/* Nobody needs what was set at the start: it is taken back, and set again when somebody does. */
static void test_need(void **state)
{
	struct fixture *f = *state;

	make_at_start(f);
	trial_need(&f->t, false);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
	trial_need(&f->t, true);
	assert_int_equal(f->t.change.state, CHANGE_KEPT);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	trial_measure(&f->t);
	measure(f, 0.5, 2);
	trial_need(&f->t, false);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
}

/* Few windows at the end of the run do not replace what more of them have said. */
static void test_stop_says_less(void **state)
{
	struct fixture *f = *state;
	unsigned int windows;

	make_at_start(f);
	trial_measure(&f->t);
	measure(f, 0.5, 2);
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
	struct fixture *f = *state;

	make_at_start(f);
	trial_measure(&f->t);
	assert_false(trial_may_wait(&f->t)); /* the quick one is over in a moment */
	measure(f, 0.5, 2);
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
	sandbox_assert(f->sandbox, SHARES, "4096\n");
}

/* Three pairs of a slow measurement in which the app is slower with the change. */
static void measure_slow_harm(struct fixture *f)
{
	static const double rate[] = { 2, 1 };
	unsigned int step;

	for (step = 0; step < 12; step++) {
		trial_step(&f->t, f->now_ns, f->counter);
		f->now_ns += (step % 2 ? (f->t.in_force ? 200 : 80) : 10) * MS;
		f->counter += (step % 2 ? (f->t.in_force ? 0.2 : 0.08) : 0.01) * rate[f->t.in_force] *
			      (1 + 0.001 * step);
	}
}

/* What turned out to harm does not stay because something else begins. */
static void test_interrupt_of_harm(void **state)
{
	struct fixture *f = *state;

	make_at_start(f);
	trial_measure(&f->t);
	measure(f, 0.5, 2);
	trial_measure(&f->t);
	measure_slow_harm(f);
	assert_true(f->t.in_force);
	assert_int_equal(f->t.phase, TRIAL_MEASURING);
	f->t.change.effect.verdict = EFFECT_HARMS; /* as an earlier measurement said */
	trial_interrupt(&f->t, f->now_ns);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	assert_int_equal(f->t.change.state, CHANGE_UNDONE);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

/* Nor is it raised: what is there then is the old value, and nobody else's. */
static void test_raise_of_harm(void **state)
{
	struct fixture *f = *state;

	make_at_start(f);
	trial_measure(&f->t);
	measure(f, 0.5, 2);
	trial_measure(&f->t);
	measure_slow_harm(f);
	f->t.change.effect.verdict = EFFECT_HARMS;
	wanted = 8000;
	assert_int_equal(trial_raise(&f->t, f->journal, f->now_ns, &evidence, &facts), 0);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

/* Its size is measured of what helps only: what does nothing rests, and is looked at quickly again. */
static void test_no_slow_for_nothing(void **state)
{
	struct fixture *f = *state;

	make_at_start(f);
	trial_measure(&f->t);
	measure(f, 1, 1);
	assert_int_equal(f->t.phase, TRIAL_RESTING);
	trial_measure(&f->t);
	assert_false(f->t.switchback.slow);
}

/* A spare that nobody needed in one run of the app is there again at the start of the next; what was judged is not. */
static void test_again(void **state)
{
	struct fixture *f = *state;

	make_at_start(f);
	trial_need(&f->t, false);
	trial_again(&f->t, 7 * SECOND);
	sandbox_assert(f->sandbox, SHARES, "4096\n");
	assert_int_equal(f->t.made_ns, 7 * SECOND);
	trial_measure(&f->t);
	measure(f, 1, 1);
	trial_stop(&f->t);
	trial_again(&f->t, 9 * SECOND);
	sandbox_assert(f->sandbox, SHARES, "1024\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
		TEST(test_slow),
		TEST(test_start_stays),
		TEST(test_need),
		TEST(test_stop_says_less),
		TEST(test_interrupt),
		TEST(test_interrupt_of_harm),
		TEST(test_raise_of_harm),
		TEST(test_no_slow_for_nothing),
		TEST(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
