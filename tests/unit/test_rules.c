/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* When a knob is due, and what it gets. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "act/rule.h"

#define GIB (1ULL << 30)
#define S 1000000000ULL

static const struct rule *row(const char *knob, enum rule_where where)
{
	size_t i;

	for (i = 0; i < rules_count; i++)
		if (!strcmp(rules[i].knob->name, knob) && rules[i].where == where)
			return &rules[i];
	fail_msg("no rule for %s", knob);
	return NULL;
}

/* An app on a machine of four CPUs that others fill. */
static struct evidence crowded(void)
{
	return (struct evidence){ .seconds = 0.1, .cpus = 4, .run = 1, .demand = 4, .others_ready = 6, .idle = 0 };
}

/* What is part of another row, leaves nothing behind, or what windows of CPU time cannot tell about. */
static bool unmeasured(const struct rule *r)
{
	return r->support || r->knob->one_shot || !strcmp(r->knob->name, "cpuset.cpus") ||
	       !strcmp(r->knob->name, "memory.low");
}

/* Every row says what to write and how to measure it, or is known not to be measured. */
static void test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < rules_count; i++) {
		const struct rule *r = &rules[i];

		assert_true(!r->value != !r->text);
		assert_non_null(r->due);
		assert_non_null(r->bottleneck);
		assert_non_null(r->reason);
		assert_int_equal(!r->measure.window_ns, unmeasured(r));
		if (!unmeasured(r)) {
			assert_true(r->measure.pairs_max >= EFFECT_PAIRS_MIN &&
				    r->measure.pairs_max <= EFFECT_PAIRS_MAX);
			assert_non_null(r->measure.metric);
		}
	}
}

/* Others have the CPUs that the app wants. */
static void test_neighbours_show(void **state)
{
	const struct rule *r = row("cpu.weight", RULE_APP);
	struct evidence e = crowded();

	(void)state;
	assert_true(r->due(&e));
	e.others_ready = 1; /* one that never waits takes a CPU from four threads */
	assert_true(r->due(&e));
	e.idle = e.others_ready = NAN; /* /proc could not be read: the ledger alone */
	e.neighbour = 0.3;
	assert_true(r->due(&e));
}

/* Nobody competes: CPUs idle, or nobody else wants them, or the app wants none. */
static void test_no_neighbours(void **state)
{
	const struct rule *r = row("cpu.weight", RULE_APP);
	struct evidence e = crowded();

	(void)state;
	e.idle = 1;
	assert_false(r->due(&e));
	e = crowded();
	e.others_ready = 0;
	assert_false(r->due(&e));
	e.cpus = e.demand = 128; /* two threads are nothing to that */
	e.others_ready = 2;
	assert_false(r->due(&e));
	e = crowded();
	e.demand = 0.01;
	e.neighbour = 1;
	assert_false(r->due(&e));
	e = crowded();
	e.idle = e.others_ready = NAN;
	assert_false(r->due(&e));
}

/* 95 % of each CPU that it uses: with demand for all four and six neighbours, 19 times their weight. */
static void test_weight_of_full_demand(void **state)
{
	struct evidence e = crowded();
	const struct rule_facts facts = { .siblings = 6 };

	(void)state;
	assert_in_range(row("cpu.weight", RULE_APP)->value(&e, &facts), 19 * 6000 - 1, 19 * 6000 + 1);
}

/* An app that wants one CPU of four meets a quarter of the neighbours. */
static void test_weight_of_small_demand(void **state)
{
	struct evidence e = crowded();
	const struct rule_facts facts = { .siblings = 8 };

	(void)state;
	e.demand = 0.7;
	assert_in_range(row("cpu.weight", RULE_APP)->value(&e, &facts), 19 * 2000 - 1, 19 * 2000 + 1);
}

/* Nobody beside it: still more than the default, in case somebody comes. */
static void test_weight_without_siblings(void **state)
{
	struct evidence e = crowded();
	const struct rule_facts facts = { 0 };

	(void)state;
	assert_in_range(row("cpu.weight", RULE_APP)->value(&e, &facts), 18999, 19001);
}

/* Twice what it has and what was taken from it, and never more than half of the memory. */
static void test_working_set(void **state)
{
	const struct rule *r = row("memory.low", RULE_APP);
	struct evidence e = { .seconds = 0.1, .cpus = 2, .reclaim = 0.2 };
	struct rule_facts facts = { .machine_bytes = 8 * GIB, .group_bytes = GIB, .refaulted_bytes = GIB / 2 };

	(void)state;
	assert_true(r->due(&e));
	assert_int_equal(r->value(&e, &facts), 3 * GIB);
	facts.refaulted_bytes = 20 * GIB;
	assert_int_equal(r->value(&e, &facts), 4 * GIB);
}

/* An app that reads the disk for the first time has lost nothing: there is nothing to protect. */
static void test_cold_start_is_no_shortage(void **state)
{
	const struct rule *r = row("memory.low", RULE_APP);
	struct evidence e = { .seconds = 0.1, .cpus = 2, .disk = 0.8 };
	struct rule_facts facts = { .machine_bytes = 8 * GIB, .group_bytes = GIB };

	(void)state;
	assert_int_equal(r->value(&e, &facts), 0);
}

/* The fast CPUs only where they are enough, and where there are others. */
static void test_fast_cpus(void **state)
{
	const struct rule *r = row("cpuset.cpus", RULE_APP);
	struct evidence e = { .seconds = 0.1, .cpus = 8, .run = 3, .demand = 3 };
	struct rule_facts facts = { .fast_cpus = 4, .fast_list = "0-3" };

	(void)state;
	assert_true(r->due(&e));
	assert_string_equal(r->text(&e, &facts), "0-3");
	e.demand = 6;
	assert_null(r->text(&e, &facts));
	e.demand = 3;
	facts.fast_cpus = 0;
	assert_null(r->text(&e, &facts));
}

static struct act_sample at(uint64_t now_ns)
{
	return (struct act_sample){ .now_ns = now_ns, .alive = true, .cpus = 2 };
}

/* Rates are differences over the time between. */
static void test_evidence(void **state)
{
	struct act_sample a = at(S), b = at(S + S / 2);
	struct evidence e;

	(void)state;
	b.run = 0.5;
	b.runq = 1;
	b.wall_neighbour = 0.1;
	b.machine_idle = 0.25;
	a.others_ready = 5;
	b.others_ready = 3;
	e = evidence_between(&a, &b);
	assert_true(fabs(e.seconds - 0.5) < 1e-9);
	assert_true(fabs(e.run - 1) < 1e-9);
	assert_true(fabs(e.demand - 2) < 1e-9); /* 3 threads wanted one, there are 2 */
	assert_true(fabs(e.idle - 0.5) < 1e-9);
	assert_true(fabs(e.neighbour - 0.2) < 1e-9);
	assert_true(e.others_ready == 3);
	e = evidence_between(&b, &(struct act_sample){ .now_ns = 2 * S, .alive = true, .cpus = 2, .others_ready = 7 });
	assert_true(e.others_ready == 3); /* those who were there at one of the moments only are no neighbours */
}

/* Without two looks at a living app in the right order there is none. */
static void test_no_evidence(void **state)
{
	struct act_sample a = at(S), b = at(2 * S);

	(void)state;
	assert_true(evidence_between(&b, &a).seconds == 0);
	assert_true(evidence_between(&a, &a).seconds == 0);
	b.alive = false;
	assert_true(evidence_between(&a, &b).seconds == 0);
}

/* What the machine does not tell is not known, and not 0. */
static void test_evidence_unknown(void **state)
{
	struct act_sample a = at(S), b = at(2 * S);
	struct evidence e;

	(void)state;
	a.machine_idle = b.others_ready = NAN;
	e = evidence_between(&a, &b);
	assert_true(isnan(e.idle) && isnan(e.others_ready));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_neighbours_show),
		cmocka_unit_test(test_no_neighbours),
		cmocka_unit_test(test_weight_of_full_demand),
		cmocka_unit_test(test_weight_of_small_demand),
		cmocka_unit_test(test_weight_without_siblings),
		cmocka_unit_test(test_working_set),
		cmocka_unit_test(test_cold_start_is_no_shortage),
		cmocka_unit_test(test_fast_cpus),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_no_evidence),
		cmocka_unit_test(test_evidence_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
