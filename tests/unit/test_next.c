/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which command follows which. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "profile/next.h"

static void learn(struct profile *p, uint64_t id, int times)
{
	for (; times; times--) {
		p->history.runs++;
		profile_next_learn(p, id);
	}
}

/* What came once may have come by chance; twice, it is expected. */
static void test_twice(void **state)
{
	struct profile p = { 0 };

	(void)state;
	assert_int_equal(profile_next_guess(&p), 0);
	learn(&p, 7, 1);
	assert_int_equal(profile_next_guess(&p), 0);
	learn(&p, 7, 1);
	assert_int_equal(profile_next_guess(&p), 7);
}

/* Where no command comes at least half of the times, none is expected. */
static void test_half(void **state)
{
	struct profile p = { 0 };

	(void)state;
	learn(&p, 1, 2);
	learn(&p, 2, 2);
	assert_int_equal(profile_next_guess(&p), 2); /* the later one */
	learn(&p, 3, 1);
	assert_int_equal(profile_next_guess(&p), 0);
	learn(&p, 1, 1);
	assert_int_equal(profile_next_guess(&p), 1);
}

/* A full list loses what came least; what is usual stays. */
static void test_full(void **state)
{
	struct profile p = { 0 };
	uint64_t id;

	(void)state;
	learn(&p, 100, 12);
	for (id = 1; id < 100; id++)
		learn(&p, id, 1);
	assert_int_equal(p.nnext, PROFILE_NEXT_MAX);
	assert_int_equal(profile_next_guess(&p), 100);
	assert_int_equal(p.next[PROFILE_NEXT_MAX - 1].times, 1);
}

/* A new habit takes the place of an old one, however long that lasted. */
static void test_habits_change(void **state)
{
	struct profile p = { 0 };

	(void)state;
	learn(&p, 1, 10000);
	assert_int_equal(profile_next_guess(&p), 1);
	learn(&p, 2, 17);
	assert_int_equal(profile_next_guess(&p), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_half),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_habits_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
