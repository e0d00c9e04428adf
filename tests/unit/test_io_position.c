/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where operations lie on the device, in files of many pieces. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "io/entries.h"
#include "io/position.h"
#include "tests/unit/io_fixture.h"

#define BLOCK 4096
#define PIECES 3000
#define NAMES 500 /* of the same file, each with a descriptor of its own */
#define SPARSE_OPS 40

/* A file with a hole behind every block; the first byte of each block is not 0. Returns a descriptor. */
static int make_sparse(struct io_fixture *f)
{
	int fd = io_fixture_file(f, "sparse", 0);
	unsigned char block[BLOCK];
	size_t i;

	for (i = 0; i < BLOCK; i++)
		block[i] = io_fixture_byte(i + 1);
	for (i = 0; i < PIECES; i++)
		assert_int_equal(pwrite(fd, block, BLOCK, (off_t)(2 * BLOCK * i)), BLOCK);
	assert_int_equal(fsync(fd), 0);
	return fd;
}

/* All extents of the file, or the end of the test where the file system does not tell. */
static struct io_extents read_all(int fd)
{
	struct io_extents ret;

	assert_int_equal(io_extents_read(fd, 0, UINT64_MAX, SIZE_MAX, &ret), 0);
	if (ret.count < PIECES) {
		io_extents_free(&ret);
		close(fd);
		printf("skip: the file system of /tmp does not tell where files are\n");
		skip();
	}
	return ret;
}

static struct accel_io_op read_block(int fd, size_t piece, unsigned char *buffer)
{
	return (struct accel_io_op){
		.fd = fd, .kind = ACCEL_IO_READ, .offset = 2 * BLOCK * piece, .bytes = BLOCK, .buffer = buffer
	};
}

/* No more extents than were asked for, and from where on there are more. */
static void test_most(void **state)
{
	int fd = make_sparse(*state);
	struct io_extents all = read_all(fd), some;

	assert_int_equal(all.cut, UINT64_MAX);
	assert_int_equal(io_extents_read(fd, 0, UINT64_MAX, 300, &some), 0);
	assert_int_equal(some.count, 300);
	assert_int_equal(some.cut, 299 * 2 * BLOCK + BLOCK);
	assert_int_equal(some.extent[299].place, all.extent[299].place);
	io_extents_free(&some);
	io_extents_free(&all);
	close(fd);
}

/* Operations behind the extents that are kept have the places of their own. */
static void test_places_behind(void **state)
{
	int fd = make_sparse(*state);
	struct io_extents all = read_all(fd);
	struct accel_io_op ops[SPARSE_OPS];
	struct plan_entry *entries;
	struct io_files files;
	unsigned char buffer;
	uint32_t count, i;

	for (i = 0; i < SPARSE_OPS; i++)
		ops[i] = read_block(fd, (i + 1) * (PIECES / (SPARSE_OPS + 1)), &buffer);
	assert_int_equal(io_files_find(ops, SPARSE_OPS, &files), 0);
	assert_int_equal(entries_make(ops, SPARSE_OPS, &files, &entries, &count), 0);
	assert_int_equal(count, SPARSE_OPS);
	for (i = 1; i < count; i++)
		assert_int_equal(entries[i].place - entries[0].place,
				 io_extents_place(&all, ops[i].offset) - io_extents_place(&all, ops[0].offset));
	free(entries);
	io_files_free(&files);
	io_extents_free(&all);
	close(fd);
}

static long peak_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

/* What is kept grows with the list, not with the pieces that its files are in: all of them would take 36 MB. */
static void test_memory(void **state)
{
	static struct accel_io_op ops[2 * NAMES];
	int fd = make_sparse(*state), names[NAMES];
	struct io_extents all = read_all(fd);
	struct plan_entry *entries;
	struct io_files files;
	unsigned char buffer;
	uint32_t count, i;
	long before;

	io_extents_free(&all);
	for (i = 0; i < NAMES; i++) {
		names[i] = dup(fd);
		assert_true(names[i] >= 0);
		ops[2 * i] = read_block(names[i], 0, &buffer);
		ops[2 * i + 1] = read_block(names[i], PIECES - 1, &buffer);
	}
	assert_int_equal(io_files_find(ops, 2 * NAMES, &files), 0);
	before = peak_kib();
	assert_int_equal(entries_make(ops, 2 * NAMES, &files, &entries, &count), 0);
	assert_in_range(peak_kib() - before, 0, 8192);
	free(entries);
	io_files_free(&files);
	for (i = 0; i < NAMES; i++)
		close(names[i]);
	close(fd);
}

static void do_sparse(struct io_fixture *f, struct accel_io *io)
{
	static unsigned char buffer[2 * PIECES][16];
	static struct accel_io_op ops[2 * PIECES];
	int fd = make_sparse(f);
	size_t i, k;

	for (i = 0; i < 2 * PIECES; i++) { /* every block and every hole, from the end to the start */
		k = 2 * PIECES - 1 - i;
		ops[i] = read_block(fd, 0, buffer[i]);
		ops[i].offset = BLOCK * k;
		ops[i].bytes = 16;
		buffer[i][0] = 77;
	}
	assert_int_equal(accel_io_run(io, ops, 2 * PIECES), 0);
	for (i = 0; i < 2 * PIECES; i++) {
		k = 2 * PIECES - 1 - i;
		assert_int_equal(ops[i].result, k == 2 * PIECES - 1 ? 0 : 16);
		if (ops[i].result)
			assert_int_equal(buffer[i][0], k % 2 ? 0 : io_fixture_byte(1));
	}
	close(fd);
}

/* What is read of a file in thousands of pieces, holes among them, is what is in it. */
static void test_sparse(void **state)
{
	assert_int_not_equal(io_fixture_byte(1), 0);
	io_fixture_each(*state, (struct accel_io_config){ .gap_bytes = 2 * BLOCK }, do_sparse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_most, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_places_behind, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_memory, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_sparse, io_fixture_make, io_fixture_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
