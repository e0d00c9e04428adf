/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* When reads of pages in memory are noted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "trace/use_pace.h"

#define PART 250000000ULL
#define MANY 100000 /* reads of a part */

struct fixture {
	struct use_pace pace;
	struct use_seen seen;
	uint64_t now_ns;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->now_ns = 5000000000;
	use_pace(&f->pace, &f->seen, f->now_ns);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* So many parts with so many reads and new looks each; whether reads are watched after them. */
static bool pass(struct fixture *f, int parts, uint64_t reads, uint64_t fresh)
{
	bool watched = true;

	while (parts--) {
		f->now_ns += PART;
		f->seen.reads += reads;
		f->seen.fresh += fresh;
		watched = use_pace(&f->pace, &f->seen, f->now_ns);
	}
	return watched;
}

/* Many reads that tell nothing new are watched for a second, and no longer. */
static void test_idle(void **state)
{
	struct fixture *f = *state;

	assert_true(pass(f, 3, MANY, 0));
	assert_false(pass(f, 1, MANY, 0));
}

/* Of few reads, or of many with something new among them, all are watched. */
static void test_worth_it(void **state)
{
	struct fixture *f = *state;

	assert_true(pass(f, 20, 1000, 0));
	assert_true(pass(f, 20, MANY, 1));
	assert_true(pass(f, 3, MANY, 0));
	assert_true(pass(f, 1, MANY, 1));
	assert_true(pass(f, 3, MANY, 0));
}

/* Then they are watched for a quarter of the time. */
static void test_a_quarter(void **state)
{
	struct fixture *f = *state;
	int i;

	pass(f, 4, MANY, 0);
	for (i = 0; i < 5; i++) {
		assert_false(pass(f, 2, 0, 0));
		assert_true(pass(f, 1, 0, 0));
		assert_false(pass(f, 1, MANY, 0));
	}
}

/* Something new in that quarter, and all are watched for a second again. */
static void test_new_again(void **state)
{
	struct fixture *f = *state;

	pass(f, 4, MANY, 0);
	assert_true(pass(f, 3, 0, 0));
	assert_true(pass(f, 1, MANY, 1));
	assert_true(pass(f, 3, MANY, 0));
	assert_false(pass(f, 1, MANY, 0));
}

/* A page that is missed, or a new one that is mapped, ends a pause at once. */
static void test_missed(void **state)
{
	struct fixture *f = *state;

	pass(f, 4, MANY, 0);
	f->seen.missed++;
	assert_true(use_pace(&f->pace, &f->seen, ++f->now_ns));
	assert_true(pass(f, 3, MANY, 0));
	assert_false(pass(f, 1, MANY, 0));
	f->seen.fresh++;
	assert_true(use_pace(&f->pace, &f->seen, ++f->now_ns));
}

/* Where there is no room for what is new, nothing is watched, until there is. */
static void test_full(void **state)
{
	struct fixture *f = *state;

	f->seen.full = true;
	assert_false(pass(f, 1, MANY, 1));
	f->seen.missed++;
	assert_false(pass(f, 20, MANY, 1));
	f->seen.full = false;
	assert_true(pass(f, 1, 0, 0));
}

/* It is asked as often as there is something to decide. */
static void test_due(void **state)
{
	struct fixture *f = *state;

	assert_false(use_pace_is_due(&f->pace, f->now_ns + PART - 1));
	assert_true(use_pace_is_due(&f->pace, f->now_ns + PART));
	pass(f, 4, MANY, 0);
	assert_true(use_pace_is_due(&f->pace, f->now_ns + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_worth_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_quarter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_due, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
