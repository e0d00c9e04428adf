/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which of the files that were read are looked at again, and what is found out of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox.h"
#include "warm/counts.h"
#include "warm/kept.h"

#define KIB 1024ULL

/* So many bytes, of which half are in memory. */
static int open_half(struct sandbox *s, uint64_t bytes)
{
	static const char data[64 * KIB];
	int fd;

	sandbox_write(s, "/f", "");
	fd = open(sandbox_path(s, "/f"), O_RDWR);
	assert_int_equal(posix_fallocate(fd, 0, (off_t)bytes), 0);
	assert_int_equal(pwrite(fd, data, bytes / 2, 0), bytes / 2);
	return fd;
}

static int open_files(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 1000; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* What is missing is counted, but no more than was read: the rest was missing before. */
static void test_missing(void **state)
{
	struct kept *kept = kept_new(4);
	struct warm_counts counts = { 0 };

	kept_add(kept, open_half(*state, 64 * KIB), 64 * KIB);
	kept_add(kept, open_half(*state, 64 * KIB), 8 * KIB);
	kept_check(kept, &counts);
	assert_int_equal(counts.after_files, 2);
	assert_int_equal(counts.after_bytes, 72 * KIB);
	assert_int_equal(counts.after_missing_bytes, 40 * KIB);
	kept_free(kept);
}

/* However many files come, few are held: the largest, and some of all the way. All are closed in the end. */
static void test_many(void **state)
{
	struct kept *kept = kept_new(5);
	struct warm_counts counts = { 0 };
	int before = open_files();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		kept_add(kept, open("/dev/null", O_RDONLY), i == 357 ? 1000000 : i < 500 ? 1 : 1000);
		assert_true(open_files() <= before + 6);
	}
	kept_check(kept, &counts);
	assert_in_range(counts.after_files, 3, 6);
	assert_true(counts.after_bytes > 1000000 && counts.after_bytes % 1000000 >= 1000);
	kept_free(kept);
	assert_int_equal(open_files(), before);
}

/* Where there is room for none, none is held. */
static void test_none(void **state)
{
	struct kept *kept = kept_new(0);
	struct warm_counts counts = { 0 };
	int before = open_files();

	(void)state;
	for (int i = 0; i < 10; i++)
		kept_add(kept, open("/dev/null", O_RDONLY), 1);
	kept_free(kept);
	assert_int_equal(open_files(), before);
	assert_int_equal(counts.after_files, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_missing, sandbox_make, sandbox_remove),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
