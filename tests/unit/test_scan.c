/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which files a scan hands out: each once, those that are not in memory, as many as the budget allows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox.h"
#include "sys/resident.h"
#include "warm/counts.h"
#include "warm/inode_set.h"
#include "warm/leftover.h"
#include "warm/scan.h"
#include "warm/walk.h"

#define KIB 1024ULL
#define ALL UINT64_MAX

struct fixture {
	struct leftovers left;
	struct warm_counts counts;
	atomic_bool stop;
	size_t n; /* files handed out */
	uint64_t inodes[1000];
	uint64_t bytes, resident;
	size_t stop_after; /* 0: never */
	int answer;
};

static int take(void *context, const struct scan_file *file)
{
	struct fixture *f = context;
	struct stat st;

	assert_int_equal(fstat(file->fd, &st), 0);
	assert_int_equal(file->bytes, st.st_size);
	close(file->fd);
	if (f->n < 1000)
		f->inodes[f->n] = st.st_ino;
	f->n++;
	f->bytes += file->bytes;
	f->resident += file->resident_bytes;
	if (f->n == f->stop_after)
		f->stop = true;
	return f->answer;
}

static int scan(struct sandbox *s, struct fixture *f, uint64_t budget, const char *one, const char *two)
{
	char *paths[2] = { strdup(sandbox_path(s, one)), two ? strdup(sandbox_path(s, two)) : NULL };
	struct scan config = {
		.paths = paths,
		.npaths = two ? 2 : 1,
		.budget_bytes = budget,
		.folders_max = 8,
		.leftovers = &f->left,
		.counts = &f->counts,
		.stop = &f->stop,
		.take = take,
		.context = f,
	};
	int err;

	leftovers_init(&f->left);
	err = scan_run(&config);
	free(paths[0]);
	free(paths[1]);
	return err;
}

/* Its blocks, whole pages, were never written: nothing of it is in memory, and it is too small to be asked for holes. */
static void make_file(struct sandbox *s, const char *below, uint64_t bytes)
{
	int fd;

	sandbox_write(s, below, "");
	fd = open(sandbox_path(s, below), O_WRONLY);
	assert_int_equal(posix_fallocate(fd, 0, (off_t)bytes), 0);
	close(fd);
}

/* Files come in the order of their inodes, whatever folder they are in. */
static void test_order(void **state)
{
	struct sandbox *s = *state;
	struct fixture f = { 0 };
	char name[64];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "/t/%d/%d", i % 7, i);
		make_file(s, name, 4 * KIB);
	}
	assert_int_equal(scan(s, &f, ALL, "/t", NULL), 0);
	assert_int_equal(f.n, 300);
	for (int i = 1; i < 300; i++)
		assert_true(f.inodes[i - 1] < f.inodes[i]);
	assert_int_equal(f.counts.found, 300);
	assert_int_equal(f.counts.examined, 300);
	assert_int_equal(f.counts.files, 300);
	assert_int_equal(f.counts.bytes, 300 * 4 * KIB);
	assert_int_equal(f.counts.planned_bytes, 300 * 4 * KIB);
	assert_true(f.counts.walked);
	leftovers_clear(&f.left);
}

/* More files than a window holds, in more folders than may be open. */
static void test_windows(void **state)
{
	struct sandbox *s = *state;
	struct fixture f = { 0 };
	char name[64];

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "/t/%d/%d", i % 500, i);
		make_file(s, name, 4 * KIB);
	}
	assert_int_equal(scan(s, &f, ALL, "/t", NULL), 0);
	assert_int_equal(f.n, 3000);
	leftovers_clear(&f.left);
}

/* Several names of a file, and a file that is given and in a tree, count once. */
static void test_once(void **state)
{
	struct sandbox *s = *state;
	struct fixture f = { 0 };

	make_file(s, "/t/a", 4 * KIB);
	make_file(s, "/t/given", 4 * KIB);
	assert_int_equal(link(sandbox_path(s, "/t/a"), sandbox_path(s, "/t/b")), 0);
	assert_int_equal(scan(s, &f, ALL, "/t", "/t/given"), 0);
	assert_int_equal(f.n, 2);
	assert_int_equal(f.counts.files, 2);
	assert_int_equal(f.left.count[LEFTOVER_REPEATED], 2);
	leftovers_clear(&f.left);
}

/* A file that does not fit is left out as a whole; smaller ones behind it are taken. */
static void test_budget(void **state)
{
	struct sandbox *s = *state;
	struct fixture f = { 0 };

	make_file(s, "/t/a", 100 * KIB);
	make_file(s, "/t/b", 1000 * KIB);
	make_file(s, "/t/c", 50 * KIB);
	assert_int_equal(scan(s, &f, 150 * KIB, "/t", NULL), 0);
	assert_int_equal(f.n, 2);
	assert_int_equal(f.bytes, 150 * KIB);
	assert_int_equal(f.left.count[LEFTOVER_BUDGET], 1);
	assert_int_equal(f.counts.left_bytes, 1000 * KIB);
	assert_int_equal(f.counts.files, 3);
	leftovers_clear(&f.left);
}

/* What is in memory is not handed out, and takes nothing from the budget. Nor do empty files. */
static void test_resident(void **state)
{
	struct sandbox *s = *state;
	struct fixture f = { 0 };
	char text[8193];
	int fd;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	sandbox_write(s, "/t/whole", text);
	sandbox_write(s, "/t/empty", "");
	sandbox_write(s, "/t/part", text);
	fd = open(sandbox_path(s, "/t/part"), O_WRONLY);
	assert_int_equal(posix_fallocate(fd, 0, 100 * KIB), 0);
	close(fd);
	assert_int_equal(scan(s, &f, 92 * KIB, "/t", NULL), 0);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.resident, 8192);
	assert_int_equal(f.counts.resident_files, 1);
	assert_int_equal(f.counts.resident_bytes, 2 * 8192);
	assert_int_equal(f.counts.planned_bytes, 92 * KIB);
	assert_int_equal(f.counts.unknown_files, 0);
	leftovers_clear(&f.left);
}

/* Holes are neither handed out, nor in memory, nor taken from the budget; a file of nothing else is none to read. */
static void test_holes(void **state)
{
	struct sandbox *s = *state;
	struct fixture f = { 0 };
	char block[8192] = "x";
	int fd;

	sandbox_write(s, "/t/nothing", "");
	assert_int_equal(truncate(sandbox_path(s, "/t/nothing"), 50 * KIB), 0);
	sandbox_write(s, "/t/sparse", "");
	fd = open(sandbox_path(s, "/t/sparse"), O_RDWR);
	assert_int_equal(ftruncate(fd, 9 << 20), 0);
	assert_int_equal(pwrite(fd, block, sizeof(block), 3 << 20), sizeof(block));
	assert_int_equal(pwrite(fd, block, sizeof(block), 5 << 20), sizeof(block));
	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	assert_int_equal(scan(s, &f, 2 * sizeof(block), "/t", NULL), 0);
	assert_int_equal(f.counts.files, 2);
	assert_int_equal(f.counts.planned_bytes + f.counts.resident_bytes, 2 * sizeof(block)); /* tmpfs drops nothing */
	assert_int_equal(f.counts.hole_bytes, (9 << 20) - 2 * sizeof(block) + 50 * KIB);
	assert_int_equal(f.left.count[LEFTOVER_BUDGET], 0);
	leftovers_clear(&f.left);
}

/* A scan that is stopped ends at once; so does one whose files are not taken. */
static void test_stop(void **state)
{
	struct sandbox *s = *state;
	struct fixture f = { .stop_after = 3 }, full = { .answer = -ENOSPC };
	char name[64];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "/t/%d", i);
		make_file(s, name, 4 * KIB);
	}
	assert_int_equal(scan(s, &f, ALL, "/t", NULL), -ECANCELED);
	assert_int_equal(f.n, 3);
	leftovers_clear(&f.left);
	assert_int_equal(scan(s, &full, ALL, "/t", NULL), -ENOSPC);
	assert_int_equal(full.n, 1);
	leftovers_clear(&full.left);
}

/* Pages of a range, and the end of a file that is no page. */
static void test_resident_range(void **state)
{
	struct sandbox *s = *state;
	uint64_t bytes = 99;
	char text[5001];
	int fd;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	sandbox_write(s, "/f", text);
	fd = open(sandbox_path(s, "/f"), O_RDWR);
	assert_int_equal(sys_resident(fd, 0, 5000, &bytes), 0);
	assert_int_equal(bytes, 5000);
	assert_int_equal(sys_resident(fd, 4096, 904, &bytes), 0);
	assert_int_equal(bytes, 904);
	assert_int_equal(sys_resident(fd, 0, 0, &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(sys_resident(fd, 0, 1 << 20, &bytes), 0);
	assert_int_equal(bytes, 8192);
	assert_int_equal(sys_resident(fd, 8192, (1 << 20) - 8192, &bytes), 0);
	assert_int_equal(bytes, 0);
	close(fd);
	assert_int_equal(sys_resident(fd, 0, 1, &bytes), -EBADF);
}

/* The set tells what it holds, also after it has grown many times. */
static void test_inode_set(void **state)
{
	struct inode_set set = { 0 };

	(void)state;
	assert_false(inode_set_has(&set, 1, 1));
	for (uint64_t i = 0; i < 10000; i++) {
		assert_int_equal(inode_set_add(&set, i % 3, i << 20), 1);
		assert_int_equal(inode_set_add(&set, i % 3, i << 20), 0);
	}
	for (uint64_t i = 0; i < 10000; i++) {
		assert_true(inode_set_has(&set, i % 3, i << 20));
		assert_false(inode_set_has(&set, (i + 1) % 3, i << 20));
	}
	assert_int_equal(inode_set_add(&set, 0, 0), 0);
	assert_int_equal(set.used, 10000);
	inode_set_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_windows, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_once, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_budget, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_resident, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_holes, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_stop, sandbox_make, sandbox_remove),
		cmocka_unit_test_setup_teardown(test_resident_range, sandbox_make, sandbox_remove),
		cmocka_unit_test(test_inode_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
