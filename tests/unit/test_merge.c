/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What becomes of a profile when its command has run again. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile/merge.h"
#include "profile/profile_format.h"

#define A 0
#define B 1
#define C 2
#define D 3

static const char text[] = "/a\0/b\0/c\0/d";

/* Files of 1000 pages each. */
static const struct profile_file four[] = {
	{ .path = 0, .size = 4096000, .mtime_ns = 1 },
	{ .path = 3, .size = 4096000, .mtime_ns = 1 },
	{ .path = 6, .size = 4096000, .mtime_ns = 1 },
	{ .path = 9, .size = 4096000, .mtime_ns = 1 },
};

static struct profile made_of(const struct profile_file *files, const struct profile_range *ranges, uint32_t n)
{
	return (struct profile){ .key = { .command = "make", .program = "/bin/make", .directory = "/src" },
				 .files = files,
				 .ranges = ranges,
				 .text = text,
				 .nfiles = 4,
				 .nranges = n,
				 .text_bytes = sizeof(text),
				 .history.recorded_ns = 5 };
}

#define PROFILE(ranges) made_of(four, ranges, sizeof(ranges) / sizeof((ranges)[0]))

static struct profile merge(const struct profile *last, const uint8_t *notes, const struct profile *run)
{
	struct profile ret;

	assert_int_equal(profile_merge(last, notes, run, &ret), 0);
	assert_int_equal(profile_check(&ret), 0);
	return ret;
}

/* "a 0+4 1, b 2+3 1": path, first page, pages, and what was seen, in hexadecimal. */
static void assert_ranges(struct profile *p, const char *expected)
{
	char found[1024] = "";
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < p->nranges; i++)
		used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%s %u+%u %x", i ? ", " : "",
					 profile_path_of(p, &p->files[p->ranges[i].file]) + 1, p->ranges[i].page,
					 p->ranges[i].pages, p->ranges[i].seen);
	assert_string_equal(found, expected);
	profile_close(p);
}

/* The first recording is the profile; pages that come twice count once. */
static void first_run(void **state)
{
	static const struct profile_range run[] = { { C, 5, 5, 0 }, { A, 0, 4, 0 }, { C, 0, 20, 0 }, { C, 6, 2, 0 } };
	struct profile r = PROFILE(run), merged;

	(void)state;
	merged = merge(NULL, NULL, &r);
	assert_int_equal(merged.history.runs, 1);
	assert_int_equal(merged.history.recorded_ns, 5);
	assert_int_equal(merged.nfiles, 2);
	assert_true(profile_key_equal(&merged.key, &r.key));
	assert_ranges(&merged, "a 0+4 1, c 0+20 1");
}

/* A run that missed little says nothing of the rest: nothing goes, nothing gets older. */
static void warm_run_takes_nothing_away(void **state)
{
	static const struct profile_range old[] = { { A, 0, 100, 3 }, { B, 0, 100, 1 }, { C, 0, 100, 0x8000 } };
	static const struct profile_range new[] = { { B, 0, 10, 1 } };
	struct profile last = PROFILE(old), run = PROFILE(new), merged;

	(void)state;
	last.history.runs = 4;
	merged = merge(&last, NULL, &run);
	assert_int_equal(merged.history.runs, 5);
	assert_ranges(&merged, "a 0+100 3, b 0+100 3, c 0+100 8000");
}

/* Not a single miss: the profile is what it was. */
static void hot_run(void **state)
{
	static const struct profile_range old[] = { { A, 0, 100, 3 }, { B, 7, 1, 1 } };
	struct profile last = PROFILE(old), run = made_of(four, NULL, 0), merged;

	(void)state;
	run.nfiles = 0;
	run.text_bytes = 0;
	merged = merge(&last, NULL, &run);
	assert_ranges(&merged, "a 0+100 3, b 7+1 1");
}

/* What a warm run missed for the first time comes where it came in the run: behind what came before it there. */
static void warm_run_adds(void **state)
{
	static const struct profile_range old[] = { { A, 0, 100, 1 }, { B, 0, 100, 1 }, { C, 0, 100, 1 } };
	static const struct profile_range new[] = { { D, 0, 1, 1 }, { A, 0, 1, 1 }, { D, 8, 2, 1 }, { B, 90, 20, 1 } };
	struct profile last = PROFILE(old), run = PROFILE(new), merged;

	(void)state;
	merged = merge(&last, NULL, &run);
	assert_ranges(&merged, "d 0+1 1, a 0+100 3, d 8+2 1, b 0+100 3, b 100+10 1, c 0+100 1");
}

/* A cold run's order counts. What it did not miss keeps its place behind its predecessor, and gets older. */
static void cold_run_orders(void **state)
{
	static const struct profile_range old[] = {
		{ A, 0, 100, 1 }, { D, 0, 9, 1 }, { B, 0, 100, 1 }, { C, 0, 100, 1 }
	};
	static const struct profile_range new[] = {
		{ C, 0, 100, 1 }, { A, 0, 100, 1 }, { A, 500, 1, 1 }, { B, 0, 100, 1 }
	};
	struct profile last = PROFILE(old), run = PROFILE(new), merged;

	(void)state;
	merged = merge(&last, NULL, &run);
	assert_ranges(&merged, "c 0+100 3, a 0+100 3, d 0+9 2, a 500+1 1, b 0+100 3");
}

/* Sixteen cold runs without it, and a range is gone; one that is needed now and then stays. */
static void unneeded_ranges_go(void **state)
{
	static const struct profile_range old[] = { { A, 0, 100, 1 }, { B, 0, 10, 1 } };
	static const struct profile_range new[] = { { A, 0, 100, 1 } };
	struct profile run = PROFILE(new), last = PROFILE(old), merged;
	int i;

	(void)state;
	merged = merge(&last, NULL, &run);
	for (i = 1; i < 15; i++) {
		last = merged;
		merged = merge(&last, NULL, &run);
		profile_close(&last);
	}
	assert_int_equal(merged.nranges, 2);
	assert_int_equal(merged.ranges[1].seen, 0x8000);
	last = merged;
	merged = merge(&last, NULL, &run);
	profile_close(&last);
	assert_ranges(&merged, "a 0+100 ffff");
}

/* Parts of ranges: what a cold run missed of a range is fresh, what it did not is older. */
static void parts_of_ranges(void **state)
{
	static const struct profile_range old[] = { { A, 0, 100, 1 }, { A, 200, 100, 5 } };
	static const struct profile_range new[] = { { A, 20, 40, 1 }, { A, 90, 120, 1 }, { A, 250, 100, 1 } };
	struct profile last = PROFILE(old), run = PROFILE(new), merged;

	(void)state;
	merged = merge(&last, NULL, &run);
	assert_ranges(&merged, "a 20+40 3, a 0+20 2, a 60+30 2, a 90+120 b, a 210+40 a, a 250+100 b");
}

/* Neighbours in order and file that have the same past become one. */
static void neighbours_are_joined(void **state)
{
	static const struct profile_range run[] = { { A, 0, 4, 1 }, { A, 4, 4, 1 },     { B, 8, 1, 1 },
						    { A, 8, 4, 1 }, { C, 0, 65535, 1 }, { C, 65535, 1, 1 } };
	struct profile r = PROFILE(run), merged;

	(void)state;
	merged = merge(NULL, NULL, &r);
	assert_ranges(&merged, "a 0+8 1, b 8+1 1, a 8+4 1, c 0+65535 1, c 65535+1 1");
}

/* A file that was written anew keeps only what was missed of it now. */
static void changed_file(void **state)
{
	static const struct profile_range old[] = { { A, 0, 100, 1 }, { B, 0, 100, 1 }, { C, 0, 10, 1 } };
	static const struct profile_range new[] = { { B, 50, 10, 1 } };
	struct profile_file now[4];
	struct profile last = PROFILE(old), run, merged;

	(void)state;
	memcpy(now, four, sizeof(now));
	now[B].mtime_ns = 2;
	run = made_of(now, new, 1);
	merged = merge(&last, NULL, &run);
	assert_int_equal(merged.files[merged.ranges[0].file].mtime_ns, 2);
	assert_int_equal(merged.files[merged.ranges[1].file].mtime_ns, 1);
	assert_ranges(&merged, "b 50+10 1, a 0+100 1, c 0+10 1");
}

/* Unless a replay brought the rest of it: then that was not missed because it was there. */
static void changed_file_that_was_brought(void **state)
{
	static const struct profile_range old[] = { { B, 0, 30, 1 }, { B, 600, 400, 1 }, { B, 990, 9, 1 } };
	static const struct profile_range new[] = { { B, 100, 10, 1 } };
	static const uint8_t notes[] = { 0, PROFILE_MERGE_BROUGHT, 0, 0 };
	struct profile_file now[4];
	struct profile last = PROFILE(old), run, merged;

	(void)state;
	memcpy(now, four, sizeof(now));
	now[B].size = 700 * 4096 - 1;
	run = made_of(now, new, 1);
	merged = merge(&last, notes, &run);
	assert_int_equal(merged.files[0].size, 700 * 4096 - 1);
	assert_ranges(&merged, "b 100+10 1, b 0+30 1, b 600+100 1");
}

/* What replay brought is not missed, so that it gets no older, however cold the run was for the rest. */
static void brought_files_do_not_age(void **state)
{
	static const struct profile_range old[] = { { A, 0, 100, 1 }, { B, 0, 100, 1 }, { C, 0, 50, 1 } };
	static const struct profile_range new[] = { { A, 0, 100, 1 } };
	static const uint8_t notes[] = { 0, PROFILE_MERGE_BROUGHT, 0, 0 };
	static const uint8_t all[] = { PROFILE_MERGE_BROUGHT, PROFILE_MERGE_BROUGHT, PROFILE_MERGE_BROUGHT, 0 };
	struct profile last = PROFILE(old), run = PROFILE(new), merged;

	(void)state;
	merged = merge(&last, notes, &run);
	assert_ranges(&merged, "a 0+100 3, b 0+100 1, c 0+50 2");
	merged = merge(&last, all, &run);
	assert_ranges(&merged, "a 0+100 3, b 0+100 1, c 0+50 1");
}

/* A file that is gone goes, but not one that came back. */
static void gone_files(void **state)
{
	static const struct profile_range old[] = { { A, 0, 100, 1 }, { B, 0, 100, 1 }, { C, 0, 100, 1 } };
	static const struct profile_range new[] = { { C, 5, 1, 1 } };
	static const uint8_t notes[] = { 0, PROFILE_MERGE_GONE, PROFILE_MERGE_GONE, 0 };
	struct profile last = PROFILE(old), run = PROFILE(new), merged;

	(void)state;
	merged = merge(&last, notes, &run);
	assert_int_equal(merged.nfiles, 2);
	assert_ranges(&merged, "c 5+1 1, a 0+100 1");
}

/* A file that was replaced while the command ran is there twice: the newest is the one that counts. */
static void same_path_twice(void **state)
{
	static const struct profile_file files[] = {
		{ 0, 0, 40960, 1 }, { 3, 0, 4096, 1 }, { 0, 0, 81920, 2 }, { 3, 0, 4096, 1 }
	};
	static const struct profile_range new[] = { { 0, 0, 10, 1 }, { 1, 0, 1, 1 }, { 2, 0, 20, 1 } };
	struct profile run = made_of(files, new, 3), merged;

	(void)state;
	merged = merge(NULL, NULL, &run);
	assert_int_equal(merged.nfiles, 2);
	assert_int_equal(merged.files[0].size, 81920);
	assert_ranges(&merged, "a 0+10 1, b 0+1 1, a 10+10 1");
}

/* Next commands and history are the last profile's; another key's are nobody's. */
static void history_is_kept(void **state)
{
	static const struct profile_range old[] = { { A, 0, 100, 1 } }, new[] = { { B, 0, 1, 1 } };
	struct profile last = PROFILE(old), run = PROFILE(new), merged;

	(void)state;
	last.history = (struct profile_history){
		.runs = UINT32_MAX, .replays = 2, .disabled = 1, .cold.wall_ns = 77, .recorded_ns = 1
	};
	last.next[0].id = 9;
	last.nnext = 1;
	merged = merge(&last, NULL, &run);
	assert_int_equal(merged.history.runs, UINT32_MAX);
	assert_int_equal(merged.history.replays, 2);
	assert_int_equal(merged.history.disabled, 1);
	assert_int_equal(merged.history.cold.wall_ns, 77);
	assert_int_equal(merged.history.recorded_ns, 5);
	assert_int_equal(merged.nnext, 1);
	assert_int_equal(merged.next[0].id, 9);
	assert_ranges(&merged, "b 0+1 1, a 0+100 1");
	last.key.directory = "/elsewhere";
	merged = merge(&last, NULL, &run);
	assert_int_equal(merged.history.runs, 1);
	assert_int_equal(merged.nnext, 0);
	assert_ranges(&merged, "b 0+1 1");
}

static void nonsense_is_refused(void **state)
{
	static const struct profile_range good[] = { { A, 0, 1, 1 } }, bad[] = { { A, UINT32_MAX, 1, 1 } };
	struct profile g = PROFILE(good), b = PROFILE(bad), ret;

	(void)state;
	assert_int_equal(profile_merge(&b, NULL, &g, &ret), -EINVAL);
	assert_int_equal(profile_merge(&g, NULL, &b, &ret), -EINVAL);
}

#define PAGES 300
#define RANDOM_RANGES 40

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void make_random(struct profile_range *ranges, uint32_t *seed)
{
	uint32_t i;

	for (i = 0; i < RANDOM_RANGES; i++)
		ranges[i] = (struct profile_range){ next_random(seed) % 4, next_random(seed) % (PAGES - 40),
						    (uint16_t)(1 + next_random(seed) % 40), 1 };
}

static void mark(const struct profile *p, uint8_t covered[4][PAGES], bool once)
{
	uint32_t i, page;

	for (i = 0; i < p->nranges; i++)
		for (page = p->ranges[i].page; page < p->ranges[i].page + p->ranges[i].pages; page++) {
			uint8_t *here = &covered[profile_path_of(p, &p->files[p->ranges[i].file])[1] - 'a'][page];

			assert_false(once && *here);
			*here = 1;
		}
}

/* Whatever overlaps whatever: the result has every page of both, each of them once. */
static void random_overlaps(void **state)
{
	struct profile_range a[RANDOM_RANGES], b[RANDOM_RANGES];
	struct profile last = PROFILE(a), run = PROFILE(b), merged;
	uint8_t expected[4][PAGES], found[4][PAGES];
	uint32_t seed = 1, round;

	(void)state;
	for (round = 0; round < 500; round++) {
		make_random(a, &seed);
		make_random(b, &seed);
		/* a few ranges are a warm run, all of them mostly a cold one */
		run.nranges = round % 2 ? 5 : RANDOM_RANGES;
		memset(expected, 0, sizeof(expected));
		memset(found, 0, sizeof(found));
		mark(&last, expected, false);
		mark(&run, expected, false);
		merged = merge(&last, NULL, &run);
		mark(&merged, found, true);
		assert_memory_equal(expected, found, sizeof(found));
		profile_close(&merged);
	}
}

/* At most as many ranges as a profile may have: those that come last are left out. */
static void limit_of_ranges(void **state)
{
	const uint32_t n = PROFILE_RANGES_MAX;
	struct profile_range *a = malloc(n * sizeof(*a)), *b = malloc(n * sizeof(*b));
	struct profile last, run, merged;
	uint32_t i;

	(void)state;
	for (i = 0; i < n; i++) {
		a[i] = (struct profile_range){ A, 4 * i, 1, 1 };
		b[i] = (struct profile_range){ A, 4 * i + (i & 1) * 2, 1, 1 }; /* half of them are new */
	}
	last = made_of(four, a, n);
	run = made_of(four, b, n);
	merged = merge(&last, NULL, &run);
	assert_int_equal(merged.nranges, n);
	assert_int_equal(merged.ranges[0].page, 0);
	assert_int_equal(merged.ranges[0].seen, 3);
	assert_true(merged.ranges[n - 1].page < 4 * (n - n / 4));
	profile_close(&merged);
	free(a);
	free(b);
}

/* What becomes one range counts as one, however many there were of it: it makes room for those that come later. */
static void limit_counts_what_is_joined(void **state)
{
	const uint32_t n = PROFILE_RANGES_MAX, joined = n / UINT16_MAX + 1;
	struct profile_range *a = malloc(n * sizeof(*a)), *b = malloc(n * sizeof(*b));
	struct profile last, run, merged;
	uint32_t i;

	(void)state;
	for (i = 0; i < n; i++) {
		a[i] = (struct profile_range){ A, i, 1, 1 };
		b[i] = (struct profile_range){ B, 2 * i, 1, 1 };
	}
	b[0] = a[n - 1]; /* the others come behind it */
	last = made_of(four, a, n);
	run = made_of(four, b, n);
	merged = merge(&last, NULL, &run);
	assert_int_equal(merged.nranges, n);
	assert_int_equal(merged.ranges[0].pages, UINT16_MAX);
	assert_int_equal(merged.ranges[joined].seen, 3); /* the one that both have */
	assert_int_equal(merged.ranges[joined].page, n - 1);
	for (i = joined + 1; i < n; i++)
		assert_int_equal(merged.ranges[i].page, 2 * (i - joined));
	profile_close(&merged);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_run),
		cmocka_unit_test(warm_run_takes_nothing_away),
		cmocka_unit_test(hot_run),
		cmocka_unit_test(warm_run_adds),
		cmocka_unit_test(cold_run_orders),
		cmocka_unit_test(unneeded_ranges_go),
		cmocka_unit_test(parts_of_ranges),
		cmocka_unit_test(neighbours_are_joined),
		cmocka_unit_test(changed_file),
		cmocka_unit_test(changed_file_that_was_brought),
		cmocka_unit_test(brought_files_do_not_age),
		cmocka_unit_test(gone_files),
		cmocka_unit_test(same_path_twice),
		cmocka_unit_test(history_is_kept),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(random_overlaps),
		cmocka_unit_test(limit_of_ranges),
		cmocka_unit_test(limit_counts_what_is_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
