/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From the ledger of the kernel side to seconds: identity, open intervals, merged commands. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/ledger.h"
#include "model/model.h"

#define SECOND 1000000000ULL
#define START (1000 * SECOND) /* the clock when the app starts */

struct fixture {
	struct aa_ledger ledger;
	struct app app;
};

static struct aa_queued queued; /* no test has two threads on the run queue at once */

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->ledger.cpus = 2;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	app_clear(&f->app);
	free(f);
	return 0;
}

static struct aa_cell *cell(struct aa_ledger *l, unsigned int index, const char *name)
{
	memset(l->command[index].name, 0, AA_COMM_LEN);
	memcpy(l->command[index].name, name, strlen(name));
	return &l->command[index];
}

static void born(struct aa_ledger *l, struct aa_cell *c, uint64_t at, enum aa_state state)
{
	aa_ledger_advance(l, at);
	aa_ledger_born(l);
	c->processes++;
	aa_ledger_enter(l, c, state, &queued);
}

static void moves(struct aa_ledger *l, struct aa_cell *c, uint64_t at, enum aa_state from, enum aa_state to)
{
	aa_ledger_advance(l, at);
	aa_ledger_leave(l, c, from, &queued, AA_TURN_ANY);
	aa_ledger_enter(l, c, to, &queued);
}

static void gone(struct aa_ledger *l, struct aa_cell *c, uint64_t at, enum aa_state from)
{
	aa_ledger_advance(l, at);
	aa_ledger_leave(l, c, from, &queued, AA_TURN_ANY);
	aa_ledger_gone(l);
}

#define assert_seconds(value, expected) assert_true(fabs((value) - (expected)) < 1e-6)

static double wall_sum(const struct app *app)
{
	double sum = app->idle;
	int i;

	for (i = 0; i < STATES; i++)
		sum += app->times.wall[i];
	return sum;
}

/* Three threads, uneven steps, a division with a remainder, a pause without any thread: nothing is lost or doubled. */
static void test_identity(void **state)
{
	struct fixture *f = *state;
	struct aa_ledger *l = &f->ledger;
	struct aa_cell *c = cell(l, 0, "cc1"), *d = cell(l, 1, "ld");

	born(l, c, START, AA_RUN);
	born(l, c, START + 333333333, AA_RUNQ);
	born(l, d, START + 777777777, AA_DISK_READ);
	moves(l, d, START + 1111111111, AA_DISK_READ, AA_FAULT);
	moves(l, c, START + 1333333337, AA_RUN, AA_SLEEP_CHILD);
	moves(l, d, START + 1500000001, AA_FAULT, AA_SLEEP_SOCKET);
	moves(l, c, START + 1700000003, AA_RUNQ, AA_SLEEP_CHILD);
	gone(l, c, START + 2 * SECOND, AA_SLEEP_CHILD);
	gone(l, c, START + 3 * SECOND, AA_SLEEP_CHILD);
	gone(l, d, START + 3 * SECOND, AA_SLEEP_SOCKET);
	born(l, d, START + 5 * SECOND, AA_LOCK);
	assert_int_equal(app_read_ledger(&f->app, l, START + 7 * SECOND), 0);

	assert_seconds(f->app.wall_seconds, 7);
	assert_seconds(wall_sum(&f->app), 7);
	assert_seconds(f->app.idle, 2);
	assert_seconds(f->app.times.wall[STATE_LOCK], 2);
	assert_seconds(f->app.wall_sleep[SLEEP_SOCKET], 3 - 1.700000003);
	assert_seconds(f->app.times.wall[STATE_SLEEP], 3 - 1.700000003);
	assert_seconds(f->app.concurrency[0] + f->app.concurrency[1], 7);
	assert_seconds(f->app.concurrency[1], 1.333333337);
	assert_int_equal(f->app.threads_peak, 3);
	assert_int_equal(f->app.cpus, 2);
}

/* Threads still inside a state count up to now, and the snapshot itself is not touched. */
static void test_open_intervals(void **state)
{
	struct fixture *f = *state;
	struct aa_ledger *l = &f->ledger, before;
	struct aa_cell *c = cell(l, 0, "cc1");

	born(l, c, START, AA_RUN);
	born(l, c, START, AA_RUNQ);
	before = *l;
	assert_int_equal(app_read_ledger(&f->app, l, START + 4 * SECOND), 0);

	assert_memory_equal(l, &before, sizeof(before));
	assert_seconds(f->app.wall_seconds, 4);
	assert_seconds(f->app.times.thread[STATE_RUN], 4);
	assert_seconds(f->app.times.thread[STATE_RUNQ], 4);
	assert_seconds(f->app.times.wall[STATE_RUN], 2);
	assert_seconds(f->app.times.wall[STATE_RUNQ], 2);
	assert_seconds(f->app.times.wall_alone, 0);
}

/* A wait for a CPU that is over was caused by neighbours, or by a CPU that had to wake up: never by both. */
static void test_causes_of_queueing(void **state)
{
	struct fixture *f = *state;
	struct aa_ledger *l = &f->ledger;
	struct aa_cell *c = cell(l, 0, "cc1");

	born(l, c, START, AA_RUN);
	born(l, c, START, AA_RUNQ);
	moves(l, c, START + 4 * SECOND, AA_RUNQ, AA_RUN);
	moves(l, c, START + 5 * SECOND, AA_RUN, AA_RUNQ);
	aa_ledger_advance(l, START + 11 * SECOND);
	aa_ledger_leave(l, c, AA_RUNQ, &queued, AA_TURN_IDLE);
	aa_ledger_enter(l, c, AA_RUN, &queued);
	assert_int_equal(app_read_ledger(&f->app, l, START + 11 * SECOND), 0);
	assert_seconds(f->app.times.wall[STATE_RUNQ], 5);
	assert_seconds(f->app.times.wall_neighbour, 2);
	assert_seconds(f->app.times.wall_wakeup, 3);
	assert_seconds(f->app.commands[0].times.wall_wakeup, 3);
	assert_seconds(wall_sum(&f->app), 11);
}

/* A clock that is behind the ledger does not turn time back. */
static void test_reader_behind(void **state)
{
	struct fixture *f = *state;
	struct aa_cell *c = cell(&f->ledger, 0, "cc1");

	born(&f->ledger, c, START, AA_RUN);
	moves(&f->ledger, c, START + 2 * SECOND, AA_RUN, AA_RUNQ);
	assert_int_equal(app_read_ledger(&f->app, &f->ledger, START + SECOND), 0);
	assert_seconds(f->app.wall_seconds, 2);
	assert_seconds(wall_sum(&f->app), 2);
}

/* After the last thread, time is no longer the app's: neither the reader's clock counts, nor the ledger's. */
static void test_ended(void **state)
{
	struct fixture *f = *state;
	struct aa_cell *c = cell(&f->ledger, 0, "cc1");

	born(&f->ledger, c, START, AA_RUN);
	gone(&f->ledger, c, START + 2 * SECOND, AA_RUN);
	assert_int_equal(app_read_ledger(&f->app, &f->ledger, START + 9 * SECOND), 0);
	assert_seconds(f->app.wall_seconds, 2);
	assert_seconds(f->app.idle, 0);

	aa_ledger_advance(&f->ledger, START + 5 * SECOND);
	assert_int_equal(app_read_ledger(&f->app, &f->ledger, START + 9 * SECOND), 0);
	assert_seconds(f->app.wall_seconds, 2);
	assert_seconds(f->app.idle, 0);
	assert_seconds(f->app.concurrency[0], 0);
	assert_seconds(wall_sum(&f->app), 2);
}

/* Reclaim on a CPU is CPU time of the thread, but wall time lost to memory; only the rest can be "alone". */
static void test_reclaim_on_cpu(void **state)
{
	struct fixture *f = *state;
	struct aa_cell *c = cell(&f->ledger, 0, "cc1");

	born(&f->ledger, c, START, AA_RUN);
	moves(&f->ledger, c, START + 3 * SECOND, AA_RUN, AA_RUN_RECLAIM);
	moves(&f->ledger, c, START + 4 * SECOND, AA_RUN_RECLAIM, AA_RECLAIM);
	assert_int_equal(app_read_ledger(&f->app, &f->ledger, START + 6 * SECOND), 0);
	assert_seconds(f->app.times.thread[STATE_RUN], 4);
	assert_seconds(f->app.times.thread[STATE_RECLAIM], 2);
	assert_seconds(f->app.times.wall[STATE_RUN], 3);
	assert_seconds(f->app.times.wall[STATE_RECLAIM], 3);
	assert_seconds(f->app.times.wall_alone, 3);
}

/* Reads and writes are one state, but known apart. */
static void test_disk_parts(void **state)
{
	struct fixture *f = *state;
	struct aa_cell *c = cell(&f->ledger, 0, "cp");

	born(&f->ledger, c, START, AA_DISK_READ);
	moves(&f->ledger, c, START + 3 * SECOND, AA_DISK_READ, AA_DISK_WRITE);
	assert_int_equal(app_read_ledger(&f->app, &f->ledger, START + 4 * SECOND), 0);
	assert_seconds(f->app.times.wall[STATE_DISK], 4);
	assert_seconds(f->app.times.wall_disk_read, 3);
	assert_seconds(f->app.times.wall_disk_write, 1);
}

/* Every cause of a sleep keeps its name on the way, in thread time and in wall time. */
static void test_sleep_causes(void **state)
{
	static const struct {
		enum aa_state kernel;
		enum sleep_cause user;
	} causes[] = {
		{ AA_SLEEP_SOCKET, SLEEP_SOCKET }, { AA_SLEEP_TIMER, SLEEP_TIMER }, { AA_SLEEP_OTHER, SLEEP_OTHER },
		{ AA_SLEEP_PIPE, SLEEP_PIPE },     { AA_SLEEP_FUTEX, SLEEP_FUTEX }, { AA_SLEEP_CHILD, SLEEP_CHILD },
	};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		memset(&f->ledger, 0, sizeof(f->ledger));
		f->ledger.cpus = 2;
		born(&f->ledger, cell(&f->ledger, 0, "sh"), START, causes[i].kernel);
		assert_int_equal(app_read_ledger(&f->app, &f->ledger, START + 5 * SECOND), 0);
		assert_seconds(f->app.wall_sleep[causes[i].user], 5);
		assert_seconds(f->app.times.sleep[causes[i].user], 5);
		assert_seconds(f->app.times.thread[STATE_SLEEP], 5);
	}
}

/* Commands of one name are one, the longest comes first, and one that did nothing is not there. */
static void test_commands(void **state)
{
	struct fixture *f = *state;
	struct aa_ledger *l = &f->ledger;

	born(l, cell(l, 0, "sh"), START, AA_RUN);
	cell(l, 1, "nothing");
	gone(l, &l->command[0], START + SECOND, AA_RUN);
	born(l, cell(l, 2, "cc1"), START + SECOND, AA_RUN);
	gone(l, &l->command[2], START + 3 * SECOND, AA_RUN);
	born(l, cell(l, AA_MAX_COMMANDS - 1, "cc1"), START + 3 * SECOND, AA_DISK_READ);
	gone(l, &l->command[AA_MAX_COMMANDS - 1], START + 4 * SECOND, AA_DISK_READ);
	assert_int_equal(app_read_ledger(&f->app, l, 0), 0);

	assert_int_equal(f->app.ncommands, 2);
	assert_string_equal(f->app.commands[0].name, "cc1");
	assert_int_equal(f->app.commands[0].processes, 2);
	assert_seconds(f->app.commands[0].times.wall[STATE_RUN], 2);
	assert_seconds(f->app.commands[0].times.wall[STATE_DISK], 1);
	assert_string_equal(f->app.commands[1].name, "sh");
	assert_seconds(f->app.times.wall[STATE_RUN], 3);
}

/* A ledger without any thread is an app without any time. */
static void test_never_started(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(app_read_ledger(&f->app, &f->ledger, START), 0);
	assert_true(f->app.wall_seconds == 0);
	assert_true(wall_sum(&f->app) == 0);
	assert_int_equal(f->app.ncommands, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_intervals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_causes_of_queueing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reader_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reclaim_on_cpu, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disk_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sleep_causes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_never_started, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
