/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How closely an app is watched: closely at first, and while it waits for what records explain. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "bpf/ledger.h"
#include "run/level.h"

#define MS 1000000ULL
#define START (77777 * MS)

struct fixture {
	struct aa_ledger ledger;
	struct level level;
	struct aa_queued queued;
	enum aa_state state; /* of the only thread */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->ledger.cpus = 2;
	f->ledger.commands = 1;
	aa_ledger_advance(&f->ledger, START);
	aa_ledger_born(&f->ledger);
	aa_ledger_enter(&f->ledger, &f->ledger.command[0], AA_RUN, &f->queued);
	f->state = AA_RUN;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* The thread spends ms in a state. */
static void spend(struct fixture *f, enum aa_state state, uint64_t ms)
{
	aa_ledger_leave(&f->ledger, &f->ledger.command[0], f->state, &f->queued, AA_TURN_ANY);
	aa_ledger_enter(&f->ledger, &f->ledger.command[0], state, &f->queued);
	f->state = state;
	aa_ledger_advance(&f->ledger, f->ledger.now + ms * MS);
}

static unsigned int next(struct fixture *f)
{
	return level_next(&f->level, &f->ledger);
}

/* In the first second only waits change the level; then an app that only runs is not watched closely. */
static void test_first_second(void **state)
{
	struct fixture *f = *state;

	spend(f, AA_RUN, 250);
	assert_int_equal(next(f), LEVEL_KEEP);
	spend(f, AA_DISK_READ, 249);
	assert_int_equal(next(f), 2);
	spend(f, AA_RUN, 500);
	assert_int_equal(next(f), LEVEL_KEEP);
	spend(f, AA_RUN, 250);
	assert_int_equal(next(f), 1);
}

/* Each wait that records explain brings the close look back, from a tenth of the time on; it ends with the wait. */
static void test_waits(void **state)
{
	static const enum aa_state waits[] = { AA_DISK_READ,  AA_DISK_WRITE,   AA_FAULT,       AA_RECLAIM,
					       AA_LOCK,       AA_SLEEP_SOCKET, AA_SLEEP_TIMER, AA_SLEEP_OTHER,
					       AA_SLEEP_PIPE, AA_SLEEP_FUTEX,  AA_SLEEP_CHILD };
	struct fixture *f = *state;
	size_t i;

	spend(f, AA_RUN, 2000);
	assert_int_equal(next(f), 1);
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		spend(f, waits[i], 24);
		spend(f, AA_RUN, 226);
		assert_int_equal(next(f), 1);
		spend(f, waits[i], 25);
		spend(f, AA_RUN, 225);
		assert_int_equal(next(f), 2);
		spend(f, AA_RUN, 250);
		assert_int_equal(next(f), 1);
	}
}

/* Who ends a wait matters where somebody does: not for disks and timers. */
static void test_wakers(void **state)
{
	static const struct {
		enum aa_state state;
		int wakers;
	} rows[] = { { AA_DISK_READ, 0 }, { AA_FAULT, 0 },        { AA_SLEEP_TIMER, 0 }, { AA_LOCK, 1 },
		     { AA_RUN, 0 },       { AA_SLEEP_SOCKET, 1 }, { AA_SLEEP_PIPE, 1 },  { AA_SLEEP_CHILD, 1 } };
	struct fixture *f = *state;
	size_t i;

	spend(f, AA_RUN, 2000);
	next(f);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		spend(f, rows[i].state, 250);
		next(f);
		assert_int_equal(f->level.wakers, rows[i].wakers);
	}
}

/* A wait that goes on counts as far as the ledger's clock has come. */
static void test_open_wait(void **state)
{
	struct fixture *f = *state;

	spend(f, AA_RUN, 2000);
	assert_int_equal(next(f), 1);
	spend(f, AA_DISK_READ, 200);
	assert_int_equal(next(f), 2);
	aa_ledger_advance(&f->ledger, f->ledger.now + 200 * MS);
	assert_int_equal(next(f), 2);
}

/* Waiting for a CPU needs no records: the ledger itself says all about it. */
static void test_cpu(void **state)
{
	static const enum aa_state cpu[] = { AA_RUN, AA_RUN_RECLAIM, AA_RUNQ, AA_THROTTLED };
	struct fixture *f = *state;
	size_t i;

	spend(f, AA_RUN, 2000);
	for (i = 0; i < sizeof(cpu) / sizeof(cpu[0]); i++) {
		spend(f, cpu[i], 250);
		assert_int_equal(next(f), 1);
	}
}

/* Wall time counts, not thread time: a waiter among nine that run has a tenth, a sleeper among them nothing. */
static void test_share_of_wall_time(void **state)
{
	struct fixture *f = *state;
	struct aa_queued unused;
	int i;

	spend(f, AA_RUN, 2000);
	assert_int_equal(next(f), 1);
	for (i = 0; i < 9; i++) {
		aa_ledger_born(&f->ledger);
		aa_ledger_enter(&f->ledger, &f->ledger.command[0], AA_RUN, &unused);
	}
	spend(f, AA_SLEEP_SOCKET, 250);
	assert_int_equal(next(f), 1);
	spend(f, AA_LOCK, 250);
	assert_int_equal(next(f), 2);
	aa_ledger_born(&f->ledger);
	aa_ledger_enter(&f->ledger, &f->ledger.command[0], AA_RUN, &unused);
	spend(f, AA_LOCK, 250);
	assert_int_equal(next(f), 1);
}

/* Waits of every command count. */
static void test_all_commands(void **state)
{
	struct fixture *f = *state;
	struct aa_ledger *l = &f->ledger;

	spend(f, AA_RUN, 2000);
	assert_int_equal(next(f), 1);
	l->commands = AA_MAX_COMMANDS;
	aa_ledger_born(l);
	aa_ledger_enter(l, &l->command[AA_MAX_COMMANDS - 1], AA_FAULT, &f->queued);
	spend(f, AA_RUN, 250);
	assert_int_equal(next(f), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_second, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wakers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cpu, setup, teardown),
		cmocka_unit_test_setup_teardown(test_share_of_wall_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_commands, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
