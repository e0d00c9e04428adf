/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The weights of sessions, added up from rows as the kernel side writes them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "aa_map.h"
#include "trace/sessions.h"

#define ONE AA_SESSION_WEIGHT

static double weigh(const struct aa_session *rows, size_t bytes)
{
	double ret = -1;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], rows, bytes), (ssize_t)bytes);
	close(ends[1]);
	assert_int_equal(sessions_weigh(ends[0], &ret), 0);
	close(ends[0]);
	return ret;
}

static void test_nobody(void **state)
{
	(void)state;
	assert_true(weigh(NULL, 0) == 0);
}

/* However many threads it has ready, a session counts once, by its weight; what has none, thread by thread. */
static void test_sessions(void **state)
{
	const struct aa_session rows[] = { { 7, ONE }, { 9, ONE / 2 }, { 7, ONE },
					   { 0, ONE }, { 9, ONE / 2 }, { 0, ONE } };

	(void)state;
	assert_true(weigh(rows, sizeof(rows)) == 3.5);
}

/* Of more sessions than are looked at, those that came first; and more rows than are read at a time. */
static void test_many(void **state)
{
	struct aa_session rows[200];
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++)
		rows[i] = (struct aa_session){ 1 + i % 50, ONE };
	assert_true(weigh(rows, sizeof(rows)) == 50);
	for (i = 0; i < 200; i++)
		rows[i] = (struct aa_session){ 1 + i, ONE };
	assert_true(weigh(rows, sizeof(rows)) == 64);
}

static void test_unreadable(void **state)
{
	double weight = 3;

	(void)state;
	assert_int_equal(sessions_weigh(-1, &weight), -EBADF);
	assert_true(weight == 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
