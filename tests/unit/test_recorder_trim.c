/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What readahead brought and nobody looked at does not stay in a recording. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "profile/recorder.h"

#define DEV (8U << 20 | 1)
#define PAGES 1024 /* of each file that can be looked at */
#define PAGE 4096

struct fixture {
	struct recorder *recorder;
	uint64_t looked[3][PAGES / 64]; /* by inode number */
	uint64_t since_ns[3][PAGES / 64];
	unsigned int asked;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->recorder = recorder_new();
	*state = f;
	if (!f->recorder)
		return -1;
	recorder_begin(f->recorder, 0);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	recorder_free(f->recorder);
	free(f);
	return 0;
}

static void miss(struct fixture *f, uint64_t ino, uint64_t index, uint32_t pages, uint64_t at_ms, uint32_t page_bytes)
{
	const struct aa_rec_miss rec = {
		.h.time_ns = at_ms * 1000000, .ino = ino, .dev = DEV, .index = index, .pages = pages
	};

	recorder_miss(f->recorder, &rec, page_bytes);
}

static void look(struct fixture *f, uint64_t ino, uint32_t page, uint32_t pages)
{
	for (; pages; pages--, page++)
		f->looked[ino][page / 64] |= 1ULL << (page % 64);
}

static uint64_t looked_at(void *context, uint32_t dev, uint64_t ino, uint64_t block, uint64_t *ret_since_ns)
{
	struct fixture *f = context;

	assert_int_equal(dev, DEV);
	assert_in_range(ino, 1, 2);
	assert_in_range(block, 0, PAGES / 64 - 1);
	f->asked++;
	*ret_since_ns = f->since_ns[ino][block];
	return f->looked[ino][block];
}

static size_t trim(struct fixture *f, uint32_t page_bytes)
{
	recorder_trim(f->recorder, page_bytes, looked_at, f);
	return recorder_order(f->recorder);
}

static void assert_range(struct fixture *f, size_t i, uint64_t ino, uint32_t page, uint32_t pages)
{
	const struct profile_range *range = &recorder_ranges(f->recorder)[i];

	assert_int_equal(recorder_files(f->recorder)[range->file].ino, ino);
	assert_int_equal(range->page, page);
	assert_int_equal(range->pages, pages);
	assert_int_equal(range->seen, 1);
}

/* Of a long read only the pieces stay that were looked at; one page between them is not worth two reads. */
static void test_pieces(void **state)
{
	struct fixture *f = *state;

	miss(f, 1, 0, PAGES, 0, PAGE);
	look(f, 1, 0, 2);
	look(f, 1, 3, 1);
	look(f, 1, 6, 1);
	look(f, 1, 500, 100);
	look(f, 1, PAGES - 1, 1);
	assert_int_equal(trim(f, PAGE), 4);
	assert_range(f, 0, 1, 0, 4);
	assert_range(f, 1, 1, 6, 1);
	assert_range(f, 2, 1, 500, 100);
	assert_range(f, 3, 1, PAGES - 1, 1);
	assert_true(f->asked <= PAGES / 64);
}

/* What was asked for is what a range begins with, even if nobody saw the look at it; not if all others were far away. */
static void test_first_look_unseen(void **state)
{
	struct fixture *f = *state;

	miss(f, 1, 100, 32, 0, PAGE);
	look(f, 1, 102, 1);
	look(f, 1, 110, 1);
	miss(f, 1, 200, 32, 10, PAGE);
	look(f, 1, 203, 1);
	assert_int_equal(trim(f, PAGE), 3);
	assert_range(f, 0, 1, 100, 3);
	assert_range(f, 1, 1, 110, 1);
	assert_range(f, 2, 1, 203, 1);
}

/* What was looked at but not missed was there before: it is no part of it. */
static void test_only_missed(void **state)
{
	struct fixture *f = *state;

	look(f, 1, 0, PAGES);
	miss(f, 1, 100, 10, 0, PAGE);
	assert_int_equal(trim(f, PAGE), 1);
	assert_range(f, 0, 1, 100, 10);
}

/* A file that nobody looked at leaves nothing; the order of the others stays that of their first use. */
static void test_unused(void **state)
{
	struct fixture *f = *state;

	miss(f, 1, 0, 100, 0, PAGE);
	miss(f, 2, 300, 100, 500, PAGE);
	miss(f, 2, 0, 100, 900, PAGE);
	look(f, 2, 0, 600);
	assert_int_equal(trim(f, PAGE), 2);
	assert_range(f, 0, 2, 300, 100);
	assert_range(f, 1, 2, 0, 100);
}

/* What was read ahead counts as of when it was looked at, a block of 64 pages at a time; what is so within 3 ms is one. */
static void test_order_of_looks(void **state)
{
	struct fixture *f = *state;

	miss(f, 1, 0, 320, 0, PAGE);
	miss(f, 2, 0, 64, 30, PAGE);
	look(f, 1, 0, 320);
	look(f, 2, 0, 64);
	f->since_ns[1][0] = 20000000;
	f->since_ns[1][1] = 90000000;
	f->since_ns[1][2] = 60000000;
	f->since_ns[1][3] = 60500000;
	f->since_ns[1][4] = 80000000;
	f->since_ns[2][0] = 10000000; /* before it was missed again */
	assert_int_equal(trim(f, PAGE), 5);
	assert_range(f, 0, 1, 0, 64);
	assert_range(f, 1, 2, 0, 64);
	assert_range(f, 2, 1, 128, 128);
	assert_range(f, 3, 1, 256, 64);
	assert_range(f, 4, 1, 64, 64);
}

/* Nobody sees who looks at a device's own blocks: they stay. */
static void test_device(void **state)
{
	struct fixture *f = *state;

	miss(f, 0, 0, 100, 0, PAGE);
	assert_int_equal(trim(f, PAGE), 1);
	assert_range(f, 0, 0, 0, 100);
	assert_int_equal(f->asked, 0);
}

/* Pages of the machine that are larger than the profile's. */
static void test_large_pages(void **state)
{
	struct fixture *f = *state;

	miss(f, 1, 0, 64, 0, 65536);
	look(f, 1, 3, 1);
	assert_int_equal(trim(f, 65536), 1);
	assert_range(f, 0, 1, 48, 16);
}

/* Where there is no room for more ranges, the rest of a range stays whole. */
static void test_full(void **state)
{
	struct fixture *f = *state;
	uint32_t i;

	miss(f, 1, 0, 30, 0, PAGE);
	for (i = 1; i < RECORDER_RANGES; i++)
		miss(f, 0, i * 2ULL, 1, 1000 + i, PAGE);
	look(f, 1, 5, 1);
	look(f, 1, 15, 1);
	look(f, 1, 25, 1);
	assert_int_equal(trim(f, PAGE), RECORDER_RANGES);
	assert_range(f, 0, 1, 5, 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_look_unseen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order_of_looks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
