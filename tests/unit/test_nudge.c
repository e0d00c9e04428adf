/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* An app that computes is interrupted, and only as long as it is wanted. The processes and their CPUs are real. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "act/nudge.h"

static pid_t app;

static void become(int policy, int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &param))
		skip();
}

static int setup(void **state)
{
	(void)state;
	app = fork();
	if (!app)
		for (;;)
			;
	return app < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	const struct sched_param usual = { .sched_priority = 0 };

	(void)state;
	kill(app, SIGKILL);
	waitpid(app, NULL, 0);
	return sched_setscheduler(0, SCHED_OTHER, &usual);
}

/* How often the app was made to leave its CPU so far. */
static unsigned long interrupted(void)
{
	static const char key[] = "nonvoluntary_ctxt_switches:";
	unsigned long count = 0;
	char path[32], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)app);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			sscanf(line + strlen(key), "%lu", &count);
	fclose(f);
	return count;
}

/* How long the app had a CPU so far: where others need it as well, that is less than the time that passed. */
static unsigned long long ran_ns(void)
{
	unsigned long long ran = 0;
	char path[32];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)app);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%llu", &ran), 1);
	fclose(f);
	return ran;
}

/* While the app runs for so long. */
static unsigned long interruptions_in(unsigned int ms)
{
	const struct timespec nap = { .tv_nsec = 10000000 };
	unsigned long long begin = ran_ns();
	unsigned long before = interrupted();
	int naps;

	for (naps = 0; naps < 3000 && ran_ns() - begin < ms * 1000000ULL; naps++)
		nanosleep(&nap, NULL);
	assert_in_range(naps, 1, 2999);
	return interrupted() - before;
}

/*
 * 1000 times in 100 ms if the naps are as short as they should be; without it, at each tick, and whenever others who
 * need the CPU take their turns.
 */
static void test_interrupts(void **state)
{
	unsigned long with, without;
	struct nudge *nudge;

	(void)state;
	become(SCHED_RR | SCHED_RESET_ON_FORK, 1);
	nudge = nudge_start("", app);
	assert_non_null(nudge);
	with = interruptions_in(100);
	nudge_stop(nudge);
	without = interruptions_in(100);
	print_message("%lu with, %lu without\n", with, without);
	assert_in_range(with, 2 * without + 50, 4000);
}

/* Who is no realtime process himself has to wait for his turn, too, so it would be of no use. */
static void test_only_for_urgent_ones(void **state)
{
	(void)state;
	assert_null(nudge_start("", app));
}

/* An app that ended meanwhile is nobody to follow. */
static void test_app_is_gone(void **state)
{
	struct nudge *nudge;

	(void)state;
	become(SCHED_RR | SCHED_RESET_ON_FORK, 1);
	kill(app, SIGKILL);
	waitpid(app, NULL, 0);
	nudge = nudge_start("", app);
	assert_non_null(nudge);
	nudge_stop(nudge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_interrupts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_for_urgent_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_app_is_gone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
