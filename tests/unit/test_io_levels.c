/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which operations wait for which: against the definition, applied to each pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "io/levels.h"

#define OPS 40
#define LISTS 3000

static bool overlap(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
	return a < b_end && b < a_end;
}

static uint64_t end_of(const struct accel_io_op *op)
{
	return op->bytes > INT64_MAX - op->offset ? INT64_MAX : op->offset + op->bytes;
}

/* Whether one of them writes what the other one reads or writes; where a file grows, also the hole that this leaves. */
static bool depend(const struct accel_io_op *a, const struct accel_io_op *b, uint64_t file_bytes)
{
	const struct accel_io_op *write = a->kind == ACCEL_IO_WRITE ? a : b, *other = write == a ? b : a;
	uint64_t start = write->offset;

	if (write->kind != ACCEL_IO_WRITE)
		return false;
	if (other->kind != ACCEL_IO_WRITE && end_of(write) > file_bytes && start > file_bytes)
		start = file_bytes;
	return overlap(start, end_of(write), other->offset, end_of(other));
}

/* The longest chain of dependencies that ends at an operation; writes start at 1. */
static void expect(const struct accel_io_op *ops, uint32_t n, uint64_t file_bytes, const uint32_t *level)
{
	uint32_t want[OPS], i, k;

	for (i = 0; i < n; i++) {
		want[i] = ops[i].kind == ACCEL_IO_WRITE;
		for (k = 0; k < i; k++)
			if (depend(&ops[k], &ops[i], file_bytes) && want[i] <= want[k])
				want[i] = want[k] + 1;
		assert_int_equal(level[i], want[i]);
	}
}

static void levels_of(const struct accel_io_op *ops, uint32_t n, uint64_t file_bytes, uint32_t *level)
{
	uint32_t which[OPS], i;

	for (i = 0; i < n; i++)
		which[i] = i;
	assert_int_equal(levels_find(ops, which, n, file_bytes, level), 0);
}

/* Random lists, dense enough that long chains occur. */
static void test_random_lists(void **state)
{
	unsigned int seed = 1, list;
	struct accel_io_op ops[OPS];
	uint32_t level[OPS], i, n;

	(void)state;
	for (list = 0; list < LISTS; list++) {
		uint64_t room = 2 + (uint64_t)rand_r(&seed) % 200, file_bytes = (uint64_t)rand_r(&seed) % (2 * room);

		n = 1 + (uint32_t)rand_r(&seed) % OPS;
		for (i = 0; i < n; i++)
			ops[i] = (struct accel_io_op){ .kind = (uint32_t)rand_r(&seed) % 3,
						       .offset = (uint64_t)rand_r(&seed) % room,
						       .bytes = 1 + (uint64_t)rand_r(&seed) % (room / 2) };
		levels_of(ops, n, file_bytes, level);
		expect(ops, n, file_bytes, level);
	}
}

/* Writes that make a file grow one after another need not wait for each other. */
static void test_appending_is_one_level(void **state)
{
	struct accel_io_op ops[OPS];
	uint32_t level[OPS], i;

	(void)state;
	for (i = 0; i < OPS; i++)
		ops[i] = (struct accel_io_op){ .kind = ACCEL_IO_WRITE, .offset = 100 * i, .bytes = 100 };
	levels_of(ops, OPS, 0, level);
	for (i = 0; i < OPS; i++)
		assert_int_equal(level[i], 1);
}

/* A read behind the end finds nothing before a write further behind, and a hole after it. */
static void test_read_of_a_hole_to_be(void **state)
{
	const struct accel_io_op ops[] = {
		{ .kind = ACCEL_IO_READ, .offset = 10, .bytes = 10 },
		{ .kind = ACCEL_IO_WRITE, .offset = 100, .bytes = 10 },
		{ .kind = ACCEL_IO_READ, .offset = 10, .bytes = 10 },
		{ .kind = ACCEL_IO_READ, .offset = 0, .bytes = 5 },
	};
	uint32_t level[4];

	(void)state;
	levels_of(ops, 4, 5, level);
	assert_int_equal(level[0], 0);
	assert_int_equal(level[1], 1);
	assert_int_equal(level[2], 2);
	assert_int_equal(level[3], 0);
}

/* The ends of what a file can have. */
static void test_far_offsets(void **state)
{
	const struct accel_io_op ops[] = {
		{ .kind = ACCEL_IO_WRITE, .offset = INT64_MAX - 1, .bytes = 1 },
		{ .kind = ACCEL_IO_WARM, .offset = 0, .bytes = ACCEL_IO_TO_END },
		{ .kind = ACCEL_IO_WARM, .offset = INT64_MAX, .bytes = ACCEL_IO_TO_END },
		{ .kind = ACCEL_IO_WRITE, .offset = 0, .bytes = INT64_MAX },
	};
	uint32_t level[4];

	(void)state;
	levels_of(ops, 4, UINT64_MAX, level);
	assert_int_equal(level[0], 1);
	assert_int_equal(level[1], 2);
	assert_int_equal(level[2], 0);
	assert_int_equal(level[3], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_lists),
		cmocka_unit_test(test_appending_is_one_level),
		cmocka_unit_test(test_read_of_a_hole_to_be),
		cmocka_unit_test(test_far_offsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
