/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a new group gets of home's realtime share, in folders that stand for cgroupfs. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/place_realtime.h"
#include "tests/unit/fake_group.h"

static long most; /* of runtime that is left to give */
static unsigned int writes;

/* In the place of the C library's: the kernel refuses more than is left. */
ssize_t write(int fd, const void *buffer, size_t n)
{
	char link[64], path[512] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) > 0 && strstr(path, "/v1/app/new/cpu.rt_")) {
		writes++;
		if (strstr(path, "cpu.rt_runtime_us") && strtol(buffer, NULL, 10) > most) {
			errno = EINVAL;
			return -1;
		}
	}
	return syscall(SYS_write, fd, buffer, n);
}

static void fill(const struct fake *fake, const char *runtime, const char *period)
{
	fake_put(fake, "/v1/app/cpu.rt_runtime_us", runtime);
	fake_put(fake, "/v1/app/cpu.rt_period_us", period);
	fake_put(fake, "/v1/app/new/cpu.rt_runtime_us", "0\n");
	fake_put(fake, "/v1/app/new/cpu.rt_period_us", "1\n");
	writes = 0;
}

static void hand_down(const struct fake *fake)
{
	int home = open(fake->v1.directory, O_PATH), group = openat(home, "new", O_PATH);

	assert_true(home >= 0 && group >= 0);
	place_realtime(home, group);
	close(home);
	close(group);
}

/* As a number: a plain file gets no newline. */
static void assert_value(const struct fake *fake, const char *file, long value)
{
	char path[512], text[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/v1/app/new/%s", fake->root, file);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_int_equal(strtol(text, NULL, 10), value);
}

/* Half of home's share; where siblings have too much of it, the largest half of that which the kernel gives. */
static void halves_what_home_has(void **state)
{
	most = 950000;
	fill(*state, "950000\n", "1000000\n");
	hand_down(*state);
	assert_value(*state, "cpu.rt_runtime_us", 475000);
	most = 120000;
	fill(*state, "950000\n", "1000000\n");
	hand_down(*state);
	assert_value(*state, "cpu.rt_runtime_us", 118750);
}

/* Home's runtime counts in home's period; without a limit, that is its whole period. */
static void counts_in_homes_period(void **state)
{
	most = 1000000;
	fill(*state, "40000\n", "100000\n");
	hand_down(*state);
	assert_value(*state, "cpu.rt_runtime_us", 20000);
	assert_value(*state, "cpu.rt_period_us", 100000);
	fill(*state, "-1\n", "100000\n");
	hand_down(*state);
	assert_value(*state, "cpu.rt_runtime_us", 50000);
}

/* Nothing is tried for ever, nor where home has nothing, or the group has its share, or there are no such shares. */
static void nothing_to_hand_down(void **state)
{
	most = 0;
	fill(*state, "950000\n", "1000000\n");
	hand_down(*state);
	assert_value(*state, "cpu.rt_runtime_us", 0);
	assert_int_equal(writes, 10); /* the period, and 475000 down to 1855 */
	most = 1000000;
	fill(*state, "0\n", "1000000\n");
	hand_down(*state);
	assert_int_equal(writes, 0);
	fill(*state, "950000\n", "1000000\n");
	fake_put(*state, "/v1/app/new/cpu.rt_runtime_us", "7\n");
	writes = 0;
	hand_down(*state);
	assert_int_equal(writes, 0);
	fill(*state, "", "");
	hand_down(*state);
	assert_int_equal(writes, 0);
}

/* What part of the time realtime has in a group: all of it without a limit, or on a kernel that has none. */
static void tells_the_share(void **state)
{
	const struct fake *fake = *state;
	int home;

	fake_put(fake, "/v1/app/other", "");
	home = open(fake->v1.directory, O_PATH);
	assert_true(home >= 0);
	assert_true(place_realtime_share(home) == 1);
	fill(fake, "20000\n", "1000000\n");
	assert_true(place_realtime_share(home) == 0.02);
	fill(fake, "-1\n", "1000000\n");
	assert_true(place_realtime_share(home) == 1);
	close(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_make, fake_remove)
		TEST(halves_what_home_has),
		TEST(counts_in_homes_period),
		TEST(nothing_to_hand_down),
		TEST(tells_the_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
