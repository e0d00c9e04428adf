/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Bringing a thread to another CPU: which, where to, and when it is looked again. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/spread_fixture.h"

static void go_to_target(void)
{
	assert_int_equal(kernel->thread.user_mask, 1 << TARGET);
}

/* A thread that waited is moved, to a CPU that is online, and may then run everywhere: also where no CPU is yet. */
static void test_moves(void **state)
{
	struct spread_fixture *f = *state;

	kernel->after_first = go_to_target;
	assert_int_equal(step(f, 2 * MS), 1);
	assert_int_equal(kernel->calls, 2); /* there and back */
	assert_int_equal(kernel->thread.user_mask, EVERYWHERE);
}

/* Not one that came a moment ago, nor one of another app. */
static void test_leaves_others(void **state)
{
	struct spread_fixture *f = *state;

	f->cpus.cpu[HOME].since = 5 * MS;
	assert_int_equal(step(f, 5 * MS + AA_SPREAD_WAITED_NS - 1), 0);
	assert_int_equal(spread_step(f->spread, 1 << 2, 10 * MS), 0);
	assert_int_equal(kernel->calls, 0);
}

/* It waits for a neighbour, who has another CPU, too: not where it is, it goes there. */
static void test_waits_for_a_neighbour(void **state)
{
	struct spread_fixture *f = *state;

	kernel->after_first = go_to_target;
	f->cpus.cpu[HOME].running = 0;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->calls, 2);
}

/* Where the app has the other CPUs, or waits for them as well, it stays. */
static void test_others_wait_there(void **state)
{
	struct spread_fixture *f = *state;

	f->cpus.cpu[HOME].running = 0;
	f->cpus.cpu[TARGET].running = 1;
	assert_int_equal(step(f, 10 * MS), 0);
	assert_int_equal(f->cpus.armed, AA_WANTED_LEFT);
	assert_in_range(spread_next(f->spread), 14 * MS, 100 * MS); /* its own CPU is none to go to */
	kernel->parent = (struct fake_thread){ .tid = getpid(), .user_mask = EVERYWHERE };
	put_stat(kernel->parent.tid, 1, 'R', TARGET);
	f->cpus.cpu[TARGET] = (struct aa_cpu){ .queued = (uint32_t)kernel->parent.tid, .app = 3, .since = MS };
	assert_int_equal(step(f, 14 * MS), 0);
	assert_int_equal(kernel->calls, 0);
	put_stat(kernel->parent.tid, 1, 'S', TARGET);
	assert_int_equal(step(f, 18 * MS), 1); /* it does not wait any more, though it is noted still */
}

/* Whoever was brought to a CPU, and has not got it yet, waits there: the next one is not brought there as well. */
static void test_goes_where_nobody_was_sent(void **state)
{
	struct spread_fixture *f = *state;
	struct aa_cpu *home = &f->cpus.cpu[HOME];

	assert_int_equal(step(f, 10 * MS), 1);
	put_stat(kernel->thread.tid, 1, 'R', TARGET);
	kernel->parent = (struct fake_thread){ .tid = getpid(), .user_mask = EVERYWHERE };
	put_stat(kernel->parent.tid, 1, 'R', HOME);
	home->queued = (uint32_t)kernel->parent.tid;
	home->since = 11 * MS;
	assert_int_equal(step(f, 12 * MS), 0);
	put_stat(kernel->thread.tid, 1, 'S', TARGET);
	assert_int_equal(step(f, 16 * MS), 1);
}

/* Where the app has all CPUs that are online, the thread stays; until one becomes free. */
static void test_no_cpu_to_go_to(void **state)
{
	struct spread_fixture *f = *state;

	f->cpus.cpu[TARGET].running = 1;
	assert_int_equal(step(f, 10 * MS), 0);
	assert_int_equal(kernel->calls, 0);
	f->cpus.cpu[TARGET].running = 0;
	assert_int_equal(step(f, 14 * MS), 1);
}

/* When the next step is due: once a thread has waited long enough. */
static void test_says_when(void **state)
{
	struct spread_fixture *f = *state;

	f->cpus.cpu[HOME].since = 5 * MS;
	step(f, 5 * MS + 1);
	assert_int_equal(spread_next(f->spread), 5 * MS + AA_SPREAD_WAITED_NS);
	assert_int_equal(f->cpus.armed, AA_WANTED_NOTHING);
}

/* Where there is no CPU for one that waits, the kernel side says when there is one: nobody comes to look meanwhile. */
static void test_waits_for_a_cpu(void **state)
{
	struct spread_fixture *f = *state;

	f->cpus.cpu[TARGET].running = 1;
	step(f, 6 * MS);
	assert_int_equal(f->cpus.armed, AA_WANTED_LEFT);
	assert_in_range(spread_next(f->spread), 16 * MS, 100 * MS);
	f->cpus.cpu[TARGET].running = 0;
	f->cpus.armed = AA_WANTED_NOTHING;
	assert_int_equal(spread_next(f->spread), 0);
	assert_int_equal(step(f, 7 * MS), 1);
	assert_int_equal(f->cpus.armed, AA_WANTED_QUEUED);
	assert_int_equal(f->cpus.online, 3);
}

/* While nobody waits the kernel side is asked for a wake-up; once it has seen somebody, the next step is due at once. */
static void test_asks_to_be_woken(void **state)
{
	struct spread_fixture *f = *state;

	f->cpus.cpu[HOME].queued = 0;
	step(f, 5 * MS);
	assert_true(f->cpus.armed);
	assert_in_range(spread_next(f->spread), 6 * MS, 100 * MS);
	f->cpus.armed = 0;
	assert_int_equal(spread_next(f->spread), 0);
}

/* Wake-ups that come to nothing are not answered at once: the agent is a realtime process. */
static void test_paces_itself(void **state)
{
	struct spread_fixture *f = *state;
	uint64_t now = 5 * MS, steps = 0;

	f->cpus.cpu[HOME].queued = 0;
	for (; now < 105 * MS; steps++) {
		step(f, now);
		f->cpus.armed = 0; /* a thread queues up, and is gone again */
		if (spread_next(f->spread) > now)
			now = spread_next(f->spread);
	}
	assert_in_range(steps, 40, 230);
}

/* One that cannot be moved does not stand for the other one with which it takes turns. */
static void test_moves_the_other(void **state)
{
	struct spread_fixture *f = *state;

	f->cpus.cpu[HOME].queued = 0x7ffffff0;
	assert_int_equal(step(f, 10 * MS), 0);
	f->cpus.cpu[HOME].queued = (uint32_t)kernel->thread.tid;
	assert_int_equal(step(f, 14 * MS), 1);
}

/* A CPU that goes offline is noticed a second later: the thread has less than all until then. */
static void test_looks_at_online_again(void **state)
{
	struct spread_fixture *f = *state;

	put("/sys/devices/system/cpu/online", "0-3\n");
	assert_int_equal(step(f, 10 * MS), 0);
	put("/sys/devices/system/cpu/online", "0,2-3\n");
	f->cpus.cpu[HOME].since = 11 * MS;
	assert_int_equal(step(f, 500 * MS), 0);
	assert_int_equal(kernel->calls, 0);
	f->cpus.cpu[HOME].since = 501 * MS;
	assert_int_equal(step(f, 1100 * MS), 1);
}

/*
 * A thread that may not use every CPU, by its own will or its cpuset's, is left alone: its mask could not be given
 * back.
 */
static void test_leaves_narrow_threads(void **state)
{
	struct spread_fixture *f = *state;

	kernel->thread.user_mask = 1 << HOME | 1 << TARGET;
	assert_int_equal(step(f, 10 * MS), 0);
	assert_int_equal(kernel->calls, 0);
}

static void app_narrows_itself(void)
{
	kernel->thread.user_mask = 1 << 0;
}

static void app_widens_itself(void)
{
	kernel->thread.user_mask = 1 << 0 | 1 << TARGET;
}

/* What the app sets between the two calls stays, whether or not the target is in it. */
static void test_app_decides_meanwhile(void **state)
{
	struct spread_fixture *f = *state;

	kernel->after_first = app_narrows_itself;
	step(f, 10 * MS);
	assert_int_equal(kernel->thread.user_mask, 1 << 0);
	kernel->thread.user_mask = EVERYWHERE;
	kernel->after_first = app_widens_itself;
	kernel->calls = 0;
	f->cpus.cpu[HOME].since = 11 * MS;
	step(f, 14 * MS);
	assert_int_equal(kernel->thread.user_mask, 1 << 0 | 1 << TARGET);
}

/* Each time that it is queued counts once: its entry stays when it was taken elsewhere. */
static void test_moves_once(void **state)
{
	struct spread_fixture *f = *state;

	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(step(f, 14 * MS), 0);
	assert_int_equal(kernel->calls, 2);
	f->cpus.cpu[HOME].since = 15 * MS;
	assert_int_equal(step(f, 18 * MS), 1);
}

/* An entry that outlived its thread's wait: it is on another CPU by now, or it sleeps. */
static void test_leaves_those_that_do_not_wait(void **state)
{
	struct spread_fixture *f = *state;

	put_stat(kernel->thread.tid, 1, 'R', 0);
	assert_int_equal(step(f, 10 * MS), 0);
	f->cpus.cpu[HOME].since = 11 * MS;
	put_stat(kernel->thread.tid, 1, 'S', HOME);
	assert_int_equal(step(f, 14 * MS), 0);
	assert_int_equal(kernel->calls, 0);
	f->cpus.cpu[HOME].since = 15 * MS;
	put_stat(kernel->thread.tid, 1, 'R', HOME);
	assert_int_equal(step(f, 18 * MS), 1);
}

/* Real-time, deadline and idle threads are placed by other rules; a flag beside the policy changes nothing. */
static void test_policies(void **state)
{
	static const int left[] = { SCHED_FIFO, SCHED_RR, SCHED_IDLE, 6 /* SCHED_DEADLINE */ };
	static const int moved[] = { SCHED_OTHER, SCHED_BATCH, SCHED_BATCH | SCHED_RESET_ON_FORK };
	struct spread_fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		f->cpus.cpu[HOME].since++;
		kernel->thread.policy = left[i];
		assert_int_equal(step(f, 10 * MS), 0);
	}
	for (i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		f->cpus.cpu[HOME].since++;
		kernel->thread.policy = moved[i];
		assert_int_equal(step(f, 10 * MS), 1);
	}
}

/* A thread that has ended meanwhile does no harm. */
static void test_thread_gone(void **state)
{
	struct spread_fixture *f = *state;

	f->cpus.cpu[HOME].queued = 0x7ffffff0;
	assert_int_equal(step(f, 10 * MS), 0);
}

/* The running kernel takes the mask with all bits, and shows the same CPUs as before. */
static void test_real_kernel(void **state)
{
	struct spread_fixture *f = *state;
	cpu_set_t before, after;
	char list[4096];
	unsigned int i, first = CPU_SETSIZE;
	FILE *online;

	kernel->real = true;
	sched_getaffinity(kernel->thread.tid, sizeof(before), &before);
	for (i = 0; i < CPU_SETSIZE && first == CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &before))
			first = i;
	online = fopen("/sys/devices/system/cpu/online", "r");
	assert_non_null(online);
	assert_non_null(fgets(list, sizeof(list), online));
	fclose(online);
	put("/sys/devices/system/cpu/online", list);
	memset(&f->cpus, 0, sizeof(f->cpus));
	f->cpus.cpu[first] =
		(struct aa_cpu){ .running = 1, .queued = (uint32_t)kernel->thread.tid, .app = 3, .since = MS };
	put_stat(kernel->thread.tid, 1, 'R', first);
	if (!step(f, 10 * MS)) {
		print_message("one CPU only, or this test may not use all of them\n");
		skip();
	}
	assert_int_equal(kernel->calls, 2);
	sched_getaffinity(kernel->thread.tid, sizeof(after), &after);
	assert_true(CPU_EQUAL(&before, &after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moves, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_leaves_others, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_waits_for_a_neighbour, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_others_wait_there, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_goes_where_nobody_was_sent, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_no_cpu_to_go_to, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_says_when, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_waits_for_a_cpu, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_asks_to_be_woken, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_paces_itself, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_moves_the_other, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_looks_at_online_again, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_leaves_narrow_threads, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_app_decides_meanwhile, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_moves_once, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_leaves_those_that_do_not_wait, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_policies, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_thread_gone, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_real_kernel, spread_setup, spread_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
