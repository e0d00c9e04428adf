/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Sums of long waits: by who waited, for what, and who ended the wait. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/waits.h"

#define MS 1000000ULL

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct waits));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static struct aa_rec_wait record(const char *comm, uint8_t state, uint64_t ns, const char *waker)
{
	struct aa_rec_wait rec = { .wait_ns = ns, .state = state, .waker = waker[0] ? 77 : 0 };

	snprintf(rec.comm, sizeof(rec.comm), "%s", comm);
	snprintf(rec.waker_comm, sizeof(rec.waker_comm), "%s", waker);
	return rec;
}

static void add(struct waits *waits, const char *comm, uint8_t state, uint64_t ns, const char *waker)
{
	struct aa_rec_wait rec = record(comm, state, ns, waker);

	waits_add(waits, &rec);
}

#define assert_seconds(value, expected) assert_true(fabs((value) - (expected)) < 1e-9)

/* Waits of one kind add up, other kinds have rows of their own, the longest sum comes first. */
static void test_sums(void **state)
{
	struct long_wait top[10];

	add(*state, "cc1", AA_LOCK, 10 * MS, "");
	add(*state, "ld", AA_LOCK, 25 * MS, "");
	add(*state, "cc1", AA_LOCK, 20 * MS, "");
	add(*state, "cc1", AA_DISK_READ, 7 * MS, "");
	add(*state, "cc1", AA_SLEEP_PIPE, 8 * MS, "");
	add(*state, "cc1", AA_SLEEP_FUTEX, 9 * MS, "");
	assert_int_equal(waits_top(*state, 0, top, 10), 5);
	assert_string_equal(top[0].command, "cc1");
	assert_int_equal(top[0].state, STATE_LOCK);
	assert_int_equal(top[0].count, 2);
	assert_seconds(top[0].seconds, 0.030);
	assert_string_equal(top[1].command, "ld");
	assert_seconds(top[1].seconds, 0.025);
	assert_int_equal(top[2].cause, SLEEP_FUTEX);
	assert_int_equal(top[3].cause, SLEEP_PIPE);
	assert_int_equal(top[4].state, STATE_DISK);
	assert_int_equal(waits_top(*state, 0, top, 2), 2);
	assert_string_equal(top[1].command, "ld");
}

/* Apps do not see each other's waits. */
static void test_apps(void **state)
{
	struct aa_rec_wait rec = record("make", AA_SLEEP_CHILD, MS, "");
	struct long_wait top[3];

	waits_add(*state, &rec);
	rec.h.app = 1;
	rec.wait_ns = 5 * MS;
	waits_add(*state, &rec);
	assert_int_equal(waits_top(*state, 0, top, 3), 1);
	assert_seconds(top[0].seconds, 0.001);
	assert_int_equal(waits_top(*state, 1, top, 3), 1);
	assert_seconds(top[0].seconds, 0.005);
	assert_int_equal(waits_top(*state, 2, top, 3), 0);
}

/* Every state of the kernel side has its word. */
static void test_states(void **state)
{
	static const struct {
		enum state state;
		enum sleep_cause cause;
	} expected[AA_STATES] = {
		[AA_RUN] = { STATE_RUN, SLEEP_OTHER },           [AA_RUN_RECLAIM] = { STATE_RUN, SLEEP_OTHER },
		[AA_RUNQ] = { STATE_RUNQ, SLEEP_OTHER },         [AA_THROTTLED] = { STATE_THROTTLED, SLEEP_OTHER },
		[AA_DISK_READ] = { STATE_DISK, SLEEP_OTHER },    [AA_DISK_WRITE] = { STATE_DISK, SLEEP_OTHER },
		[AA_FAULT] = { STATE_FAULT, SLEEP_OTHER },       [AA_RECLAIM] = { STATE_RECLAIM, SLEEP_OTHER },
		[AA_LOCK] = { STATE_LOCK, SLEEP_OTHER },         [AA_SLEEP_SOCKET] = { STATE_SLEEP, SLEEP_SOCKET },
		[AA_SLEEP_TIMER] = { STATE_SLEEP, SLEEP_TIMER }, [AA_SLEEP_OTHER] = { STATE_SLEEP, SLEEP_OTHER },
		[AA_SLEEP_PIPE] = { STATE_SLEEP, SLEEP_PIPE },   [AA_SLEEP_FUTEX] = { STATE_SLEEP, SLEEP_FUTEX },
		[AA_SLEEP_CHILD] = { STATE_SLEEP, SLEEP_CHILD },
	};
	struct long_wait top[1];
	uint8_t s;

	for (s = 0; s < AA_STATES; s++) {
		memset(*state, 0, sizeof(struct waits));
		add(*state, "x", s, MS, "");
		assert_int_equal(waits_top(*state, 0, top, 1), 1);
		assert_int_equal(top[0].state, expected[s].state);
		assert_int_equal(top[0].cause, expected[s].cause);
	}
}

/* Who ended the wait counts where a process can do that, followed or not; an interrupt's bystander is nobody. */
static void test_wakers(void **state)
{
	struct aa_rec_wait rec = record("cc1", AA_SLEEP_PIPE, 4 * MS, "make");
	struct long_wait top[4];

	waits_add(*state, &rec);
	rec.waker_followed = 1;
	rec.wait_ns = 3 * MS;
	waits_add(*state, &rec);
	rec.waker = 0;
	rec.wait_ns = 2 * MS;
	waits_add(*state, &rec);
	add(*state, "cc1", AA_DISK_READ, MS, "bystander");
	assert_int_equal(waits_top(*state, 0, top, 4), 4);
	assert_string_equal(top[0].waker, "make");
	assert_true(top[0].waker_outside);
	assert_string_equal(top[1].waker, "make");
	assert_false(top[1].waker_outside);
	assert_string_equal(top[2].waker, "");
	assert_string_equal(top[3].waker, "");
	assert_false(top[3].waker_outside);
}

/* Names without a NUL end within their field; a state that there is not is no wait. */
static void test_hostile(void **state)
{
	struct aa_rec_wait rec = { .state = AA_LOCK, .wait_ns = UINT64_MAX, .waker = 1 };
	struct long_wait top[4];

	memset(rec.comm, 'c', sizeof(rec.comm));
	memset(rec.waker_comm, 'w', sizeof(rec.waker_comm));
	waits_add(*state, &rec);
	rec.state = AA_STATES;
	waits_add(*state, &rec);
	rec.state = AA_NO_STATE;
	waits_add(*state, &rec);
	assert_int_equal(waits_top(*state, 0, top, 4), 1);
	assert_string_equal(top[0].command, "ccccccccccccccc");
	assert_string_equal(top[0].waker, "wwwwwwwwwwwwwww");
}

/* A full table goes on with the kinds that it has. */
static void test_full(void **state)
{
	struct long_wait top[WAITS_MAX + 1];
	char comm[AA_COMM_LEN];
	int i;

	for (i = 0; i < WAITS_MAX + 50; i++) {
		snprintf(comm, sizeof(comm), "kind%d", i);
		add(*state, comm, AA_LOCK, MS, "");
	}
	add(*state, "kind100", AA_LOCK, MS, "");
	assert_int_equal(waits_top(*state, 0, top, WAITS_MAX + 1), WAITS_MAX);
	assert_string_equal(top[0].command, "kind100");
	assert_int_equal(top[0].count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
		cmocka_unit_test_setup_teardown(test_apps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wakers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
