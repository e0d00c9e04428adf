/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Order, merging and cutting of requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "io/plan.h"

#define KIB 1024ULL
#define OPS 200

static struct accel_io_op ops[OPS];
static struct plan_entry entries[OPS];
static struct plan plan;

static void read_op(uint32_t number, uint32_t file, uint64_t place, uint64_t offset, uint64_t bytes)
{
	ops[number] = (struct accel_io_op){ .kind = ACCEL_IO_READ, .offset = offset, .bytes = bytes };
	entries[number] = (struct plan_entry){ .place = place, .op = number, .file = file };
}

static void make(uint32_t n, uint64_t gap_bytes)
{
	assert_int_equal(plan_make(ops, entries, n, gap_bytes, &plan), 0);
	assert_int_equal(plan.entries, n);
}

static void assert_request(uint32_t number, uint64_t offset, uint64_t bytes, uint32_t count)
{
	assert_true(number < plan.requests);
	assert_int_equal(plan.request[number].offset, offset);
	assert_int_equal(plan.request[number].bytes, bytes);
	assert_int_equal(plan.request[number].count, count);
}

static int teardown(void **state)
{
	(void)state;
	plan_free(&plan);
	return 0;
}

/* What lies side by side becomes one request, in the device's order whatever the list's is. */
static void test_neighbours_merge(void **state)
{
	(void)state;
	read_op(0, 0, 1 << 20, 8192, 4096);
	read_op(1, 0, 0, 0, 4096);
	read_op(2, 0, 4096, 4096, 4096);
	read_op(3, 1, 2 << 20, 12288, 4096); /* another file */
	make(4, 0);
	assert_int_equal(plan.requests, 2);
	assert_request(0, 0, 12288, 3);
	assert_request(1, 12288, 4096, 1);
	assert_int_equal(plan.entry[0].op, 1);
	assert_int_equal(plan.entry[1].op, 2);
	assert_int_equal(plan.entry[2].op, 0);
}

/* A gap is read along with its neighbours if it is small enough, and never written. */
static void test_gaps(void **state)
{
	(void)state;
	read_op(0, 0, 0, 0, 4096);
	read_op(1, 0, 1, 8192, 4096);
	read_op(2, 0, 2, 20480, 4096);
	make(3, 4096);
	assert_int_equal(plan.requests, 2);
	assert_request(0, 0, 12288, 2);
	plan_free(&plan);
	ops[0].kind = ops[1].kind = ops[2].kind = ACCEL_IO_WRITE;
	make(3, 1 << 20);
	assert_int_equal(plan.requests, 3);
}

/* Reads that overlap each other are separate requests: no byte has two buffers. */
static void test_overlapping_reads_stay_apart(void **state)
{
	(void)state;
	read_op(0, 0, 0, 0, 4096);
	read_op(1, 0, 0, 0, 4096);
	read_op(2, 0, 0, 4095, 4096);
	make(3, 4096);
	assert_int_equal(plan.requests, 3);
}

/* Reads and writes side by side are different requests, and so are levels. */
static void test_kinds_and_levels_stay_apart(void **state)
{
	(void)state;
	read_op(0, 0, 0, 0, 4096);
	read_op(1, 0, 0, 4096, 4096);
	read_op(2, 0, 0, 8192, 4096);
	ops[1].kind = ACCEL_IO_WRITE;
	entries[1].level = 1;
	entries[2].level = 2;
	make(3, 0);
	assert_int_equal(plan.requests, 3);
	assert_int_equal(plan.levels, 3);
	assert_int_equal(plan.level[1].first, 1);
	assert_int_equal(plan.level[1].jobs, 2);
	assert_int_equal(plan.level[1].end, 2);
}

/* No request has more bytes or buffers than its limits, however many neighbours there are. */
static void test_limits(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < OPS; i++)
		read_op(i, 0, i, i * 4 * KIB, 4 * KIB);
	make(OPS, 0);
	assert_int_equal(plan.requests, (OPS + PLAN_IOVS - 1) / PLAN_IOVS);
	assert_request(0, 0, PLAN_IOVS * 4 * KIB, PLAN_IOVS);
	plan_free(&plan);
	for (i = 0; i < 32; i++)
		read_op(i, 0, i, i * 96 * KIB, 64 * KIB);
	make(32, 32 * KIB);
	for (i = 0; i < plan.requests; i++)
		assert_true(plan.request[i].bytes <= PLAN_REQUEST_BYTES);
	assert_int_equal(plan.requests, 3);
}

/* A big operation is one request of its own: it is cut when its turn comes. */
static void test_big_operation(void **state)
{
	(void)state;
	read_op(0, 0, 0, 0, 4096);
	read_op(1, 0, 1, 4096, 5ULL << 30);
	read_op(2, 0, 2, 4096 + (5ULL << 30), 4096);
	make(3, 0);
	assert_int_equal(plan.requests, 3);
	assert_request(1, 4096, 5ULL << 30, 1);
}

/* A file's ranges that go to the page cache are one job, in order, behind the transfers of the level. */
static void test_jobs(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		read_op(i, i / 3, i / 3, (4 - i) * 1000, 500);
		ops[i].kind = ACCEL_IO_WARM;
		entries[i].job = 1;
	}
	read_op(4, 9, 77, 0, 10);
	make(5, 0);
	assert_int_equal(plan.requests, 3);
	assert_int_equal(plan.level[0].jobs, 1);
	assert_int_equal(plan.level[0].end, 3);
	assert_int_equal(plan.entry[0].op, 4);
	assert_int_equal(plan.request[1].count, 3);
	assert_int_equal(plan.entry[1].op, 2);
	assert_int_equal(plan.entry[3].op, 0);
}

/* An empty list is an empty plan. */
static void test_nothing(void **state)
{
	(void)state;
	make(0, 0);
	assert_int_equal(plan.requests, 0);
	assert_int_equal(plan.levels, 0);
}

/* Random lists: every operation once, sorted, and within its request. */
static void test_random_lists(void **state)
{
	unsigned int seed = 1, list;
	uint32_t i, k, n;

	(void)state;
	for (list = 0; list < 2000; list++) {
		bool seen[OPS] = { false };

		n = 1 + (uint32_t)rand_r(&seed) % OPS;
		for (i = 0; i < n; i++) {
			uint64_t offset = 512 * ((uint64_t)rand_r(&seed) % 1000);

			read_op(i, (uint32_t)rand_r(&seed) % 3, offset, offset,
				512 * (1 + (uint64_t)rand_r(&seed) % 8));
			entries[i].level = (uint32_t)rand_r(&seed) % 2;
		}
		make(n, 512 * ((uint64_t)rand_r(&seed) % 8));
		for (i = 0, k = 0; i < plan.requests; i++) {
			const struct plan_request *r = &plan.request[i];
			uint64_t at = r->offset;

			assert_int_equal(r->first, k);
			for (; k < r->first + r->count; k++) {
				const struct plan_entry *e = &plan.entry[k];
				const struct accel_io_op *op = &ops[e->op];

				assert_false(seen[e->op]);
				seen[e->op] = true;
				assert_int_equal(e->file, plan.entry[r->first].file);
				assert_true(op->offset >= at && op->offset + op->bytes <= r->offset + r->bytes);
				at = op->offset + op->bytes;
				assert_true(!k || e->level > e[-1].level ||
					    (e->level == e[-1].level && e->place >= e[-1].place));
			}
			assert_int_equal(at, r->offset + r->bytes);
		}
		assert_int_equal(k, n);
		plan_free(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_neighbours_merge, teardown),
		cmocka_unit_test_teardown(test_gaps, teardown),
		cmocka_unit_test_teardown(test_overlapping_reads_stay_apart, teardown),
		cmocka_unit_test_teardown(test_kinds_and_levels_stay_apart, teardown),
		cmocka_unit_test_teardown(test_limits, teardown),
		cmocka_unit_test_teardown(test_big_operation, teardown),
		cmocka_unit_test_teardown(test_jobs, teardown),
		cmocka_unit_test_teardown(test_nothing, teardown),
		cmocka_unit_test_teardown(test_random_lists, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
