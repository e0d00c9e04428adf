/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What of the brought pages was looked at. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "profile/replay_use.h"

#define FILES 3

struct fixture {
	struct profile_file files[FILES];
	struct profile_range ranges[4];
	struct profile profile;
	struct replay_progress *progress;
	uint64_t bits[FILES + 1][4]; /* by inode number and block */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint32_t i;

	if (!f)
		return -1;
	f->progress = calloc(1, sizeof(*f->progress));
	if (!f->progress)
		return -1;
	for (i = 0; i < FILES; i++) {
		f->files[i].size = 1 << 20;
		f->progress->inode[i] = (struct replay_inode){ .ino = i + 1, .dev = 8 };
	}
	f->profile = (struct profile){ .files = f->files, .nfiles = FILES, .ranges = f->ranges };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->progress);
	free(f);
	return 0;
}

static void add(struct fixture *f, uint32_t file, uint32_t page, uint16_t pages, bool brought)
{
	uint32_t i = f->profile.nranges++;

	f->ranges[i] = (struct profile_range){ .file = file, .page = page, .pages = pages };
	f->progress->brought[i / 8] |= (uint8_t)(brought << (i % 8));
}

static uint64_t looked_at(void *context, uint32_t dev, uint64_t ino, uint64_t block)
{
	const struct fixture *f = context;

	assert_int_equal(dev, 8);
	assert_in_range(ino, 1, FILES);
	assert_in_range(block, 0, 3);
	return f->bits[ino][block];
}

/* The share, or less than 0: it cannot be told. */
static double measure(struct fixture *f, uint32_t page_bytes)
{
	double ret;

	return replay_use_measure(&f->profile, f->progress, page_bytes, looked_at, f, &ret) ? ret : -1;
}

/* Pages count one by one, across blocks of 64; ranges that were there before do not count. */
static void test_pages(void **state)
{
	struct fixture *f = *state;

	add(f, 0, 62, 4, true);
	add(f, 1, 0, 4, true);
	add(f, 2, 0, 4, false);
	f->bits[1][0] = 1ULL << 63;
	f->bits[1][1] = 1;
	f->bits[2][0] = 3;
	assert_true(fabs(measure(f, 4096) - 0.5) < 1e-9);
}

/* Behind the end of a file there is nothing to look at. */
static void test_end_of_file(void **state)
{
	struct fixture *f = *state;

	f->files[0].size = 5000;
	add(f, 0, 0, 16, true);
	f->bits[1][0] = 3;
	assert_true(fabs(measure(f, 4096) - 1) < 1e-9);
}

/* A machine with larger pages: those are what is looked at. */
static void test_large_pages(void **state)
{
	struct fixture *f = *state;

	add(f, 0, 16, 32, true);
	f->bits[1][0] = 2;
	assert_true(fabs(measure(f, 65536) - 0.5) < 1e-9);
}

/* Who looks at a device's blocks is not seen; and if of most files it is not, there is no answer. */
static void test_unknown(void **state)
{
	struct fixture *f = *state;

	f->files[0].flags = PROFILE_FILE_DEVICE;
	add(f, 0, 0, 100, true);
	assert_true(measure(f, 4096) < 0);
	add(f, 1, 0, 8, true);
	f->bits[2][0] = 0xff;
	assert_true(fabs(measure(f, 4096) - 1) < 1e-9);
	f->progress->inode[2].ino = 0;
	add(f, 2, 0, 8, true);
	assert_true(fabs(measure(f, 4096) - 1) < 1e-9);
	add(f, 2, 8, 1, true);
	assert_true(measure(f, 4096) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_of_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
