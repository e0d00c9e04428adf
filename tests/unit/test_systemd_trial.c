/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A change that goes through systemd, whose file is late; systemd itself is a stand-in. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "act/systemd.h"
#include "act/trial.h"

#define UNSET "[not set]"

static char property[SYSTEMD_TEXT]; /* what systemd was told last */
static char file[KNOB_TEXT]; /* what it has written so far */

int systemd_version(char ret[SYSTEMD_VERSION_MAX])
{
	strcpy(ret, "252");
	return 0;
}

int systemd_read(const char *unit, const char *name, char ret[SYSTEMD_TEXT])
{
	assert_string_equal(unit, "web.service");
	assert_string_equal(name, "cpu.weight");
	strcpy(ret, property);
	return 0;
}

int systemd_write(const char *unit, const char *name, const char *text)
{
	assert_string_equal(unit, "web.service");
	assert_string_equal(name, "cpu.weight");
	strcpy(property, text);
	strcpy(file, text);
	return 0;
}

int systemd_start_scope(const char *name, const char *slice, pid_t pid, uint64_t tasks, char ret_group[PATH_MAX])
{
	(void)name, (void)slice, (void)pid, (void)tasks, (void)ret_group;
	return -ENOSYS;
}

static int read_file(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	(void)group;
	strcpy(ret, file);
	return 0;
}

static const struct knob knob = { .name = "cpu.weight", .read = read_file };
static const struct rule rule = { .knob = &knob, .reason = "others run" };

static struct trial planned(void)
{
	struct trial t = { .rule = &rule, .change = { .knob = "cpu.weight", .old = "100", .new = "1000" } };

	strcpy(t.unit, "web.service");
	strcpy(t.unit_old, UNSET);
	strcpy(property, UNSET);
	strcpy(file, "100");
	return t;
}

/* To and fro: what was not set before is the normal value from then on. */
static void test_turns(void **state)
{
	struct trial t = planned();

	(void)state;
	assert_int_equal(trial_turn(&t, true), 0);
	assert_string_equal(property, "1000");
	assert_int_equal(trial_turn(&t, false), 0);
	assert_string_equal(property, "100");
	assert_int_equal(trial_turn(&t, true), 0);
	assert_string_equal(property, "1000");
}

/* What somebody else has just told systemd is not in the file yet: hands off all the same. */
static void test_somebody_else_is_ahead_of_the_file(void **state)
{
	struct trial t = planned();

	(void)state;
	strcpy(property, "321");
	assert_int_equal(trial_turn(&t, true), -EBUSY);
	assert_string_equal(property, "321");

	strcpy(property, UNSET);
	assert_int_equal(trial_turn(&t, true), 0);
	strcpy(property, "321");
	assert_int_equal(trial_turn(&t, false), -EBUSY);
	assert_string_equal(property, "321");
}

/* That nothing is set is ours only as long as our value is not in force. */
static void test_somebody_else_unsets_it(void **state)
{
	struct trial t = planned();

	(void)state;
	assert_int_equal(trial_turn(&t, true), 0);
	strcpy(property, UNSET);
	assert_int_equal(trial_turn(&t, false), -EBUSY);
	assert_string_equal(property, UNSET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_somebody_else_is_ahead_of_the_file),
		cmocka_unit_test(test_somebody_else_unsets_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
