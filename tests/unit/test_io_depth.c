/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How many operations are kept under way, with devices that are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/depth.h"

#define LEAST 4
#define MOST 256

/* An operation takes base_ns, and the device does at most width at a time. */
struct device {
	uint64_t base_ns;
	unsigned int width;
	uint64_t now_ns;
};

/* One round: all that are under way. */
static void do_round(struct device *device, struct depth *depth)
{
	unsigned int now = depth->now;
	uint64_t latency_ns = device->base_ns * now / device->width;

	if (latency_ns < device->base_ns)
		latency_ns = device->base_ns;
	device->now_ns += latency_ns;
	depth_count(depth, now, now * latency_ns, device->now_ns);
}

static void do_rounds(struct device *device, struct depth *depth, unsigned int rounds)
{
	while (rounds--)
		do_round(device, depth);
}

/* Up to what the device does at a time, and not much beyond. */
static void test_finds_the_width(void **state)
{
	const unsigned int widths[] = { 16, 32, 64, 128, 256 };
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		struct device device = { 100000, widths[i], 1 };
		struct depth depth;

		depth_start(&depth, 16, LEAST, MOST, false, device.now_ns);
		do_rounds(&device, &depth, 20000);
		assert_in_range(depth.now, widths[i], widths[i] * 2);
	}
}

/* A disk that gains nothing from more is left alone, most of the time: a trial takes a window, a pause many. */
static void test_trials_are_rare(void **state)
{
	struct device device = { 100000, 64, 1 };
	unsigned int i, others = 0;
	struct depth depth;

	(void)state;
	depth_start(&depth, 64, LEAST, MOST, false, device.now_ns);
	do_rounds(&device, &depth, 2000);
	for (i = 0; i < 20000; i++) {
		do_round(&device, &depth);
		others += depth.now != 64;
	}
	assert_true(others < 20000 / 10);
}

/* When each takes much longer than it did, and fewer do no worse, there are fewer. */
static void test_gives_way(void **state)
{
	struct device device = { 100000, 128, 1 };
	struct depth depth;
	unsigned int before;

	(void)state;
	depth_start(&depth, 64, LEAST, MOST, false, device.now_ns);
	do_rounds(&device, &depth, 5000);
	before = depth.now;
	assert_in_range(before, 128, 256);
	device.width = 16; /* others have the rest */
	do_rounds(&device, &depth, 300);
	assert_true(depth.now <= before / 2);
	device.width = 128;
	do_rounds(&device, &depth, 20000);
	assert_in_range(depth.now, 128, 256);
}

/* One moment in which nothing came is no reason. */
static void test_a_moment_is_nothing(void **state)
{
	struct device device = { 100000, 64, 1 };
	struct depth depth;
	unsigned int i;

	(void)state;
	depth_start(&depth, 64, LEAST, MOST, false, device.now_ns);
	do_rounds(&device, &depth, 2000);
	for (i = 0; i < 100; i++) {
		device.base_ns = 10000000;
		do_rounds(&device, &depth, 2);
		device.base_ns = 100000;
		do_rounds(&device, &depth, 1000);
		assert_in_range(depth.now, 64, 256);
	}
}

/* A depth that was asked for stays. */
static void test_fixed(void **state)
{
	struct device device = { 100000, 128, 1 };
	struct depth depth;

	(void)state;
	depth_start(&depth, 7, 1, 7, true, device.now_ns);
	do_rounds(&device, &depth, 5000);
	assert_int_equal(depth.now, 7);
}

/* What was waited between two runs is no latency. */
static void test_resume(void **state)
{
	struct device device = { 100000, 64, 1 };
	struct depth depth;
	unsigned int i;

	(void)state;
	depth_start(&depth, 64, LEAST, MOST, false, device.now_ns);
	do_rounds(&device, &depth, 2000);
	for (i = 0; i < 100; i++) {
		device.now_ns += 10000000000;
		depth_resume(&depth, device.now_ns);
		do_rounds(&device, &depth, 100);
		assert_in_range(depth.now, 64, 128);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_the_width), cmocka_unit_test(test_trials_are_rare),
		cmocka_unit_test(test_gives_way),       cmocka_unit_test(test_a_moment_is_nothing),
		cmocka_unit_test(test_fixed),           cmocka_unit_test(test_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
