/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a moved thread starts meanwhile, and what is left if the agent dies at it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/spread_fixture.h"

/* --- what a thread starts between the two calls --- */

static void start_child(void)
{
	kernel->child = kernel->thread;
	kernel->child.tid = kernel->thread.tid + 1;
}

static void fork_quickly(void)
{
	start_child();
	put_stat_group(kernel->child.tid, kernel->thread.tid, 78, 'R', TARGET);
	put_newest_pid(kernel->child.tid);
}

/* A child that was forked between the two calls has inherited the one CPU: it gets all of them, too. */
static void test_child_is_widened(void **state)
{
	struct spread_fixture *f = *state;

	kernel->after_first = fork_quickly;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, EVERYWHERE);
}

static void start_thread(void)
{
	char path[64];

	start_child();
	put_stat_group(kernel->child.tid, 1, 78, 'R', TARGET);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", kernel->thread.tid, kernel->child.tid);
	put(path, "");
	put_newest_pid(kernel->child.tid);
}

/* So does a thread of the same process. */
static void test_sibling_is_widened(void **state)
{
	struct spread_fixture *f = *state;

	kernel->after_first = start_thread;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, EVERYWHERE);
}

/* One whose fork took longer is found at the next step, or at the end. */
static void test_late_child_is_widened(void **state)
{
	struct spread_fixture *f = *state;

	kernel->after_first = start_child;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, 1 << TARGET);
	put_stat(kernel->child.tid, kernel->thread.tid, 'R', TARGET);
	put_newest_pid(kernel->child.tid);
	assert_int_equal(step(f, 14 * MS), 0);
	assert_int_equal(kernel->child.user_mask, EVERYWHERE);
	kernel->child.user_mask = 1 << TARGET; /* its own will: a step later, nobody looks at it */
	assert_int_equal(step(f, 18 * MS), 0);
	assert_int_equal(kernel->child.user_mask, 1 << TARGET);
}

static void somebody_forks(void)
{
	start_child();
	put_stat_group(kernel->child.tid, getpid(), 78, 'R', TARGET);
	put_newest_pid(kernel->child.tid);
	kernel->parent = (struct fake_thread){ .tid = getpid(), .user_mask = EVERYWHERE };
}

/* Somebody else's child that has only that CPU has it for reasons of its own. */
static void test_other_children_are_left(void **state)
{
	struct spread_fixture *f = *state;

	kernel->after_first = somebody_forks;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, 1 << TARGET);
}

static void fork_and_end(void)
{
	start_child();
	put_stat(kernel->child.tid, getpid(), 'R', TARGET);
	put_newest_pid(kernel->child.tid);
	kernel->parent = (struct fake_thread){ .tid = getpid(), .user_mask = 1 << TARGET };
}

/*
 * A child whose parent has ended is known by its process group, unless it has the CPU from whoever is its parent
 * now.
 */
static void test_orphan_is_widened(void **state)
{
	struct spread_fixture *f = *state;

	kernel->after_first = fork_and_end;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, 1 << TARGET);
	kernel->parent.user_mask = EVERYWHERE;
	assert_int_equal(step(f, 14 * MS), 0);
	assert_int_equal(kernel->child.user_mask, EVERYWHERE);
}

/* --- the record --- */

static void die_between(struct spread_fixture *f)
{
	pid_t agent = fork();
	int status;

	if (!agent) {
		kernel->die_at = 1;
		step(f, 10 * MS);
		_exit(0);
	}
	assert_int_equal(waitpid(agent, &status, 0), agent);
	assert_true(WIFSIGNALED(status));
	kernel->die_at = -1;
}

/* Killed between the two calls: the thread is stuck on one CPU until somebody looks at the record. */
static void test_killed_between(void **state)
{
	struct spread_fixture *f = *state;

	die_between(f);
	assert_int_equal(kernel->thread.user_mask, 1 << TARGET);
	assert_int_equal(spread_recover(f->directory), 1);
	assert_int_equal(kernel->thread.user_mask, EVERYWHERE);
	assert_int_equal(spread_recover(f->directory), 0);
}

/* In another pid namespace its number means another thread: the record is left for who can read it. */
static void test_recover_spares_namespaces(void **state)
{
	struct spread_fixture *f = *state;
	char command[512];

	die_between(f);
	/* the namespace is at 16, behind four numbers of four bytes */
	snprintf(command, sizeof(command),
		 "printf 12345678 | dd of=\"$(ls %s/moving-*)\" bs=1 seek=16 conv=notrunc 2>/dev/null", f->directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(spread_recover(f->directory), 0);
	assert_int_equal(kernel->thread.user_mask, 1 << TARGET);
	snprintf(command, sizeof(command), "rm %s/moving-*", f->directory); /* it is there */
	assert_int_equal(system(command), 0);
}

/* Somebody else has decided about its CPUs since: that stays. */
static void test_recover_hands_off(void **state)
{
	struct spread_fixture *f = *state;

	die_between(f);
	kernel->thread.user_mask = 1 << 0;
	assert_int_equal(spread_recover(f->directory), 0);
	assert_int_equal(kernel->thread.user_mask, 1 << 0);
}

/* Killed at another time than between the calls: that the app now has the target alone is its own will. */
static void test_recover_needs_a_move(void **state)
{
	struct spread_fixture *f = *state;
	pid_t agent = fork();

	if (!agent) {
		step(f, 10 * MS);
		_exit(0);
	}
	assert_int_equal(waitpid(agent, NULL, 0), agent);
	assert_int_equal(kernel->calls, 2);
	kernel->thread.user_mask = 1 << TARGET;
	assert_int_equal(spread_recover(f->directory), 0);
	assert_int_equal(kernel->thread.user_mask, 1 << TARGET);
}

/* A record whose agent lives is not touched. */
static void test_recover_spares_the_living(void **state)
{
	struct spread_fixture *f = *state;

	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(spread_recover(f->directory), 0);
	f->cpus.cpu[HOME].since = 11 * MS;
	assert_int_equal(step(f, 20 * MS), 1);
}

static const char *stolen; /* the folder where every new record is taken for a dead agent's at once */

/* Takes the place of the C library's: another agent comes between open() and this, as often as stolen says. */
int flock(int fd, int operation)
{
	if (stolen) {
		const char *directory = stolen;

		stolen = NULL;
		assert_int_equal(spread_recover(directory), 0);
	}
	return (int)syscall(SYS_flock, fd, operation);
}

/* A record that a recovery removed before it was locked is none: another is made. */
static void test_record_survives_recovery(void **state)
{
	struct spread_fixture *f = *state;
	pid_t agent = fork();
	int status;

	if (!agent) {
		stolen = f->directory;
		kernel->die_at = 1;
		step(f, 10 * MS);
		_exit(0);
	}
	assert_int_equal(waitpid(agent, &status, 0), agent);
	assert_true(WIFSIGNALED(status));
	kernel->die_at = -1;
	assert_int_equal(spread_recover(f->directory), 1);
}

/* Without a place for the record, or once somebody removed it, nothing is moved any more. */
static void test_no_record_no_move(void **state)
{
	struct spread_fixture *f = *state;
	char command[128];

	assert_int_equal(step(f, 10 * MS), 1);
	snprintf(command, sizeof(command), "rm %s/moving-*", f->directory);
	assert_int_equal(system(command), 0);
	f->cpus.cpu[HOME].since = 11 * MS;
	assert_int_equal(step(f, 20 * MS), 0);
	assert_int_equal(kernel->calls, 2);
}

/* Nor where the disk takes no more, at the start or later; no half of a record is left. */
static void test_full_disk_no_move(void **state)
{
	struct rlimit before, none;
	struct spread_fixture *f = *state;
	char command[128];

	getrlimit(RLIMIT_FSIZE, &before);
	none = (struct rlimit){ 0, before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(step(f, 10 * MS), 1);
	f->cpus.cpu[HOME].since = 11 * MS;
	setrlimit(RLIMIT_FSIZE, &none);
	assert_int_equal(step(f, 20 * MS), 0);
	spread_close(f->spread);
	assert_int_equal(spread_open_below(f->root, f->directory, &f->cpus, &f->spread), 0);
	f->cpus.cpu[HOME].since = 21 * MS;
	assert_int_equal(step(f, 30 * MS), 0);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(kernel->calls, 2);
	snprintf(command, sizeof(command), "ls %s/moving-* 2>/dev/null", f->directory);
	assert_int_not_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_child_is_widened, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_sibling_is_widened, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_late_child_is_widened, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_other_children_are_left, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_orphan_is_widened, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_killed_between, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_recover_spares_namespaces, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_recover_hands_off, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_recover_needs_a_move, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_recover_spares_the_living, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_record_survives_recovery, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_no_record_no_move, spread_setup, spread_teardown),
		cmocka_unit_test_setup_teardown(test_full_disk_no_move, spread_setup, spread_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
