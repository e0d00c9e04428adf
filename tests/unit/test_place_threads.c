/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which processes have threads in groups of their own, in a folder that stands for procfs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "act/place_threads.h"
#include "tests/unit/fake_group.h"

static void assert_apart(const struct fake *fake, pid_t pid, const char *controller, bool expected)
{
	bool apart = !expected;

	assert_int_equal(place_threads(fake->root, pid, controller, &apart), 0);
	assert_int_equal(apart, expected);
}

/* Threads in one group, or in none of this hierarchy, move together; those of a virtual machine's CPUs may not. */
static void groups_of_threads_are_compared(void **state)
{
	fake_put(*state, "/proc/10/task/10/cgroup", "3:cpuset:/vm\n1:cpu,cpuacct:/vm/emulator\n");
	fake_put(*state, "/proc/10/task/11/cgroup", "3:cpuset:/vm/vcpu0\n1:cpu,cpuacct:/vm/emulator\n");
	assert_apart(*state, 10, "cpu", false);
	assert_apart(*state, 10, "cpuset", true);
	assert_apart(*state, 10, "memory", false);
	fake_put(*state, "/proc/10/task/12/cgroup", "3:cpuset:/vm\n1:cpu,cpuacct:/vm/vcpu0\n");
	assert_apart(*state, 10, "cpu", true);
}

/* Threads that end while they are looked at, and processes that do, have nothing to lose. */
static void ended_threads_do_not_count(void **state)
{
	struct fake *fake = *state;
	char path[128];

	assert_apart(fake, 10, "cpu", false);
	fake_put(fake, "/proc/10/task/10/cgroup", "1:cpu:/a\n");
	snprintf(path, sizeof(path), "%s/proc/10/task/11", fake->root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/proc/10/task/12", fake->root);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_apart(fake, 10, "cpu", false);
}

/* A process with one thread costs no reading: what its file says does not matter. */
static void one_thread_is_not_read(void **state)
{
	bool apart = true;

	fake_put(*state, "/proc/10/task/10/cgroup", "1:cpu:no path\n");
	assert_apart(*state, 10, "cpu", false);
	fake_put(*state, "/proc/10/task/11/cgroup", "1:cpu:/a\n");
	assert_int_equal(place_threads(((struct fake *)*state)->root, 10, "cpu", &apart), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_make, fake_remove)
		TEST(groups_of_threads_are_compared),
		TEST(ended_threads_do_not_count),
		TEST(one_thread_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
