/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The table of files that missed: who missed most, what they are called, and what does not fit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/files.h"

#define DEV (8U << 20 | 1)

static int setup(void **state)
{
	*state = files_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	files_free(*state);
	return 0;
}

static void miss(struct files *files, uint32_t app, uint64_t ino, uint32_t pages)
{
	const struct aa_rec_miss rec = { .h.app = app, .ino = ino, .dev = DEV, .generation = 1, .pages = pages };

	files_miss(files, &rec);
}

/* names: bytes of them, their own NULs included. */
static void name_bytes(struct files *files, uint64_t ino, bool complete, const char *names, uint32_t bytes)
{
	struct aa_rec_file rec = { .ino = ino, .dev = DEV, .generation = 1, .bytes = bytes, .complete = complete };

	memset(rec.names, 'X', sizeof(rec.names));
	memcpy(rec.names, names, bytes < sizeof(rec.names) ? bytes : sizeof(rec.names));
	files_name(files, &rec);
}

#define name(files, ino, complete, names) name_bytes(files, ino, complete, names, sizeof(names))

static const struct file *only(const struct files *files, uint64_t ino)
{
	static const struct file *top[FILES_MAX]; /* too large for a stack */
	size_t i, n = files_top(files, 0, top, FILES_MAX);

	for (i = 0; i < n; i++)
		if (top[i]->ino == ino)
			return top[i];
	return NULL;
}

static void assert_path(const struct files *files, uint64_t ino, const char *expected)
{
	char path[2 * AA_PATH_LEN];

	assert_non_null(only(files, ino));
	assert_int_equal(files_path(files, only(files, ino), path, sizeof(path)), 0);
	assert_string_equal(path, expected);
}

/* Misses of one file add up; device, generation and app tell files apart. */
static void test_sums(void **state)
{
	struct aa_rec_miss rec = { .h.app = 0, .ino = 12, .dev = DEV, .generation = 1, .pages = 3 };
	const struct file *top[10];

	files_miss(*state, &rec);
	files_miss(*state, &rec);
	rec.generation = 2;
	files_miss(*state, &rec);
	rec.dev++;
	rec.pages = 1;
	files_miss(*state, &rec);
	rec.h.app = 1;
	rec.pages = 100;
	files_miss(*state, &rec);

	assert_int_equal(files_top(*state, 0, top, 10), 3);
	assert_int_equal(top[0]->pages, 6);
	assert_int_equal(top[1]->pages, 3);
	assert_int_equal(top[1]->generation, 2);
	assert_int_equal(top[2]->pages, 1);
	assert_int_equal(top[2]->dev, DEV + 1);
	assert_int_equal(files_top(*state, 1, top, 10), 1);
	assert_int_equal(top[0]->pages, 100);
	assert_int_equal(files_top(*state, 2, top, 10), 0);
}

/* However they fall into the table: each part of a key tells files apart. */
static void test_keys(void **state)
{
	static const struct file *top[FILES_MAX];
	struct aa_rec_miss rec = { .pages = 1 };
	uint32_t i;

	for (i = 0; i < 2000; i++) {
		rec.ino = 1 + i;
		rec.dev = DEV;
		rec.generation = 1;
		rec.h.app = 0;
		files_miss(*state, &rec);
		rec.ino = 1;
		rec.generation = 2 + i;
		files_miss(*state, &rec);
		rec.generation = 1;
		rec.dev = DEV + 1 + i;
		files_miss(*state, &rec);
		rec.dev = DEV;
		rec.h.app = 1 + i;
		files_miss(*state, &rec);
	}
	assert_int_equal(files_top(*state, 0, top, FILES_MAX), 6000);
	for (i = 0; i < 2000; i++)
		assert_int_equal(files_top(*state, 1 + i, top, FILES_MAX), 1);
}

/* The list is the right one, in order, however short it is to be; a sum does not stop at 32 bits. */
static void test_top(void **state)
{
	const struct file *top[60];
	uint64_t ino;
	size_t max, i;

	for (ino = 1; ino <= 50; ino++)
		miss(*state, 0, ino, (uint32_t)(ino * 7919 % 50 + 1)); /* each of 1 to 50 once */
	for (max = 1; max <= 60; max++) {
		assert_int_equal(files_top(*state, 0, top, max), max < 50 ? max : 50);
		for (i = 0; i < max && i < 50; i++)
			assert_int_equal(top[i]->pages, 50 - i);
	}
	miss(*state, 0, 5, UINT32_MAX);
	miss(*state, 0, 5, UINT32_MAX);
	files_top(*state, 0, top, 1);
	assert_int_equal(top[0]->ino, 5);
	assert_true(top[0]->pages > UINT32_MAX);
}

/* A full table goes on counting the files that it has, and counts the pages of the others. */
static void test_full(void **state)
{
	uint64_t ino;

	for (ino = 1; ino <= FILES_MAX; ino++)
		miss(*state, 0, ino, 1);
	assert_int_equal(files_dropped_pages(*state), 0);
	miss(*state, 0, FILES_MAX + 1, 10);
	miss(*state, 1, 1, 5);
	assert_int_equal(files_dropped_pages(*state), 15);
	for (ino = 1; ino <= FILES_MAX; ino++)
		miss(*state, 0, ino, (uint32_t)ino);
	assert_int_equal(files_dropped_pages(*state), 15);
	assert_null(only(*state, FILES_MAX + 1));
	for (ino = 1; ino <= FILES_MAX; ino += 501)
		assert_int_equal(only(*state, ino)->pages, ino + 1);
	name(*state, FILES_MAX + 1, true, "late");
	name(*state, 7, true, "seven");
	assert_path(*state, 7, "/seven");
}

/* Names come from the file up to the root; where they do not reach it, the path says so. */
static void test_paths(void **state)
{
	char path[20];

	miss(*state, 0, 1, 1);
	assert_int_equal(files_path(*state, only(*state, 1), path, sizeof(path)), -ENOENT);
	name(*state, 1, true, "cc\0bin\0usr");
	assert_path(*state, 1, "/usr/bin/cc");
	miss(*state, 0, 2, 1);
	name(*state, 2, false, "cc\0bin\0usr");
	assert_path(*state, 2, ".../usr/bin/cc");
	miss(*state, 0, 3, 1);
	name(*state, 3, true, "x");
	assert_path(*state, 3, "/x");
}

/* A record of names may come before that of a miss, and only the first one counts. */
static void test_names_first(void **state)
{
	name(*state, 1, true, "a\0b");
	assert_null(only(*state, 1));
	name(*state, 1, false, "c");
	miss(*state, 0, 1, 1);
	assert_path(*state, 1, "/b/a");
}

/* A path that just fits, and a buffer that is one byte too small. */
static void test_path_size(void **state)
{
	char path[32];
	size_t size;

	miss(*state, 0, 1, 1);
	name(*state, 1, true, "cc\0bin");
	miss(*state, 0, 2, 1);
	name(*state, 2, false, "cc\0bin");
	for (size = 0; size < sizeof(path); size++) {
		memset(path, 'Z', sizeof(path));
		assert_int_equal(files_path(*state, only(*state, 1), path, size),
				 size < sizeof("/bin/cc") ? -ENAMETOOLONG : 0);
		assert_int_equal(path[size], 'Z');
		assert_int_equal(files_path(*state, only(*state, 2), path, size),
				 size < sizeof(".../bin/cc") ? -ENAMETOOLONG : 0);
		assert_int_equal(path[size], 'Z');
	}
}

/* Records that cannot be right are left out: no bytes, more than there are, no NUL at the end. */
static void test_bad_names(void **state)
{
	char path[16], names[AA_PATH_LEN];

	memset(names, 'n', sizeof(names));
	miss(*state, 0, 1, 1);
	name_bytes(*state, 1, true, "", 0);
	name_bytes(*state, 1, true, names, sizeof(names));
	name_bytes(*state, 1, true, "open", 4);
	name_bytes(*state, 1, true, names, AA_PATH_LEN + 1);
	name_bytes(*state, 1, true, names, UINT32_MAX);
	assert_int_equal(files_path(*state, only(*state, 1), path, sizeof(path)), -ENOENT);
	name(*state, 1, true, "good");
	assert_path(*state, 1, "/good");
}

/* Odd, but harmless: empty names, and the longest record that there can be. */
static void test_odd_names(void **state)
{
	char names[AA_PATH_LEN], path[AA_PATH_LEN + 2], expected[AA_PATH_LEN + 2] = "/";

	miss(*state, 0, 1, 1);
	name_bytes(*state, 1, true, "\0\0", 2);
	assert_path(*state, 1, "//");
	memset(names, 'n', sizeof(names));
	names[sizeof(names) - 1] = '\0';
	miss(*state, 0, 2, 1);
	name_bytes(*state, 2, true, names, sizeof(names));
	strcat(expected, names);
	assert_int_equal(files_path(*state, only(*state, 2), path, sizeof(path)), 0);
	assert_string_equal(path, expected);
}

/* When the room for names is used up, files stay, without names; those that have one keep it. */
static void test_text_full(void **state)
{
	char names[AA_PATH_LEN], path[2 * AA_PATH_LEN];
	uint64_t ino;
	size_t named = 0;

	memset(names, 'n', sizeof(names));
	names[sizeof(names) - 1] = '\0';
	for (ino = 1; ino <= FILES_MAX; ino++) {
		miss(*state, 0, ino, 1);
		names[0] = (char)('a' + ino % 26);
		name_bytes(*state, ino, true, names, sizeof(names));
	}
	for (ino = 1; ino <= FILES_MAX; ino += 10) {
		if (files_path(*state, only(*state, ino), path, sizeof(path)))
			continue;
		named++;
		assert_int_equal(path[1], 'a' + ino % 26);
		assert_int_equal(strlen(path), sizeof(names));
	}
	assert_in_range(named, FILES_MAX / 100, FILES_MAX / 20);
	assert_int_equal(files_path(*state, only(*state, FILES_MAX), path, sizeof(path)), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_top, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_path_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_odd_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_full, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
