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

static unsigned long interruptions_in(long ms)
{
	const struct timespec nap = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	unsigned long before = interrupted();

	nanosleep(&nap, NULL);
	return interrupted() - before;
}

/* 2000 times in 200 ms if nobody else needs the CPU; without it, at most at each tick. */
static void test_interrupts(void **state)
{
	struct nudge *nudge;

	(void)state;
	become(SCHED_RR | SCHED_RESET_ON_FORK, 1);
	nudge = nudge_start("", app);
	assert_non_null(nudge);
	assert_in_range(interruptions_in(200), 300, 4000);
	nudge_stop(nudge);
	assert_in_range(interruptions_in(200), 0, 250);
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
