/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
#include "tests/unit/trying.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool due(const struct evidence *e)
{
	(void)e;
	return true;
}

static uint64_t value(const struct evidence *e, const struct rule_facts *facts)
{
	(void)e;
	return facts->group_bytes;
}

const struct rule trying_rule = {
	.knob = &knob_cpu_weight,
	.bottleneck = "cpu-neighbour",
	.reason = "others run",
	.where = RULE_APP,
	.due = due,
	.value = value,
	.measure = { .metric = "run_per_second",
		     .settle_ns = 10 * TRYING_MS,
		     .window_ns = 40 * TRYING_MS,
		     .pairs_max = 4,
		     .smallest = 2 },
};

/* The same, set at the start of an app, and measured once more, and slowly, when that has lived for some time. */
const struct rule trying_start_rule = {
	.knob = &knob_cpu_weight,
	.bottleneck = "cpu-neighbour",
	.reason = "others run",
	.where = RULE_APP,
	.at_start = true,
	.due = due,
	.value = value,
	.measure = { .metric = "run_per_second",
		     .settle_ns = 10 * TRYING_MS,
		     .window_ns = 40 * TRYING_MS,
		     .slow_settle_ns = 10 * TRYING_MS,
		     .slow_off_ns = 80 * TRYING_MS,
		     .slow_on_ns = 200 * TRYING_MS,
		     .pairs_max = 4,
		     .smallest = 2 },
	.slow_after_ns = 4 * TRYING_SECOND,
};

int trying_setup(void **state)
{
	struct trying *f = calloc(1, sizeof(*f));

	if (!f || sandbox_make((void **)&f->sandbox))
		return -1;
	f->group.id = sandbox_group(f->sandbox, "/cg/app");
	snprintf(f->group.directory, sizeof(f->group.directory), "%s/cg/app", f->sandbox->root);
	f->group.mount_len = strlen(f->group.directory) - strlen("/app");
	sandbox_write(f->sandbox, TRYING_SHARES, "1024\n");
	f->facts.group_bytes = 4000;
	f->now_ns = TRYING_SECOND;
	*state = f;
	return journal_open_below(f->sandbox->root, f->sandbox->state, &f->journal);
}

int trying_teardown(void **state)
{
	struct trying *f = *state;
	int err;

	journal_close(f->journal);
	err = sandbox_remove((void **)&f->sandbox);
	free(f);
	return err;
}

int trying_plan(struct trying *f, enum trial_group kind)
{
	return trial_plan(&f->t, &trying_rule, &f->group, kind, &f->evidence, &f->facts);
}

void trying_make(struct trying *f)
{
	assert_int_equal(trying_plan(f, TRIAL_GROUP_FOREIGN), 0);
	assert_int_equal(trial_make(&f->t, f->journal), 0);
	sandbox_assert(f->sandbox, TRYING_SHARES, "4096\n");
}

void trying_make_at_start(struct trying *f)
{
	trying_make(f);
	f->t.rule = &trying_start_rule;
	f->t.made_ns = f->now_ns;
}

unsigned int trying_journals(struct trying *f)
{
	char path[PATH_MAX];

	return sandbox_journals(f->sandbox, "journal-", path);
}

void trying_measure(struct trying *f, double off, double on)
{
	unsigned int steps;

	for (steps = 0; f->t.phase == TRIAL_MEASURING; steps++) {
		assert_true(steps < 400);
		trial_step(&f->t, f->now_ns, f->counter);
		/* no two windows are quite alike */
		f->counter += 0.01 * (f->t.in_force ? on : off) * (1 + 0.001 * (steps % 3));
		f->now_ns += 10 * TRYING_MS;
	}
}

void trying_measure_noise(struct trying *f, double off, double on)
{
	unsigned int steps;

	for (steps = 0; f->t.phase == TRIAL_MEASURING; steps++) {
		assert_true(steps < 400);
		trial_step(&f->t, f->now_ns, f->counter);
		f->counter += 0.01 * (f->t.in_force ? on * (f->t.switchback.npairs % 2 ? 1.9 : 0.1) : off);
		f->now_ns += 10 * TRYING_MS;
	}
}
