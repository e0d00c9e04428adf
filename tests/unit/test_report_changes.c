/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The report for people, on changes: what was done, what came of it, how the machine was left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

static const struct host host = { "6.18.0", 4, 16ULL << 30 };
static const struct report_style plain = { .columns = 80 };

struct fixture {
	struct app app;
	struct agent_cost cost;
	struct change changes[2];
	struct report report;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->app = (struct app){ .name = "make", .seen = true, .ending = ENDING_APP, .wall_seconds = 10, .steal = NAN };
	f->changes[0] = (struct change){ .id = "a1",
					 .bottleneck = "cpu-neighbour",
					 .knob = "cpu.weight",
					 .target = "/ci/job-17",
					 .old = "100",
					 .new = "400",
					 .reason = "others held the CPUs for 64 % of its waits",
					 .state = CHANGE_KEPT,
					 .restored = true,
					 .effect = { EFFECT_HELPS, "run_per_second", 0.52, 1.94, 273, 240, 300, 6 } };
	f->changes[1] = (struct change){ .id = "a2",
					 .bottleneck = "memory-reclaim",
					 .knob = "memory.low",
					 .target = "/ci/job-17",
					 .reason = "this kernel has no such file",
					 .state = CHANGE_REFUSED };
	f->report = (struct report){
		.app = &f->app, .host = &host, .cost = &f->cost, .changes = f->changes, .nchanges = 1
	};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* The report as text; the caller frees it. */
static char *render(const struct fixture *f, const struct report_style *style)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(report_text(&f->report, style, out), 0);
	fclose(out);
	return text;
}

/* The report has part (or has it not). */
static void check(const struct fixture *f, const char *part, bool wanted)
{
	char *text = render(f, &plain);

	if (!strstr(text, part) == wanted)
		fail_msg("%s: %s\nin:\n%s", wanted ? "not found" : "found", part, text);
	free(text);
}

static void has(const struct fixture *f, const char *part)
{
	check(f, part, true);
}

static void has_not(const struct fixture *f, const char *part)
{
	check(f, part, false);
}

/* The last line of the report is text. */
static void ends(const struct fixture *f, const char *text)
{
	char last[512];

	snprintf(last, sizeof(last), "\n\n%s\n", text);
	check(f, last, true);
}

/* A change that helped: what, where, why, by how much, and that it is gone. */
static void test_helps(void **state)
{
	struct fixture *f = *state;

	has(f, "\nWhat was changed\n"
	       "      a1  cpu.weight 100 -> 400\n"
	       "          on /ci/job-17\n"
	       "          for cpu-neighbour: others held the CPUs for 64 % of its waits\n"
	       "          ran 0.52 -> 1.94 CPU seconds a second: +273 % (95 % sure: +240 % to\n"
	       "          +300 %), 6 windows\n"
	       "          put back at the end\n\n");
	has_not(f, "Not changed");
	ends(f, "Everything is as it was before.");
}

/* The section comes after the bottlenecks and before the tables, also for an app that never came. */
static void test_order(void **state)
{
	const struct verdict verdict = { "lock", "it waits", 0.5, "evidence", "suggestion" };
	struct command command = { .name = "cc1", .processes = 1 };
	struct fixture *f = *state;

	f->report.verdicts = &verdict;
	f->report.nverdicts = 1;
	f->app.commands = &command;
	f->app.ncommands = 1;
	has(f, "-> suggestion\n\nWhat was changed\n");
	has(f, "put back at the end\n\nCommands");
	f->app.seen = false;
	has(f, "\n\nWhat was changed\n");
}

/* Too few windows are no result, and a wide interval is none either. */
static void test_inconclusive(void **state)
{
	struct fixture *f = *state;
	struct effect *e = &f->changes[0].effect;

	f->changes[0].state = CHANGE_UNDONE;
	*e = (struct effect){ EFFECT_INCONCLUSIVE, "run_per_second", 1, 1.5, 50, NAN, NAN, 2 };
	has(f, "\n          inconclusive: too few windows (2)\n          undone during the run\n\n");
	*e = (struct effect){ EFFECT_INCONCLUSIVE, "run_per_second", 100, 1234, 5.25, -9.96, 20, 1 };
	has(f, "\n          inconclusive: ran 100 -> 1234 CPU seconds a second: +5.3 % (95 % sure:\n"
	       "          -10 % to +20 %), 1 window\n");
	ends(f, "Everything is as it was before.");
}

/* A change that harmed was undone, and the figures say why. */
static void test_harms(void **state)
{
	struct fixture *f = *state;

	f->changes[0].state = CHANGE_UNDONE;
	f->changes[0].effect = (struct effect){ EFFECT_HARMS, "bytes_per_second", 12.34, 6.17, -50, -60, -40, 8 };
	has(f, "\n          it harmed: undone; bytes_per_second 12.3 -> 6.17: -50 % (95 % sure:\n"
	       "          -60 % to -40 %), 8 windows\n\n");
	f->changes[0].restored = false;
	has(f, "\n          it harmed: bytes_per_second 12.3");
	has(f, "8 windows\n          not put back\n\n");
}

/* No difference is said with its interval, and never as "-0.0 %". */
static void test_none(void **state)
{
	struct fixture *f = *state;

	f->changes[0].effect = (struct effect){ EFFECT_NONE, "run_per_second", 1, 1, -0.01, -1, 1, 12 };
	has(f, "\n          no measurable difference: ran 1.00 -> 1.00 CPU seconds a second:\n"
	       "          +0.0 % (95 % sure: -1.0 % to +1.0 %), 12 windows\n");
}

/* Without a mean to compare with there is no percentage, and what was not measured is said to be so. */
static void test_not_measured(void **state)
{
	struct fixture *f = *state;

	f->changes[0].effect = (struct effect){ EFFECT_HELPS, "run_per_second", 0, 1.94, NAN, NAN, NAN, 6 };
	has(f, "\n          ran 0.00 -> 1.94 CPU seconds a second, 6 windows\n");
	f->changes[0].effect = (struct effect){ .metric = "run_per_second" };
	has(f, "\n          effect not measured\n          put back at the end\n");
	f->changes[0].measured_after = 4;
	has(f, "\n          effect not measured: that begins after 4 s at the earliest\n"
	       "          put back at the end\n");
	f->changes[0].effect.metric = NULL; /* nothing to compare: a move between groups */
	has_not(f, "effect not measured");
}

/* What had no value before, and what no bottleneck asked for. */
static void test_no_old_value(void **state)
{
	struct fixture *f = *state;

	f->changes[0].old[0] = '\0';
	f->changes[0].bottleneck = NULL;
	has(f, "\n      a1  cpu.weight set to 400\n"
	       "          on /ci/job-17\n"
	       "          others held the CPUs for 64 % of its waits\n");
	has(f, "\n          nothing is left of it\n");
}

/* A move into a group says where to once; a group that is not known is said to be so. */
static void test_targets(void **state)
{
	struct fixture *f = *state;
	struct change *c = &f->changes[0];

	c->knob = "cgroup.procs";
	snprintf(c->old, sizeof(c->old), "/ci");
	snprintf(c->new, sizeof(c->new), "%s", c->target);
	has(f, "\n      a1  cgroup.procs /ci -> /ci/job-17\n          for cpu-neighbour: others");
	f->report.nchanges = 2;
	f->changes[1].target[0] = '\0';
	has(f, "\n      a2  memory.low on an unknown group\n");
}

/* What was refused stands apart, in short, with the reason. */
static void test_refused(void **state)
{
	struct fixture *f = *state;

	f->report.nchanges = 2;
	has(f, "put back at the end\n\nNot changed\n"
	       "      a2  memory.low on /ci/job-17\n"
	       "          for memory-reclaim: this kernel has no such file\n\n");
	ends(f, "Everything is as it was before.");
	f->report.changes = f->changes + 1;
	f->report.nchanges = 1;
	has_not(f, "What was changed");
	ends(f, "Nothing was changed: the reasons are above.");
}

/* A dry run lists the plan, and nothing about effects or putting back. */
static void test_dry_run(void **state)
{
	struct fixture *f = *state;

	f->report.dry_run = true;
	f->changes[0].state = CHANGE_PLANNED;
	f->changes[0].restored = false;
	f->changes[0].effect = (struct effect){ 0 };
	has(f, "\nWhat would be changed (--dry-run)\n      a1  cpu.weight 100 -> 400\n");
	has(f, "64 % of its waits\n\n");
	ends(f, "Nothing was changed: this was a dry run.");
}

/* What is still in force: because the run goes on, because that was asked for, or against all intentions. */
static void test_not_restored(void **state)
{
	struct fixture *f = *state;

	f->changes[0].restored = false;
	has(f, "\n          not put back\n");
	ends(f, "Not everything is as it was before: 1 change was not put back.");
	f->report.keep = true;
	has(f, "\n          kept (--on-exit keep)\n");
	ends(f, "1 change is in force, as --on-exit keep asked for.");
	f->report.keep = false;
	f->report.interim = true;
	has(f, "\n          in force\n");
	ends(f, "1 change is in force.");
}

/* While the run goes on, what was undone counts as undone. */
static void test_interim_undone(void **state)
{
	struct fixture *f = *state;

	f->report.interim = true;
	f->changes[0].state = CHANGE_UNDONE;
	f->changes[0].restored = false;
	has(f, "\n          undone during the run\n");
	ends(f, "Everything is as it was before.");
}

/* While a window without it measures it, what is kept is in force all the same. */
static void test_interim_measured(void **state)
{
	struct fixture *f = *state;

	f->report.interim = true;
	f->changes[0].restored = true;
	has(f, "\n          in force\n");
	ends(f, "1 change is in force.");
}

/* What the settings forbid could have helped. */
static void test_restricted(void **state)
{
	struct fixture *f = *state;

	f->report.nchanges = 0;
	ends(f, "Nothing was changed: nothing that the agent can tune held the app back.");
	f->report.restricted = true;
	ends(f, "Nothing was changed: nothing that --only and --without leave held the app back.");
}

/* One that could not be put back is not hidden by one that was kept on purpose. */
static void test_some_not_restored(void **state)
{
	struct fixture *f = *state;

	f->report.keep = true;
	f->report.nchanges = 2;
	f->changes[0].restored = false;
	f->changes[1].state = CHANGE_UNDONE;
	ends(f, "Not everything is as it was before: 1 change was not put back.");
	f->changes[0].state = CHANGE_UNDONE;
	has_not(f, "kept (--on-exit keep)");
	ends(f, "Not everything is as it was before: 2 changes were not put back.");
}

/* From almost nothing, it is so many times as much. */
static void test_times(void **state)
{
	struct fixture *f = *state;

	f->changes[0].effect = (struct effect){ EFFECT_HELPS, "run_per_second", 0.1, 1.9, 1800, 940, 2660, 6 };
	has(f, ": 19 times as much (95 % sure:\n          +940 % to 28 times as much), 6 windows\n");
}

/* The reason for changing nothing is a sentence of the caller, with one full stop. */
static void test_unchanged(void **state)
{
	struct fixture *f = *state;

	f->report.nchanges = 0;
	f->report.unchanged = "this cgroup hierarchy is read-only";
	ends(f, "Nothing was changed: this cgroup hierarchy is read-only.");
	f->report.unchanged = "this cgroup hierarchy is read-only.";
	ends(f, "Nothing was changed: this cgroup hierarchy is read-only.");
	has_not(f, "What was changed");
}

/* Groups and reasons are bytes of others: the terminal gets printable characters, and no line is too long. */
static void test_hostile(void **state)
{
	const char *evil = "/\x1b[2J\a\r\x9b\xc2\x9b\xff\n\x7f\xe2\x80\xae\xc3\xa9";
	struct fixture *f = *state;
	char *text, *line, *rest;
	size_t i;

	for (i = 0; i < 2; i++) {
		struct change *c = &f->changes[i];

		memset(c->id, 'i', sizeof(c->id) - 1);
		memset(c->target, 't', sizeof(c->target) - 1);
		memset(c->old, '1', sizeof(c->old) - 1);
		memset(c->new, '\n', sizeof(c->new) - 1);
		memset(c->reason, 'r', sizeof(c->reason) - 1);
		snprintf(c->target + 200, sizeof(c->target) - 200, "%s", evil);
		snprintf(c->reason + 200, sizeof(c->reason) - 200, "%s", evil);
	}
	f->changes[0].effect.before = -1e300;
	f->changes[0].effect.percent = 1e300;
	f->report.nchanges = 2;
	text = rest = render(f, &plain);
	for (i = 0; text[i]; i++)
		assert_true(text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f));
	if (!strstr(text, "\n          on ...t") || !strstr(text, "  memory.low on ...") ||
	    !strstr(text, "/\\x1b[2J\\x07\\x0d"))
		fail_msg("a group is not shown by its end:\n%s", text);
	while ((line = strsep(&rest, "\n")))
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
	free(text);
}

/* Help is green and harm is red, what needs a look is yellow, and each colour is switched off again. */
static void test_colour(void **state)
{
	const struct report_style colour = { .columns = 80, .colour = true };
	struct fixture *f = *state;
	const char *p;
	char *text;
	bool on;

	f->report.nchanges = 2;
	f->changes[1].state = CHANGE_UNDONE;
	f->changes[1].effect = (struct effect){ EFFECT_HARMS, "run_per_second", 2, 1, -50, -60, -40, 8 };
	text = render(f, &colour);
	assert_non_null(strstr(text, "\x1b[32m          ran 0.52"));
	assert_non_null(strstr(text, "\x1b[31m          it harmed"));
	assert_non_null(strstr(text, "\x1b[33m          not put back\x1b[0m\n"));
	for (p = strstr(text, "\x1b["), on = false; p; p = strstr(p + 1, "\x1b[")) {
		assert_int_equal(on, !strncmp(p, "\x1b[0m", 4));
		on = !on;
	}
	assert_false(on);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_helps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inconclusive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_harms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_measured, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_old_value, setup, teardown),
		cmocka_unit_test_setup_teardown(test_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interim_undone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interim_measured, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restricted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dry_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_restored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_some_not_restored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unchanged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_colour, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
