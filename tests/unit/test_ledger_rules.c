/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The ledger's rules one by one, with numbers that can be checked by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/ledger.h"

#define START 5000000000ULL /* the clock when the first thread appears */
#define UNITS (1 << AA_WALL_SHIFT)
#define MAX_THREADS 100

/* The order in which causes of sleep are charged, as the design has it. */
static const enum aa_state sleep_order[AA_SLEEP_CAUSES] = {
	AA_SLEEP_SOCKET, AA_SLEEP_TIMER, AA_SLEEP_OTHER, AA_SLEEP_PIPE, AA_SLEEP_FUTEX, AA_SLEEP_CHILD,
};

struct fixture {
	struct aa_ledger ledger;
	struct {
		uint32_t cell, state;
		struct aa_queued queued;
	} threads[MAX_THREADS];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->ledger.cpus = 2;
	aa_ledger_advance(&f->ledger, START);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void advance(struct fixture *f, uint64_t now)
{
	aa_ledger_advance(&f->ledger, now);
}

static void enter(struct fixture *f, uint32_t i, uint32_t cell, uint32_t state)
{
	f->threads[i].cell = cell;
	f->threads[i].state = state;
	aa_ledger_enter(&f->ledger, &f->ledger.command[cell], state, &f->threads[i].queued);
}

static void leave(struct fixture *f, uint32_t i)
{
	aa_ledger_leave(&f->ledger, &f->ledger.command[f->threads[i].cell], f->threads[i].state, &f->threads[i].queued,
			AA_TURN_ANY);
}

static void born(struct fixture *f, uint32_t cell, uint32_t state)
{
	aa_ledger_born(&f->ledger);
	enter(f, f->ledger.threads - 1, cell, state);
}

static void move(struct fixture *f, uint32_t i, uint32_t cell, uint32_t state)
{
	leave(f, i);
	enter(f, i, cell, state);
}

/* The last thread that was born dies. */
static void die(struct fixture *f)
{
	leave(f, f->ledger.threads - 1);
	aa_ledger_gone(&f->ledger);
}

#define assert_near(value, expected, tolerance) \
	do { \
		double near_value = (value), near_expected = (expected), near_tolerance = (tolerance); \
		if (!(fabs(near_value - near_expected) <= near_tolerance)) \
			fail_msg("%s is %.9g instead of %.9g", #value, near_value, near_expected); \
	} while (0)

/* Every set of causes: the first one in the design's order that is in the set gets all, and only it. */
static void test_sleep_precedence(void **state)
{
	struct fixture *f = *state;
	unsigned int set;
	int i, first, s;

	for (set = 1; set < 1U << AA_SLEEP_CAUSES; set++) {
		struct aa_ledger *l = &f->ledger;

		memset(l, 0, sizeof(*l));
		l->cpus = 1;
		aa_ledger_advance(l, START);
		for (i = AA_SLEEP_CAUSES - 1, first = -1; i >= 0; i--) {
			if (!(set >> i & 1))
				continue;
			aa_ledger_born(l);
			aa_ledger_enter(l, &l->command[0], sleep_order[i], NULL);
			first = i;
		}
		aa_ledger_advance(l, START + 1000);
		for (s = AA_ACTIVE_STATES; s < AA_STATES; s++)
			assert_int_equal(l->sleep[s - AA_ACTIVE_STATES], s == (int)sleep_order[first] ? 1000 : 0);
		assert_int_equal(l->idle, 0);
	}
}

/* An active thread takes the wall time from all that sleep. */
static void test_active_before_sleep(void **state)
{
	struct fixture *f = *state;
	int s;

	born(f, 0, AA_SLEEP_SOCKET);
	born(f, 0, AA_DISK_READ);
	advance(f, START + 1000);
	for (s = 0; s < AA_SLEEP_CAUSES; s++)
		assert_int_equal(f->ledger.sleep[s], 0);
	assert_int_equal(f->ledger.command[0].v[AA_DISK_READ] + f->ledger.v, 1000 << AA_WALL_SHIFT);
}

/* Between the last thread of one life and the first of the next there is only idle time; the start is the first one. */
static void test_two_lives(void **state)
{
	struct fixture *f = *state;
	struct aa_ledger *l = &f->ledger;

	born(f, 0, AA_RUN);
	advance(f, START + 100);
	die(f);
	assert_int_equal(l->ended, START + 100);
	advance(f, START + 400);
	born(f, 1, AA_LOCK);
	assert_int_equal(l->ended, 0);
	advance(f, START + 500);
	assert_int_equal(l->idle, 300);
	assert_int_equal(l->started, START);
}

/* Before the first thread no time passes. */
static void test_nothing_before_the_start(void **state)
{
	struct fixture *f = *state;

	advance(f, START + 1000000);
	assert_int_equal(f->ledger.idle, 0);
	assert_int_equal(f->ledger.running_ns[0], 0);
	assert_int_equal(f->ledger.started, 0);
	born(f, 0, AA_RUN);
	assert_int_equal(f->ledger.started, START + 1000000);
}

/* A clock that lags behind changes nothing, and what it does happens at the ledger's time. */
static void test_time_backwards(void **state)
{
	struct fixture *f = *state;
	struct aa_ledger before;

	born(f, 0, AA_RUN);
	advance(f, START + 1000);
	before = f->ledger;
	aa_ledger_advance(&f->ledger, START + 999);
	aa_ledger_advance(&f->ledger, 0);
	assert_memory_equal(&f->ledger, &before, sizeof(before));
	move(f, 0, 0, AA_RUNQ);
	advance(f, START + 1500);
	assert_int_equal(f->ledger.command[0].t[AA_RUN], 1000);
	assert_int_equal(f->ledger.command[0].t[AA_RUNQ] + f->ledger.now, 500);
}

/*
 * Without neighbours, as many waiting threads would run as the app has CPUs left; which of them cannot be told, so
 * each of them has its share.
 */
static void test_neighbour_part(void **state)
{
	static const struct {
		uint32_t cpus, running, queued;
		double share;
	} rows[] = {
		{ 2, 0, 1, 1 },   { 2, 1, 1, 1 },    { 2, 2, 1, 0 },    { 2, 3, 1, 0 },       { 1, 1, 1, 0 },
		{ 2, 1, 2, 0.5 }, { 2, 0, 8, 0.25 }, { 4, 1, 4, 0.75 }, { 1, 0, 3, 1.0 / 3 },
	};
	struct fixture *f = *state;
	size_t i;
	uint32_t t;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct aa_ledger *l = &f->ledger;
		struct aa_queued queued;
		double wall;

		memset(l, 0, sizeof(*l));
		l->cpus = rows[i].cpus;
		aa_ledger_advance(l, START);
		for (t = 0; t < rows[i].running + rows[i].queued; t++) {
			aa_ledger_born(l);
			aa_ledger_enter(l, &l->command[0], t < rows[i].running ? AA_RUN : AA_RUNQ, &queued);
		}
		aa_ledger_advance(l, START + 1000000);
		for (t = 0; t < rows[i].queued; t++)
			aa_ledger_leave(l, &l->command[0], AA_RUNQ, &queued, AA_TURN_ANY);
		wall = (double)l->command[0].v[AA_RUNQ] / UNITS;
		assert_near(wall, 1e6 * rows[i].queued / (rows[i].running + rows[i].queued), 0.01);
		assert_near((double)l->command[0].w / UNITS, rows[i].share * wall, 0.01);
		assert_int_equal(l->command[0].wakeup, 0);
	}
}

/* A wait that ends on an idle CPU was a wait for that CPU, whole, whatever neighbours did. */
static void test_wakeup_part(void **state)
{
	struct fixture *f = *state;
	struct aa_ledger *l = &f->ledger;
	struct aa_queued first, second;

	aa_ledger_born(l);
	aa_ledger_enter(l, &l->command[0], AA_RUNQ, &first);
	aa_ledger_advance(l, START + 1000);
	aa_ledger_born(l);
	aa_ledger_enter(l, &l->command[1], AA_RUNQ, &second);
	aa_ledger_advance(l, START + 3000);
	aa_ledger_leave(l, &l->command[0], AA_RUNQ, &first, AA_TURN_IDLE);
	aa_ledger_leave(l, &l->command[1], AA_RUNQ, &second, AA_TURN_ANY);
	assert_int_equal(l->command[0].wakeup, 2000 << AA_WALL_SHIFT);
	assert_int_equal(l->command[0].w, 0);
	assert_int_equal(l->command[1].wakeup, 0);
	assert_int_equal(l->command[1].w, 1000 << AA_WALL_SHIFT);
}

/* A thread that may use fewer CPUs waited for whoever had the one that it comes to, whatever the app's other CPUs did. */
static void test_pinned_part(void **state)
{
	static const struct {
		enum aa_turn turn;
		uint64_t pinned, w;
	} rows[] = { { AA_TURN_OWN, 2000, 0 }, { AA_TURN_OTHER, 0, 2000 } };
	struct fixture *f = *state;
	struct aa_queued queued;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct aa_ledger *l = &f->ledger;

		memset(l, 0, sizeof(*l));
		l->cpus = 1;
		aa_ledger_advance(l, START);
		aa_ledger_born(l);
		aa_ledger_enter(l, &l->command[0], AA_RUNQ, &queued);
		aa_ledger_advance(l, START + 2000);
		aa_ledger_leave(l, &l->command[0], AA_RUNQ, &queued, rows[i].turn);
		assert_int_equal(l->command[0].pinned, rows[i].pinned << AA_WALL_SHIFT);
		assert_int_equal(l->command[0].w, rows[i].w << AA_WALL_SHIFT);
		assert_int_equal(l->command[0].wakeup, 0);
	}
}

/* The CPU that was woken for a thread went to another one first: it has waited as long as it seemed to run. */
static void test_waited(void **state)
{
	struct fixture *f = *state;
	struct aa_ledger *l = &f->ledger;
	struct aa_queued queued;

	born(f, 0, AA_SLEEP_FUTEX);
	advance(f, START + 1000);
	aa_ledger_born(l);
	aa_ledger_queue(l, &queued);
	aa_ledger_enter(l, &l->command[1], AA_RUN, &queued);
	advance(f, START + 2000);
	move(f, 0, 0, AA_RUN);
	advance(f, START + 4000);
	aa_ledger_waited(l, &l->command[1], &queued, START + 1000);
	aa_ledger_leave(l, &l->command[1], AA_RUN, &queued, AA_TURN_ANY);
	aa_ledger_enter(l, &l->command[1], AA_RUN, &queued);
	advance(f, START + 4500);
	aa_ledger_leave(l, &l->command[1], AA_RUN, &queued, AA_TURN_ANY);
	assert_int_equal(l->command[1].t[AA_RUNQ], 3000);
	assert_int_equal(l->command[1].t[AA_RUN], 500);
	assert_int_equal(l->command[1].v[AA_RUNQ], 2000 << AA_WALL_SHIFT);
	assert_int_equal(l->command[1].v[AA_RUN], 250 << AA_WALL_SHIFT);
	assert_int_equal(l->command[1].s, 0);
}

/* Alone is who runs while nobody else runs or wants to; a sleeper beside it does not matter, a waiter does. */
static void test_alone_part(void **state)
{
	struct fixture *f = *state;

	born(f, 0, AA_RUN);
	born(f, 1, AA_SLEEP_FUTEX);
	advance(f, START + 1000);
	move(f, 1, 1, AA_DISK_READ);
	advance(f, START + 3000);
	move(f, 1, 1, AA_SLEEP_CHILD);
	move(f, 0, 0, AA_RUN_RECLAIM);
	advance(f, START + 3500);
	move(f, 0, 0, AA_DISK_READ);
	advance(f, START + 9000);
	assert_int_equal(f->ledger.command[0].s, 1500 << AA_WALL_SHIFT);
	assert_int_equal(f->ledger.command[1].s, 0);
}

/* What the division leaves over is less than one unit a thread and is handed out later: many steps lose nothing. */
static void test_rest(void **state)
{
	struct fixture *f = *state;
	uint64_t i;

	for (i = 0; i < 7; i++)
		born(f, 0, AA_LOCK);
	for (i = 1; i <= 100000; i++) {
		advance(f, START + i);
		assert_true(f->ledger.v_rest < 7);
	}
	assert_near((double)f->ledger.v, 100000.0 * UNITS / 7, 1);
	while (f->ledger.threads > 1)
		die(f);
	advance(f, START + 100001);
	assert_int_equal(f->ledger.v_rest, 0);
	assert_int_equal(f->ledger.command[0].v[AA_LOCK] + f->ledger.v, 100001ULL << AA_WALL_SHIFT);
}

/* 64 running threads and more share the last bucket. */
static void test_concurrency(void **state)
{
	struct fixture *f = *state;
	uint64_t i;

	for (i = 1; i <= 100; i++) {
		born(f, 0, i % 2 ? AA_RUN : AA_RUN_RECLAIM);
		advance(f, START + i * 1000);
	}
	for (i = 1; i < AA_CONCURRENCY - 1; i++)
		assert_int_equal(f->ledger.running_ns[i], 1000);
	assert_int_equal(f->ledger.running_ns[AA_CONCURRENCY - 1], (100 - 63) * 1000);
}

static uint32_t look_up(struct aa_ledger *l, const char *text)
{
	char name[AA_COMM_LEN] __attribute__((aligned(8))) = { 0 };

	memcpy(name, text, strlen(text));
	return aa_ledger_command(l, name);
}

static uint32_t look_up_numbered(struct aa_ledger *l, unsigned int number)
{
	char name[AA_COMM_LEN];

	snprintf(name, sizeof(name), "command-%u", number);
	return look_up(l, name);
}

/* The first 127 names have a cell each; the 128th and all after it share the last, and the old ones are still found. */
static void test_commands(void **state)
{
	struct aa_ledger *l = &((struct fixture *)*state)->ledger;
	unsigned int i;

	for (i = 0; i < AA_MAX_COMMANDS - 1; i++) {
		assert_int_equal(look_up_numbered(l, i), i);
		assert_int_equal(l->commands, i + 1);
		assert_int_equal(look_up_numbered(l, i), i);
		assert_int_equal(l->commands, i + 1);
	}
	assert_int_equal(look_up(l, "new"), AA_MAX_COMMANDS - 1);
	assert_int_equal(look_up(l, "newer"), AA_MAX_COMMANDS - 1);
	assert_int_equal(l->commands, AA_MAX_COMMANDS);
	assert_string_equal(l->command[AA_MAX_COMMANDS - 1].name, "(other)");
	for (i = 0; i < AA_MAX_COMMANDS - 1; i++)
		assert_int_equal(look_up_numbered(l, i), i);
	assert_string_equal(l->command[42].name, "command-42");
}

/* Names of which only some bytes differ, wherever, have a cell each: none finds all its slots taken by others. */
static void test_alike_commands(void **state)
{
	struct aa_ledger *l = &((struct fixture *)*state)->ledger;
	char name[AA_COMM_LEN] = "library-library";
	unsigned int i, at, made;

	for (at = 0; at + 1 < sizeof(name) - 1; at++) {
		memset(l, 0, sizeof(*l));
		memcpy(name, "library-library", sizeof(name));
		for (i = 0; i < AA_MAX_COMMANDS - 1; i++) {
			name[at] = 'a' + i % 12;
			name[at + 1] = 'a' + i / 12;
			made = look_up(l, name);
			assert_int_equal(made, i);
		}
		memset(l, 0, sizeof(*l));
		memcpy(name, "library-library", sizeof(name));
		for (i = 0; i < 26; i++) {
			name[at] = 'a' + i;
			assert_int_equal(look_up(l, name), i);
		}
	}
}

/* A name whose slots are all taken shares the last cell, and those that are there are found all the same. */
static void test_command_without_slot(void **state)
{
	struct aa_ledger *l = &((struct fixture *)*state)->ledger;
	__u8 slots[AA_COMMAND_SLOTS];

	assert_int_equal(look_up(l, "first"), 0);
	assert_int_equal(look_up(l, "second"), 1);
	memcpy(slots, l->slot, sizeof(slots));
	memset(l->slot, 1, sizeof(l->slot)); /* all of them are the first one's */
	assert_int_equal(look_up(l, "first"), 0);
	assert_int_equal(look_up(l, "third"), AA_MAX_COMMANDS - 1);
	assert_string_equal(l->command[AA_MAX_COMMANDS - 1].name, "(other)");
	memcpy(l->slot, slots, sizeof(slots));
	assert_int_equal(look_up(l, "second"), 1);
	assert_int_equal(look_up(l, "fourth"), AA_MAX_COMMANDS - 1); /* and there are no new ones any more */
}

/* Names differ in any of their 16 bytes. */
static void test_command_names(void **state)
{
	struct aa_ledger *l = &((struct fixture *)*state)->ledger;

	assert_int_equal(look_up(l, "abcdefgh0000000"), 0);
	assert_int_equal(look_up(l, "abcdefgh0000001"), 1);
	assert_int_equal(look_up(l, "Abcdefgh0000000"), 2);
	assert_int_equal(look_up(l, "abcdefgh"), 3);
	assert_int_equal(look_up(l, "abcdefgh0000000"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sleep_precedence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_active_before_sleep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_lives, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_before_the_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_backwards, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neighbour_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wakeup_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pinned_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alone_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_concurrency, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alike_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_command_without_slot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_command_names, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
