/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Processes that write: what they find out comes back, whatever becomes of them, and they do not pile up. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/writers.h"
#include "sys/view.h"

static const struct sys_view view;
static const struct writers_outcome before = { .recorded = { .state = RECORDED_FAILED, .error = EINTR, .lost = 3 } };

static int succeed(void *context, struct writers_outcome *outcome)
{
	outcome->recorded.state = RECORDED_WRITTEN;
	outcome->recorded.files = *(int *)context;
	outcome->replayed.coverage = 0.5;
	return -1;
}

static int die(void *context, struct writers_outcome *outcome)
{
	(void)context;
	outcome->recorded.files = 7;
	_exit(1);
}

/* Until a signal comes. */
static int hang(void *context, struct writers_outcome *outcome)
{
	int signum;

	(void)outcome;
	alarm(60); /* should the test itself die */
	sigwait(context, &signum);
	return -1;
}

static int count_descriptors(void *context, struct writers_outcome *outcome)
{
	int fd;

	(void)context;
	for (fd = 0; fd < 100; fd++)
		outcome->recorded.files += fcntl(fd, F_GETFD) >= 0;
	return -1;
}

/* What is left of the time that it may take, and of the CPU time. */
static int tell_limits(void *context, struct writers_outcome *outcome)
{
	struct rlimit cpu = { 0 };
	sigset_t blocked;

	(void)context;
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	getrlimit(RLIMIT_CPU, &cpu);
	outcome->recorded.files = sigismember(&blocked, SIGALRM) ? 0 : alarm(0);
	outcome->recorded.ranges = (uint32_t)cpu.rlim_max;
	return -1;
}

static const struct writers_outcome *await(struct writers *w, uint64_t *run)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	const struct writers_outcome *ret;

	while (!(ret = writers_take(w, run)))
		nanosleep(&nap, NULL);
	return ret;
}

/* What a process finds out is handed over once, under its name. */
static void outcome_comes_back(void **state)
{
	struct writers *w = writers_new();
	const struct writers_outcome *o;
	int files = 12;
	uint64_t run;

	(void)state;
	assert_null(writers_take(w, &run));
	assert_int_equal(writers_start(w, 42, &view, &before, succeed, &files), 0);
	o = await(w, &run);
	assert_int_equal(run, 42);
	assert_int_equal(o->recorded.state, RECORDED_WRITTEN);
	assert_int_equal(o->recorded.files, 12);
	assert_int_equal(o->recorded.lost, 3);
	assert_true(o->replayed.coverage == 0.5);
	assert_null(writers_take(w, &run));
	assert_false(writers_busy(w));
	assert_false(writers_looking(w));
	writers_free(w);
}

/* One that dies leaves what it had by then: that it failed, unless it said better. */
static void death_is_noticed(void **state)
{
	struct writers *w = writers_new();
	const struct writers_outcome *o;
	uint64_t run;

	(void)state;
	assert_int_equal(writers_start(w, 1, &view, &before, die, NULL), 0);
	o = await(w, &run);
	assert_int_equal(o->recorded.state, RECORDED_FAILED);
	assert_int_equal(o->recorded.files, 7);
	assert_false(writers_looking(w));
	writers_free(w);
}

/* Where none gets on, there is an end to it; and it goes on when they are gone. */
static void no_pile(void **state)
{
	struct writers *w = writers_new();
	int i, signum, files = 1;
	uint64_t run;
	sigset_t set;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < WRITERS_MAX; i++)
		assert_int_equal(writers_start(w, (uint64_t)i, &view, &before, hang, &set), 0);
	assert_int_equal(writers_start(w, 99, &view, &before, succeed, &files), -EBUSY);
	assert_null(writers_take(w, &run));
	assert_true(writers_busy(w));
	assert_true(writers_looking(w));
	kill(0, SIGUSR1); /* the group is ours alone */
	sigwait(&set, &signum);
	for (i = 0; i < WRITERS_MAX; i++)
		await(w, &run);
	while (writers_start(w, 99, &view, &before, succeed, &files) == -EBUSY) /* until the first has left its place */
		writers_take(w, &run);
	assert_int_equal(await(w, &run)->recorded.files, 1);
	writers_free(w);
}

/* It keeps stdin, stdout, stderr and what it is to keep, and nothing else of what is open here. */
static void nothing_is_inherited(void **state)
{
	struct writers *w = writers_new();
	struct sys_view kept = { 0 };
	int fds[2];
	uint64_t run;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(writers_start(w, 1, &view, &before, count_descriptors, NULL), 0);
	assert_int_equal(await(w, &run)->recorded.files, 3);
	kept.root = fds[1];
	assert_int_equal(writers_start(w, 2, &kept, &before, count_descriptors, NULL), 0);
	assert_int_equal(await(w, &run)->recorded.files, 4);
	close(fds[0]);
	close(fds[1]);
	writers_free(w);
}

/* Who makes a lot of work for one does not have it at work for ever, even where the agent lets no signal through. */
static void time_is_limited(void **state)
{
	struct writers *w = writers_new();
	const struct writers_outcome *o;
	sigset_t all, before_all;
	uint64_t run;

	(void)state;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before_all);
	assert_int_equal(writers_start(w, 1, &view, &before, tell_limits, NULL), 0);
	sigprocmask(SIG_SETMASK, &before_all, NULL);
	o = await(w, &run);
	assert_in_range(o->recorded.files, 1, WRITERS_SECONDS);
	assert_int_equal(o->recorded.ranges, WRITERS_CPU_SECONDS);
	writers_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcome_comes_back),   cmocka_unit_test(death_is_noticed), cmocka_unit_test(no_pile),
		cmocka_unit_test(nothing_is_inherited), cmocka_unit_test(time_is_limited),
	};

	setpgid(0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
