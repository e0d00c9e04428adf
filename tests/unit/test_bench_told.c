/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What is made of the reports of several runs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/told.h"

static int add(struct told *told, const char *text)
{
	int fd = memfd_create("report", MFD_CLOEXEC), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	err = told_add(told, fd);
	close(fd);
	return err;
}

/* A run that does not name a bottleneck had none of it; the largest comes first. */
static void medians_are_over_all_runs(void **state)
{
	struct told told = { 0 };

	(void)state;
	assert_int_equal(add(&told, "{\"bottlenecks\":[{\"id\":\"a\",\"impact_percent\":60}]}"), 0);
	assert_int_equal(add(&told, "{\"bottlenecks\":[{\"id\":\"b\",\"impact_percent\":40}]}"), 0);
	assert_int_equal(add(&told, "{\"bottlenecks\":[{\"id\":\"b\",\"impact_percent\":30}]}"), 0);
	told_finish(&told);
	assert_int_equal(told.runs, 3);
	assert_int_equal(told.nbottlenecks, 2);
	assert_string_equal(told.bottlenecks[0].id, "b");
	assert_true(told.bottlenecks[0].median == 30);
	assert_true(told.bottlenecks[1].median == 0);
	told_clear(&told);
}

/* By knob, whatever the target; replays that brought nothing do not count. */
static void actions_are_added_up(void **state)
{
	struct told told = { 0 };

	(void)state;
	assert_int_equal(add(&told, "{\"actions\":[{\"knob\":\"w\",\"target\":\"/1\",\"state\":\"kept\"},"
				    "{\"knob\":\"x\",\"state\":\"refused\",\"reason\":\"why\"}],"
				    "\"prefetch\":{\"replayed\":{\"state\":\"done\",\"bytes\":4096}}}"),
			 0);
	assert_int_equal(add(&told, "{\"actions\":[{\"knob\":\"w\",\"target\":\"/2\",\"state\":\"undone\"}],"
				    "\"prefetch\":{\"replayed\":{\"state\":\"done\",\"bytes\":0}}}"),
			 0);
	assert_int_equal(told.nactions, 2);
	assert_int_equal(told.actions[0].kept, 1);
	assert_int_equal(told.actions[0].unmeasured, 1);
	assert_int_equal(told.actions[0].undone, 1);
	assert_string_equal(told.actions[1].reason, "why");
	assert_int_equal(told.replays, 1);
	assert_int_equal(told.replayed_bytes, 4096);
	told_clear(&told);
}

/* What was kept without an effect to show is told apart; and the start of each run adds up. */
static void what_was_measured_counts(void **state)
{
	struct told told = { 0 };

	(void)state;
	assert_int_equal(add(&told, "{\"agent\":{\"start_seconds\":0.25},\"actions\":["
				    "{\"knob\":\"w\",\"state\":\"kept\",\"effect\":{\"verdict\":\"helps\"}}]}"),
			 0);
	assert_int_equal(add(&told, "{\"agent\":{\"start_seconds\":0.5},\"actions\":["
				    "{\"knob\":\"w\",\"state\":\"kept\",\"effect\":null}]}"),
			 0);
	assert_int_equal(told.actions[0].kept, 2);
	assert_int_equal(told.actions[0].unmeasured, 1);
	assert_true(told.start_seconds == 0.75);
	told_clear(&told);
}

/* Nothing, and what is no report, is told apart, and adds no run. */
static void no_report(void **state)
{
	struct told told = { 0 };

	(void)state;
	assert_int_equal(add(&told, ""), -ENOENT);
	assert_int_equal(add(&told, "{"), -EBADMSG);
	assert_int_equal(add(&told, "[]"), -EBADMSG);
	assert_int_equal(told.runs, 0);
	told_clear(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(medians_are_over_all_runs),
		cmocka_unit_test(actions_are_added_up),
		cmocka_unit_test(what_was_measured_counts),
		cmocka_unit_test(no_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
