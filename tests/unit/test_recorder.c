/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a recorder makes of records: order of first use, each page once, bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "profile/recorder.h"

#define DEV (8U << 20 | 1)
#define START 1000000000ULL
#define MS 1000000ULL

static int setup(void **state)
{
	struct recorder *r = recorder_new();

	if (r)
		recorder_begin(r, START);
	*state = r;
	return r ? 0 : -1;
}

static int teardown(void **state)
{
	recorder_free(*state);
	return 0;
}

static void miss(struct recorder *r, uint64_t ino, uint64_t index, uint32_t pages, uint64_t at_ms)
{
	const struct aa_rec_miss rec = {
		.h.time_ns = START + at_ms * MS, .ino = ino, .dev = DEV, .index = index, .pages = pages
	};

	recorder_miss(r, &rec, 4096);
}

static void name(struct recorder *r, uint64_t ino, bool complete, const char *names, uint32_t bytes)
{
	struct aa_rec_file rec = { .ino = ino, .dev = DEV, .bytes = bytes, .complete = complete };

	memset(rec.names, 'X', sizeof(rec.names));
	memcpy(rec.names, names, bytes < sizeof(rec.names) ? bytes : sizeof(rec.names));
	recorder_name(r, &rec);
}

static void assert_range(struct recorder *r, size_t i, uint64_t ino, uint32_t page, uint32_t pages)
{
	const struct profile_range *range = &recorder_ranges(r)[i];

	assert_int_equal(recorder_files(r)[range->file].ino, ino);
	assert_int_equal(range->page, page);
	assert_int_equal(range->pages, pages);
	assert_int_equal(range->seen, 1);
}

/* Ranges come in the order in which their first pages were missed, whatever the order of the records. */
static void test_order(void **state)
{
	miss(*state, 7, 100, 4, 900);
	miss(*state, 5, 10, 1, 300);
	miss(*state, 7, 500, 2, 600);
	assert_int_equal(recorder_count(*state), 3);
	assert_int_equal(recorder_order(*state), 3);
	assert_range(*state, 0, 5, 10, 1);
	assert_range(*state, 1, 7, 500, 2);
	assert_range(*state, 2, 7, 100, 4);
}

/* Neighbours that were read together are one range; those that were read a while apart stay two. */
static void test_neighbours(void **state)
{
	miss(*state, 5, 4, 4, 10);
	miss(*state, 5, 0, 4, 12);
	miss(*state, 5, 8, 4, 15);
	assert_int_equal(recorder_order(*state), 2);
	assert_range(*state, 0, 5, 0, 8);
	assert_range(*state, 1, 5, 8, 4);
}

/* A page that was evicted and missed again is there once, and in time for its first use. */
static void test_again(void **state)
{
	miss(*state, 5, 0, 8, 10);
	miss(*state, 5, 2, 4, 400);
	miss(*state, 5, 4, 8, 800);
	miss(*state, 6, 20, 2, 300);
	miss(*state, 6, 16, 8, 900);
	assert_int_equal(recorder_order(*state), 3);
	assert_range(*state, 0, 5, 0, 8);
	assert_range(*state, 1, 6, 16, 8);
	assert_range(*state, 2, 5, 8, 4);
}

/* Overlaps within overlaps leave no page twice. */
static void test_nested(void **state)
{
	uint8_t times[64] = { 0 };
	size_t i, n;
	uint32_t p;

	miss(*state, 5, 0, 10, 10);
	miss(*state, 5, 5, 7, 500);
	miss(*state, 5, 6, 2, 1000);
	miss(*state, 5, 6, 30, 1500);
	miss(*state, 5, 11, 1, 2000);
	n = recorder_order(*state);
	for (i = 0; i < n; i++)
		for (p = 0; p < recorder_ranges(*state)[i].pages; p++)
			times[recorder_ranges(*state)[i].page + p]++;
	for (p = 0; p < 64; p++)
		assert_int_equal(times[p], p < 36);
}

/* No range is longer than its field can say, and no page is lost for that. */
static void test_long(void **state)
{
	uint64_t pages = 0;
	size_t i, n;

	miss(*state, 5, 0, 200000, 10);
	miss(*state, 5, 200000, 1, 20);
	n = recorder_order(*state);
	for (i = 0; i < n; i++)
		pages += recorder_ranges(*state)[i].pages;
	assert_int_equal(pages, 200001);
	assert_true(n >= 4 && n <= 5);
}

/* Profiles count in pages of 4 KiB, the kernel in its own. */
static void test_large_pages(void **state)
{
	const struct aa_rec_miss rec = { .h.time_ns = START, .ino = 5, .dev = DEV, .index = 3, .pages = 2 };

	recorder_miss(*state, &rec, 65536);
	assert_int_equal(recorder_order(*state), 1);
	assert_range(*state, 0, 5, 48, 32);
}

/* What lies too far in a file is counted, not cut. */
static void test_too_far(void **state)
{
	miss(*state, 5, UINT32_MAX, 2, 10);
	miss(*state, 5, 1ULL << 40, 1, 20);
	assert_int_equal(recorder_count(*state), 0);
	assert_int_equal(recorder_dropped(*state), 2);
}

/* A range or file too many is counted; what came before stays. */
static void test_full(void **state)
{
	uint32_t i;

	for (i = 0; i < RECORDER_FILES + 3; i++)
		miss(*state, i + 1, 0, 1, i / 1000);
	assert_int_equal(recorder_nfiles(*state), RECORDER_FILES);
	assert_int_equal(recorder_dropped(*state), 3);
	for (; i < RECORDER_RANGES + 3; i++)
		miss(*state, 1, 2 * (uint64_t)i, 1, i / 1000);
	assert_int_equal(recorder_count(*state), RECORDER_RANGES);
	miss(*state, 1, 1, 1, 0);
	assert_int_equal(recorder_dropped(*state), 4);
	assert_int_equal(recorder_order(*state), RECORDER_RANGES);
}

/* Beginning anew forgets all. */
static void test_begin(void **state)
{
	miss(*state, 5, 0, 1, 0);
	name(*state, 5, true, "a", 2);
	recorder_begin(*state, START);
	assert_int_equal(recorder_count(*state), 0);
	assert_int_equal(recorder_nfiles(*state), 0);
	miss(*state, 6, 0, 1, 0);
	assert_int_equal(recorder_order(*state), 1);
	assert_range(*state, 0, 6, 0, 1);
}

/* Device and generation tell files apart. */
static void test_files(void **state)
{
	struct aa_rec_miss rec = { .h.time_ns = START, .ino = 5, .dev = DEV, .pages = 1 };

	recorder_miss(*state, &rec, 4096);
	rec.generation = 1;
	recorder_miss(*state, &rec, 4096);
	rec.dev++;
	recorder_miss(*state, &rec, 4096);
	recorder_miss(*state, &rec, 4096);
	assert_int_equal(recorder_nfiles(*state), 3);
}

static void assert_path(struct recorder *r, size_t file, const char *expected)
{
	char path[64];
	int len = recorder_path(r, &recorder_files(r)[file], path, sizeof(path));

	if (!expected) {
		assert_int_equal(len, -ENOENT);
		return;
	}
	assert_int_equal(len, strlen(expected));
	assert_string_equal(path, expected);
}

/* Names come from the file up, before its misses or after them; the first ones count. */
static void test_names(void **state)
{
	name(*state, 5, true, "cc\0bin\0usr", 11);
	miss(*state, 5, 0, 1, 0);
	miss(*state, 6, 0, 1, 0);
	name(*state, 6, true, "a\nb", 4);
	name(*state, 6, true, "other", 6);
	assert_path(*state, 0, "/usr/bin/cc");
	assert_path(*state, 1, "/a\nb");
}

/* Names that do not reach the root, or are none, are no path. */
static void test_no_names(void **state)
{
	static const char full[AA_PATH_LEN + 1] = "x";

	miss(*state, 5, 0, 1, 0);
	miss(*state, 6, 0, 1, 0);
	miss(*state, 7, 0, 1, 0);
	name(*state, 5, false, "x\0y", 4);
	name(*state, 6, true, "unterminated", 12);
	name(*state, 7, true, full, sizeof(full));
	assert_path(*state, 0, NULL);
	assert_path(*state, 1, NULL);
	assert_path(*state, 2, NULL);
}

/* A path that does not fit is no path. */
static void test_long_path(void **state)
{
	char path[8];

	miss(*state, 5, 0, 1, 0);
	name(*state, 5, true, "cc\0bin", 7);
	assert_int_equal(recorder_path(*state, &recorder_files(*state)[0], path, sizeof(path)), 7);
	assert_int_equal(recorder_path(*state, &recorder_files(*state)[0], path, 7), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neighbours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nested, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_far, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_begin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_path, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
