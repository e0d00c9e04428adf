/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Times by kind of operation: what is added up, in which order, and that nothing gets lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/operations.h"

static char kind[64];

/* A command's kind is what stands before its '-'; without one, it has none. context has to be kind. */
static const char *first_word(void *context, const char *command)
{
	const char *dash = strchr(command, '-');

	assert_ptr_equal(context, kind);
	if (!dash)
		return NULL;
	snprintf(kind, sizeof(kind), "%.*s", (int)(dash - command), command);
	return kind;
}

static struct operation *operations; /* of the last test */
static size_t noperations;

static void add_up(struct command *commands, size_t n)
{
	struct app app = { .commands = commands, .ncommands = n };

	assert_int_equal(operations_of(&app, first_word, kind, &operations, &noperations), 0);
}

static int teardown(void **state)
{
	(void)state;
	free(operations);
	operations = NULL;
	return 0;
}

static struct command command(const char *name, uint64_t processes, double wall)
{
	struct command c = { .processes = processes, .times.wall[STATE_RUN] = wall, .times.thread[STATE_RUN] = wall };

	snprintf(c.name, sizeof(c.name), "%s", name);
	return c;
}

/* Commands of one kind are one operation: processes, names and times add up. */
static void test_sums(void **state)
{
	struct command c[] = { command("a-1", 2, 1), command("a-2", 3, 2), command("b-1", 1, 4) };

	(void)state;
	add_up(c, 3);
	assert_int_equal(noperations, 2);
	assert_string_equal(operations[0].kind, "b");
	assert_string_equal(operations[1].kind, "a");
	assert_int_equal(operations[1].processes, 5);
	assert_int_equal(operations[1].commands, 2);
	assert_true(operations[1].times.wall[STATE_RUN] == 3);
	assert_true(operations[1].times.thread[STATE_RUN] == 3);
}

/* Every field of the times adds up, the last one as well as the first. */
static void test_every_time(void **state)
{
	enum { N = sizeof(struct times) / sizeof(double) };
	struct command c[] = { command("a-1", 1, 0), command("a-2", 1, 0) };
	double times[N];

	(void)state;
	for (int i = 0; i < N; i++)
		times[i] = i + 1;
	memcpy(&c[0].times, times, sizeof(times));
	memcpy(&c[1].times, times, sizeof(times));
	add_up(c, 2);
	assert_int_equal(noperations, 1);
	memcpy(times, &operations[0].times, sizeof(times));
	for (int i = 0; i < N; i++)
		assert_true(times[i] == 2 * (i + 1));
}

/* The command with most wall time is named, wherever it stands and whatever state took the time. */
static void test_most(void **state)
{
	struct command c[] = { command("a-small", 9, 1), command("a-large", 1, 1), command("a-last", 1, 2) };

	(void)state;
	c[1].times.wall[STATE_DISK] = 2;
	add_up(c, 3);
	assert_string_equal(operations[0].most, "a-large");
}

/* Largest wall time first; what has no kind comes last, however large it is. */
static void test_order(void **state)
{
	struct command c[] = { command("x", 1, 9), command("c-1", 1, 1), command("b-1", 1, 3), command("a-1", 1, 1) };

	(void)state;
	add_up(c, 4);
	assert_int_equal(noperations, 4);
	assert_string_equal(operations[0].kind, "b");
	assert_string_equal(operations[1].kind, "a");
	assert_string_equal(operations[2].kind, "c");
	assert_string_equal(operations[3].kind, "");
	assert_true(operations[3].times.wall[STATE_RUN] == 9);
	assert_string_equal(operations[3].most, "x");
}

/* A command that took no time is not there; one that only slept is. */
static void test_no_time(void **state)
{
	struct command c[] = { command("a-1", 5, 0), command("b-1", 1, 0) };

	(void)state;
	c[1].times.thread[STATE_SLEEP] = 1;
	add_up(c, 2);
	assert_int_equal(noperations, 1);
	assert_string_equal(operations[0].kind, "b");
}

/* An app without commands has no operations. */
static void test_nothing(void **state)
{
	(void)state;
	noperations = 7;
	add_up(NULL, 0);
	assert_int_equal(noperations, 0);
}

/* Command names of full length are whole. */
static void test_long_name(void **state)
{
	struct command c[] = { command("a-4567890123456", 1, 1) };

	(void)state;
	add_up(c, 1);
	assert_string_equal(operations[0].most, "a-4567890123456");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_sums, teardown),
		cmocka_unit_test_teardown(test_every_time, teardown),
		cmocka_unit_test_teardown(test_most, teardown),
		cmocka_unit_test_teardown(test_order, teardown),
		cmocka_unit_test_teardown(test_no_time, teardown),
		cmocka_unit_test_teardown(test_nothing, teardown),
		cmocka_unit_test_teardown(test_long_name, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
