/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* In which pieces a profile is brought, and what of a file that has changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "profile/replay_plan.h"

#define RANGES 64

struct fixture {
	struct profile_file files[RANGES];
	struct profile_range ranges[RANGES];
	struct profile profile;
	struct replay_limits limits;
	struct replay_plan plan;
};

/* Each range of a file of its own, 4 pages, seen in the only run. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint32_t i;

	if (!f)
		return -1;
	for (i = 0; i < RANGES; i++) {
		f->files[i].size = 1 << 20;
		f->ranges[i] = (struct profile_range){ .file = i, .page = i, .pages = 4, .seen = 1 };
	}
	f->profile = (struct profile){ .files = f->files, .nfiles = RANGES, .ranges = f->ranges, .nranges = RANGES };
	f->profile.history.runs = 1;
	replay_limits_init(&f->limits, 1 << 30, 1);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	replay_plan_clear(&f->plan);
	free(f);
	return 0;
}

static void make(struct fixture *f)
{
	replay_plan_clear(&f->plan);
	assert_int_equal(replay_plan_make(&f->profile, &f->limits, &f->plan), 0);
}

/* Chunks follow each other without a gap, each is twice as large as the one before, up to the limit. */
static void test_chunks_grow(void **state)
{
	static const uint64_t pages[] = { 4, 8, 16, 16, 16 };
	struct fixture *f = *state;
	uint32_t i, next = 0;

	f->limits.first_bytes = 4 * PROFILE_PAGE;
	f->limits.most_bytes = 16 * PROFILE_PAGE;
	make(f);
	assert_int_equal(f->plan.bytes, RANGES * 4 * PROFILE_PAGE);
	assert_false(f->plan.cut);
	for (i = 0; i < f->plan.nchunks; i++) {
		assert_int_equal(f->plan.chunks[i].first, next);
		next += f->plan.chunks[i].count;
		if (i < sizeof(pages) / sizeof(pages[0]))
			assert_int_equal(f->plan.chunks[i].bytes, pages[i] * PROFILE_PAGE);
	}
	assert_int_equal(next, RANGES);
}

/* A chunk holds no more ranges, and no more files, than there is room for. */
static void test_chunk_limits(void **state)
{
	struct fixture *f = *state;

	f->limits.most_ranges = 10;
	make(f);
	assert_int_equal(f->plan.nchunks, 7);
	assert_int_equal(f->plan.chunks[0].count, 10);
	f->limits.most_ranges = RANGES;
	f->limits.most_files = 16;
	make(f);
	assert_int_equal(f->plan.nchunks, 4);
	assert_int_equal(f->plan.chunks[3].first, 48);
}

/* Many ranges of one file are one file. */
static void test_files_count_once(void **state)
{
	struct fixture *f = *state;
	uint32_t i;

	for (i = 0; i < RANGES; i++)
		f->ranges[i].file = i % 2;
	f->limits.most_files = 2;
	make(f);
	assert_int_equal(f->plan.nchunks, 1);
	assert_int_equal(f->plan.chunks[0].count, RANGES);
}

/* The budget takes what is needed first, and says that there was more. */
static void test_budget(void **state)
{
	struct fixture *f = *state;

	f->limits.budget_bytes = 10 * 4 * PROFILE_PAGE + PROFILE_PAGE;
	make(f);
	assert_true(f->plan.cut);
	assert_int_equal(f->plan.nchunks, 1);
	assert_int_equal(f->plan.chunks[0].count, 10);
	assert_int_equal(f->plan.bytes, 10 * 4 * PROFILE_PAGE);
	f->limits.budget_bytes = 0;
	make(f);
	assert_true(f->plan.cut);
	assert_int_equal(f->plan.nchunks, 0);
}

/* A range that is larger than a chunk is one of its own. */
static void test_large_range(void **state)
{
	struct fixture *f = *state;

	f->limits.first_bytes = f->limits.most_bytes = 8 * PROFILE_PAGE;
	f->ranges[1].pages = 1000;
	make(f);
	assert_int_equal(f->plan.chunks[0].count, 1);
	assert_int_equal(f->plan.chunks[1].count, 1);
	assert_int_equal(f->plan.chunks[1].bytes, 1000 * PROFILE_PAGE);
	assert_int_equal(f->plan.chunks[2].first, 2);
}

/* Nothing recorded, nothing to do. */
static void test_empty(void **state)
{
	struct fixture *f = *state;

	f->profile.nranges = f->profile.nfiles = 0;
	make(f);
	assert_int_equal(f->plan.nchunks, 0);
	assert_false(f->plan.cut);
}

/* What one of many runs used is left out, unless it was one of the last. */
static void test_rare(void **state)
{
	struct fixture *f = *state;
	struct profile_range rare = { .pages = 1, .seen = 1 << 8 }, recent = { .pages = 1, .seen = 1 << 3 },
			     usual = { .pages = 1, .seen = 0x0f00 };

	assert_true(replay_plan_wants(&f->profile, &rare));
	f->profile.history.runs = 16;
	assert_false(replay_plan_wants(&f->profile, &rare));
	assert_true(replay_plan_wants(&f->profile, &recent));
	assert_true(replay_plan_wants(&f->profile, &usual));
	f->profile.history.runs = 1000;
	assert_true(replay_plan_wants(&f->profile, &usual));

	f->profile.history.runs = 16;
	f->ranges[3].seen = 1 << 8;
	make(f);
	assert_int_equal(f->plan.bytes, (RANGES - 1) * 4 * PROFILE_PAGE);
	f->limits.budget_bytes = 4 * 4 * PROFILE_PAGE;
	make(f);
	assert_int_equal(f->plan.chunks[0].count, 5);
}

/* Size and mtime say what became of a file. */
static void test_judge(void **state)
{
	const struct profile_file file = { .size = 100 * PROFILE_PAGE, .mtime_ns = 7 };

	(void)state;
	assert_int_equal(replay_file_judge(&file, 1, file.size, 7), REPLAY_FILE_SAME);
	assert_int_equal(replay_file_judge(&file, 1, file.size, 8), REPLAY_FILE_TOUCHED);
	assert_int_equal(replay_file_judge(&file, 50, file.size + 1, 7), REPLAY_FILE_DENSE);
	assert_int_equal(replay_file_judge(&file, 49, file.size + 1, 7), REPLAY_FILE_SPARSE);
}

struct clip {
	uint64_t offset, bytes; /* both 0: nothing */
};

static struct clip clip(enum replay_file state, uint64_t recorded, uint32_t page, uint16_t pages, uint64_t size)
{
	const struct profile_file file = { .size = recorded };
	const struct profile_range range = { .page = page, .pages = pages };
	struct clip ret = { 0 };

	if (!replay_range_clip(&file, &range, state, size, &ret.offset, &ret.bytes))
		assert_int_equal(ret.offset + ret.bytes, 0);
	return ret;
}

static void assert_clip(struct clip found, uint64_t offset, uint64_t bytes)
{
	assert_int_equal(found.offset, offset);
	assert_int_equal(found.bytes, bytes);
}

/* Ranges end where the file ends now. */
static void test_clip_to_size(void **state)
{
	const uint64_t p = PROFILE_PAGE;

	(void)state;
	assert_clip(clip(REPLAY_FILE_SAME, 10 * p + 5, 8, 3, 10 * p + 5), 8 * p, 2 * p + 5);
	assert_clip(clip(REPLAY_FILE_TOUCHED, 10 * p, 2, 3, 10 * p), 2 * p, 3 * p);
	assert_clip(clip(REPLAY_FILE_DENSE, 10 * p, 0, 10, 4 * p), 0, 4 * p);
	assert_clip(clip(REPLAY_FILE_DENSE, 10 * p, 5, 5, 5 * p), 0, 0);
	assert_clip(clip(REPLAY_FILE_SAME, p, UINT32_MAX, UINT16_MAX, p), 0, 0);
}

/* What was read to its end grows with its file, but never without measure. */
static void test_clip_grown(void **state)
{
	const uint64_t p = PROFILE_PAGE;

	(void)state;
	assert_clip(clip(REPLAY_FILE_DENSE, 10 * p, 0, 10, 12 * p), 0, 12 * p);
	assert_clip(clip(REPLAY_FILE_DENSE, 10 * p, 0, 5, 12 * p), 0, 5 * p);
	assert_clip(clip(REPLAY_FILE_DENSE, 10 * p, 5, 5, 1000000 * p), 5 * p, 15 * p);
}

/* Of a large file that is another one now, only the start is known to be read; of one that is not there, nothing. */
static void test_clip_sparse(void **state)
{
	const uint64_t p = PROFILE_PAGE;

	(void)state;
	assert_clip(clip(REPLAY_FILE_SPARSE, 1000 * p, 0, 4, 1001 * p), 0, 4 * p);
	assert_clip(clip(REPLAY_FILE_SPARSE, 1000 * p, 4, 4, 1001 * p), 0, 0);
	assert_clip(clip(REPLAY_FILE_GONE, 1000 * p, 0, 4, 1000 * p), 0, 0);
	assert_clip(clip(REPLAY_FILE_REFUSED, 1000 * p, 0, 4, 1000 * p), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_chunks_grow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chunk_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_count_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_range, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rare, setup, teardown),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_clip_to_size),
		cmocka_unit_test(test_clip_grown),
		cmocka_unit_test(test_clip_sparse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
