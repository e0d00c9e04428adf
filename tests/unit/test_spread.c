/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Bringing a thread to another CPU, with a child process for the thread; and what is left if the agent dies at it. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "act/spread.h"

#define MS 1000000ULL

static int calls_to_live = -1; /* of sched_setaffinity(), below */

/* Takes the place of the C library's: dies instead of the call that calls_to_live says. */
int sched_setaffinity(pid_t tid, size_t size, const cpu_set_t *mask)
{
	if (!calls_to_live)
		raise(SIGKILL);
	calls_to_live--;
	return (int)syscall(SYS_sched_setaffinity, tid, size, mask);
}

struct fixture {
	char parent[64], directory[80];
	struct aa_cpu cpus[AA_SPREAD_CPUS];
	struct spread *spread;
	pid_t thread; /* that waits */
	cpu_set_t before;
	int first, second; /* two CPUs that it may use */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int i;

	if (!f)
		return -1;
	snprintf(f->parent, sizeof(f->parent), "/var/tmp/test_spread.XXXXXX");
	if (!mkdtemp(f->parent))
		return -1;
	snprintf(f->directory, sizeof(f->directory), "%s/state", f->parent);
	f->thread = fork();
	if (!f->thread)
		for (;;)
			pause();
	sched_getaffinity(f->thread, sizeof(f->before), &f->before);
	f->first = f->second = -1;
	for (i = 0; i < CPU_SETSIZE && f->second < 0; i++) {
		if (!CPU_ISSET(i, &f->before))
			continue;
		if (f->first < 0)
			f->first = i;
		else
			f->second = i;
	}
	if (f->second >= 0) {
		/* all others are busy with the app, the first has two of it, the second none */
		for (i = 0; i < AA_SPREAD_CPUS; i++)
			f->cpus[i].running = 1;
		f->cpus[f->first] = (struct aa_cpu){ .running = 1, .queued = (uint32_t)f->thread, .app = 3 };
		f->cpus[f->second].running = 0;
	}
	calls_to_live = -1;
	*state = f;
	return spread_open(f->directory, f->cpus, &f->spread);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int gone;

	spread_close(f->spread);
	kill(f->thread, SIGKILL);
	waitpid(f->thread, NULL, 0);
	gone = rmdir(f->directory) || rmdir(f->parent); /* nothing is left in it */
	free(f);
	return gone;
}

static void need_two_cpus(const struct fixture *f)
{
	if (f->second < 0)
		skip();
}

static bool unchanged(const struct fixture *f)
{
	cpu_set_t now;

	return !sched_getaffinity(f->thread, sizeof(now), &now) && CPU_EQUAL(&now, &f->before);
}

/* A thread that waited is moved, and may run wherever it might before. */
static void test_moves(void **state)
{
	struct fixture *f = *state;

	need_two_cpus(f);
	assert_int_equal(spread_step(f->spread, 1 << 3, 1 * MS), 1);
	assert_int_equal(calls_to_live, -3); /* there and back */
	assert_true(unchanged(f));
}

/* Not one that came a moment ago, nor one of another app, nor one on a CPU where none of its app runs. */
static void test_leaves_others(void **state)
{
	struct fixture *f = *state;

	need_two_cpus(f);
	f->cpus[f->first].since = 5 * MS;
	assert_int_equal(spread_step(f->spread, 1 << 3, 5 * MS + MS / 2), 0);
	assert_int_equal(spread_step(f->spread, 1 << 2, 10 * MS), 0);
	f->cpus[f->first].running = 0;
	assert_int_equal(spread_step(f->spread, 1 << 3, 10 * MS), 0);
	assert_int_equal(calls_to_live, -1);
}

/* Where the app has all CPUs, or the thread may not use the free one, nothing happens. */
static void test_no_cpu_to_go_to(void **state)
{
	struct fixture *f = *state;
	cpu_set_t one;

	need_two_cpus(f);
	f->cpus[f->second].running = 1;
	assert_int_equal(spread_step(f->spread, 1 << 3, 10 * MS), 0);
	f->cpus[f->second].running = 0;
	CPU_ZERO(&one);
	CPU_SET(f->first, &one);
	assert_int_equal(syscall(SYS_sched_setaffinity, f->thread, sizeof(one), &one), 0);
	assert_int_equal(spread_step(f->spread, 1 << 3, 10 * MS), 0);
	assert_int_equal(calls_to_live, -1);
}

/* A thread that has ended meanwhile does no harm. */
static void test_thread_gone(void **state)
{
	struct fixture *f = *state;

	need_two_cpus(f);
	f->cpus[f->first].queued = 0x7ffffff0;
	assert_int_equal(spread_step(f->spread, 1 << 3, 10 * MS), 0);
}

/* Killed between the two calls: the thread is stuck on one CPU until somebody looks at the record. */
static void test_killed_between(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t agent;

	need_two_cpus(f);
	agent = fork();
	if (!agent) {
		calls_to_live = 1;
		spread_step(f->spread, 1 << 3, 10 * MS);
		_exit(0);
	}
	assert_int_equal(waitpid(agent, &status, 0), agent);
	assert_true(WIFSIGNALED(status));
	assert_false(unchanged(f));
	assert_int_equal(spread_recover(f->directory), 1);
	assert_true(unchanged(f));
	assert_int_equal(spread_recover(f->directory), 0);
}

/* Somebody else has decided about its CPUs since: that stays. */
static void test_recover_hands_off(void **state)
{
	struct fixture *f = *state;
	cpu_set_t one, now;
	pid_t agent;

	need_two_cpus(f);
	agent = fork();
	if (!agent) {
		calls_to_live = 1;
		spread_step(f->spread, 1 << 3, 10 * MS);
		_exit(0);
	}
	waitpid(agent, NULL, 0);
	CPU_ZERO(&one);
	CPU_SET(f->first, &one);
	assert_int_equal(syscall(SYS_sched_setaffinity, f->thread, sizeof(one), &one), 0);
	assert_int_equal(spread_recover(f->directory), 0);
	assert_int_equal(sched_getaffinity(f->thread, sizeof(now), &now), 0);
	assert_true(CPU_EQUAL(&now, &one));
}

/* A record whose agent lives is not touched. */
static void test_recover_spares_the_living(void **state)
{
	struct fixture *f = *state;

	need_two_cpus(f);
	assert_int_equal(spread_step(f->spread, 1 << 3, 10 * MS), 1);
	assert_int_equal(spread_recover(f->directory), 0);
	assert_int_equal(spread_step(f->spread, 1 << 3, 20 * MS), 1);
	assert_true(unchanged(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leaves_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_cpu_to_go_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thread_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_between, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recover_hands_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recover_spares_the_living, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
