/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The I/O engine on real files, with each backend: what comes out is what doing the list one by one gives. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/io_fixture.h"
#include "util/clock.h"

#define LISTS 10000
#define LISTS_AT_LEAST 200
#define LIST_OPS 24
#define FILES 3
#define FILE_BYTES 40000
#define BUFFER_BYTES 6000
#define MANY 100000

/* --- random lists against a model --- */

struct model {
	unsigned char content[FILES][FILE_BYTES + BUFFER_BYTES];
	uint64_t bytes[FILES];
	int fd[FILES][2]; /* two descriptors of each file */
};

struct list {
	struct accel_io_op op[LIST_OPS];
	unsigned int file[LIST_OPS], n;
	unsigned char buffer[LIST_OPS][BUFFER_BYTES], expected[LIST_OPS][BUFFER_BYTES];
	int64_t result[LIST_OPS];
};

static const char *const names[FILES] = { "a", "b", "c" }, *const links[FILES] = { "a2", "b2", "c2" };
static const unsigned int SEED = 20240607;

static void open_model(struct io_fixture *f, struct model *m)
{
	unsigned int i;

	memset(m, 0, sizeof(*m));
	for (i = 0; i < FILES; i++) {
		m->bytes[i] = FILE_BYTES / (i + 1);
		m->fd[i][0] = io_fixture_file(f, names[i], m->bytes[i]);
		assert_int_equal(pread(m->fd[i][0], m->content[i], m->bytes[i], 0), m->bytes[i]);
		unlinkat(f->dir, links[i], 0);
		assert_int_equal(linkat(f->dir, names[i], f->dir, links[i], 0), 0);
		m->fd[i][1] = openat(f->dir, links[i], O_RDWR | O_CLOEXEC);
		assert_true(m->fd[i][1] >= 0);
	}
}

/* Does one operation in memory. */
static void apply(struct model *m, unsigned int file, const struct accel_io_op *op, unsigned char *expected,
		  int64_t *ret_result)
{
	uint64_t end = op->offset + op->bytes;

	if (op->kind == ACCEL_IO_WRITE && op->bytes) {
		memcpy(m->content[file] + op->offset, op->buffer, op->bytes);
		m->bytes[file] = end > m->bytes[file] ? end : m->bytes[file];
	}
	end = end < m->bytes[file] ? end : m->bytes[file];
	*ret_result = end > op->offset ? (int64_t)(end - op->offset) : 0;
	if (op->kind == ACCEL_IO_READ)
		memcpy(expected, m->content[file] + op->offset, (size_t)*ret_result);
}

static void make_op(struct io_fixture *f, struct model *m, struct list *list, unsigned int i, unsigned int *seed)
{
	struct accel_io_op *op = &list->op[i];
	unsigned int file = list->file[i] = (unsigned int)rand_r(seed) % FILES, how = (unsigned int)rand_r(seed) % 6;
	uint64_t room = rand_r(seed) % 2 ? FILE_BYTES : 3 * BUFFER_BYTES; /* crowded: more of them overlap */
	size_t k;

	*op = (struct accel_io_op){ .kind = (uint32_t)rand_r(seed) % 3,
				    .offset = (uint64_t)rand_r(seed) % room,
				    .bytes = (uint64_t)rand_r(seed) % BUFFER_BYTES,
				    .buffer = list->buffer[i],
				    .fd = m->fd[file][how & 1],
				    .result = -12345 };
	if (rand_r(seed) % 2) { /* neighbours, which merge */
		op->offset = op->offset / 1024 * 1024;
		op->bytes = 1024;
	}
	if (how == 5) {
		op->fd = f->dir;
		op->path = rand_r(seed) % 2 ? names[file] : links[file];
	}
	for (k = 0; k < op->bytes; k++)
		list->buffer[i][k] = (unsigned char)rand_r(seed);
	memcpy(list->expected[i], list->buffer[i], op->bytes);
}

static void check_files(struct model *m)
{
	static unsigned char content[FILE_BYTES + BUFFER_BYTES];
	unsigned int i;

	for (i = 0; i < FILES; i++) {
		assert_int_equal(pread(m->fd[i][0], content, sizeof(content), 0), m->bytes[i]);
		assert_memory_equal(content, m->content[i], m->bytes[i]);
	}
}

static void do_random_lists(struct io_fixture *f, struct accel_io *io)
{
	static struct model m;
	static struct list list;
	const double begin = clock_realtime_seconds();
	unsigned int seed = SEED, turn, i;

	open_model(f, &m);
	/* where all is emulated: as many as a minute is enough for */
	for (turn = 0; turn < LISTS && (turn < LISTS_AT_LEAST || clock_realtime_seconds() - begin < 60); turn++) {
		list.n = (unsigned int)rand_r(&seed) % (LIST_OPS + 1);
		for (i = 0; i < list.n; i++)
			make_op(f, &m, &list, i, &seed);
		for (i = 0; i < list.n; i++)
			apply(&m, list.file[i], &list.op[i], list.expected[i], &list.result[i]);
		assert_int_equal(accel_io_run(io, list.op, list.n), 0);
		for (i = 0; i < list.n; i++) {
			if (list.op[i].result != list.result[i])
				fail_msg("seed %u, list %u, operation %u: %lld instead of %lld", SEED, turn, i,
					 (long long)list.op[i].result, (long long)list.result[i]);
			assert_memory_equal(list.buffer[i], list.expected[i], list.op[i].bytes);
		}
		if (turn % 16 == 0)
			check_files(&m);
		if (turn % 64 == 0) { /* small again, so that lists make it grow */
			i = (unsigned int)rand_r(&seed) % FILES;
			m.bytes[i] = (uint64_t)rand_r(&seed) % FILE_BYTES;
			memset(m.content[i] + m.bytes[i], 0, sizeof(m.content[i]) - m.bytes[i]);
			assert_int_equal(ftruncate(m.fd[i][0], (off_t)m.bytes[i]), 0);
		}
	}
	check_files(&m);
	if (turn < LISTS)
		printf("# %u of %u lists: the minute is over\n", turn, LISTS);
	for (i = 0; i < 2 * FILES; i++)
		close(m.fd[i / 2][i % 2]);
}

/* Reads, writes and ranges for the page cache, by several names of each file, that overlap, touch and make files grow. */
static void test_random_lists(void **state)
{
	io_fixture_each(*state, (struct accel_io_config){ .depth = 4, .gap_bytes = 512 }, do_random_lists);
}

/* --- many operations --- */

static void do_many(struct io_fixture *f, struct accel_io *io)
{
	const size_t records = 1 << 20;
	struct accel_io_op *ops = calloc(MANY, sizeof(*ops));
	uint64_t *found = calloc(MANY, sizeof(*found)), *content = calloc(records, sizeof(*content));
	int fd = io_fixture_file(f, "many", 0);
	unsigned int seed = SEED;
	size_t i;

	assert_true(ops && found && content);
	for (i = 0; i < records; i++)
		content[i] = i;
	assert_int_equal(write(fd, content, records * sizeof(*content)), records * sizeof(*content));
	for (i = 0; i < MANY; i++)
		ops[i] = (struct accel_io_op){ .fd = fd,
					       .kind = ACCEL_IO_READ,
					       .offset = 8 * ((uint64_t)rand_r(&seed) % records),
					       .bytes = 8,
					       .buffer = &found[i] };
	assert_int_equal(accel_io_run(io, ops, MANY), 0);
	for (i = 0; i < MANY; i++) {
		assert_int_equal(ops[i].result, 8);
		assert_int_equal(found[i], ops[i].offset / 8);
	}
	close(fd);
	free(ops);
	free(found);
	free(content);
}

/* Each result, and each buffer, is that of its own operation. */
static void test_many(void **state)
{
	io_fixture_each(*state, (struct accel_io_config){ .gap_bytes = 0 }, do_many);
	io_fixture_each(*state, (struct accel_io_config){ .gap_bytes = 200000 }, do_many);
}

/* --- ends of files --- */

static void do_short_reads(struct io_fixture *f, struct accel_io *io)
{
	int fd = io_fixture_file(f, "short", 10000);
	unsigned char buffer[4][8192];
	struct accel_io_op ops[] = {
		{ .fd = fd, .kind = ACCEL_IO_READ, .offset = 0, .bytes = 8192, .buffer = buffer[0] },
		{ .fd = fd, .kind = ACCEL_IO_READ, .offset = 8192, .bytes = 8192, .buffer = buffer[1] },
		{ .fd = fd, .kind = ACCEL_IO_READ, .offset = 16384, .bytes = 8192, .buffer = buffer[2] },
		{ .path = "short",
		  .fd = f->dir,
		  .kind = ACCEL_IO_READ,
		  .offset = 9999,
		  .bytes = 8192,
		  .buffer = buffer[3] },
		{ .fd = fd, .kind = ACCEL_IO_WARM, .offset = 5000, .bytes = ACCEL_IO_TO_END },
		{ .path = "short", .fd = f->dir, .kind = ACCEL_IO_WARM, .offset = 20000, .bytes = ACCEL_IO_TO_END },
	};
	size_t i;

	memset(buffer, 'x', sizeof(buffer));
	assert_int_equal(accel_io_run(io, ops, 6), 0);
	assert_int_equal(ops[0].result, 8192);
	assert_int_equal(ops[1].result, 10000 - 8192);
	assert_int_equal(ops[2].result, 0);
	assert_int_equal(ops[3].result, 1);
	assert_int_equal(ops[4].result, 5000);
	assert_int_equal(ops[5].result, 0);
	for (i = 0; i < 10000; i++)
		assert_int_equal(buffer[i / 8192][i % 8192], io_fixture_byte(i));
	assert_int_equal(buffer[1][10000 - 8192], 'x');
	assert_int_equal(buffer[2][0], 'x');
	assert_int_equal(buffer[3][0], io_fixture_byte(9999));
	assert_int_equal(buffer[3][1], 'x');
	close(fd);
}

/* A result is short where the file ends, and nothing behind it is written to the buffer. */
static void test_short_reads(void **state)
{
	io_fixture_each(*state, (struct accel_io_config){ .depth = 0 }, do_short_reads);
}

static void do_big_operation(struct io_fixture *f, struct accel_io *io)
{
	const size_t bytes = (9 << 20) + 4321, room = 64 << 20;
	unsigned char *buffer = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = io_fixture_file(f, "big", 0), copy;
	struct accel_io_op op = { .fd = fd, .kind = ACCEL_IO_WRITE, .offset = 77, .bytes = bytes, .buffer = buffer };
	size_t i;

	assert_ptr_not_equal(buffer, MAP_FAILED);
	for (i = 0; i < bytes; i++)
		buffer[i] = io_fixture_byte(i);
	assert_int_equal(accel_io_run(io, &op, 1), 0);
	assert_int_equal(op.result, bytes);
	copy = io_fixture_file(f, "copy", bytes + 5);
	memset(buffer, 0, bytes);
	op.kind = ACCEL_IO_READ;
	op.bytes = room;
	assert_int_equal(accel_io_run(io, &op, 1), 0);
	assert_int_equal(op.result, bytes);
	for (i = 0; i < bytes; i++)
		assert_int_equal(buffer[i], io_fixture_byte(i));
	op = (struct accel_io_op){
		.fd = f->dir, .path = "copy", .kind = ACCEL_IO_READ, .bytes = room, .buffer = buffer
	};
	assert_int_equal(accel_io_run(io, &op, 1), 0);
	assert_int_equal(op.result, bytes + 5);
	close(fd);
	close(copy);
	munmap(buffer, room);
}

/* One that is cut into parts gives the same as one that is not. */
static void test_big_operation(void **state)
{
	io_fixture_each(*state, (struct accel_io_config){ .depth = 0 }, do_big_operation);
}

struct shrinker {
	int fd;
	bool stop;
};

static void *shrink_and_grow(void *argument)
{
	struct shrinker *s = argument;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
		if (ftruncate(s->fd, 100) || ftruncate(s->fd, 1 << 20))
			return argument;
	return NULL;
}

static void do_shrinking(struct io_fixture *f, struct accel_io *io)
{
	struct shrinker s = { .fd = io_fixture_file(f, "shrinks", 1 << 20) };
	static unsigned char buffer[64][16384];
	struct accel_io_op ops[65];
	pthread_t thread;
	unsigned int turn, i;
	void *failed;

	assert_int_equal(pthread_create(&thread, NULL, shrink_and_grow, &s), 0);
	for (turn = 0; turn < 200; turn++) {
		for (i = 0; i < 64; i++)
			ops[i] = (struct accel_io_op){ .fd = s.fd,
						       .kind = ACCEL_IO_READ,
						       .offset = i * 16384,
						       .bytes = 16384,
						       .buffer = buffer[i] };
		ops[64] = (struct accel_io_op){
			.fd = f->dir, .path = "shrinks", .kind = ACCEL_IO_WARM, .bytes = ACCEL_IO_TO_END
		};
		assert_int_equal(accel_io_run(io, ops, 65), 0);
		for (i = 0; i < 64; i++)
			assert_in_range(ops[i].result, 0, 16384);
		assert_in_range(ops[64].result, 100, 1 << 20);
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
	close(s.fd);
}

/* A file that shrinks and grows meanwhile gives fewer bytes, no error, and no endless wait for the rest. */
static void test_shrinking(void **state)
{
	io_fixture_each(*state, (struct accel_io_config){ .depth = 0 }, do_shrinking);
}

/* --- the page cache --- */

static size_t resident(int fd, size_t bytes)
{
	const size_t pages = (bytes + 4095) / 4096;
	unsigned char *seen = calloc(pages, 1);
	void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	size_t i, count = 0;

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mincore(map, bytes, seen), 0);
	for (i = 0; i < pages; i++)
		count += seen[i] & 1;
	munmap(map, bytes);
	free(seen);
	return count;
}

static void do_warm(struct io_fixture *f, struct accel_io *io)
{
	const size_t bytes = 12 << 20, pages = bytes / 4096;
	int fd = io_fixture_file(f, "cold", bytes);
	struct accel_io_op ops[] = {
		{ .fd = fd, .kind = ACCEL_IO_WARM, .offset = 4096 * 10, .bytes = 4096 * 5 },
		{ .fd = fd, .kind = ACCEL_IO_WARM, .offset = 4096 * 1000, .bytes = 4096 },
		{ .path = "cold", .fd = f->dir, .kind = ACCEL_IO_WARM, .bytes = ACCEL_IO_TO_END },
	};

	assert_int_equal(fsync(fd), 0);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	if (resident(fd, bytes) == pages) {
		printf("skip: files in /tmp cannot be dropped from the page cache\n");
		close(fd);
		return;
	}
	assert_int_equal(resident(fd, bytes), 0);
	assert_int_equal(accel_io_run(io, ops, 2), 0);
	assert_int_equal(ops[0].result, 4096 * 5);
	assert_in_range(resident(fd, bytes), 6, pages / 2); /* the kernel may read ahead */
	assert_int_equal(accel_io_run(io, ops + 2, 1), 0);
	assert_int_equal(ops[2].result, bytes);
	assert_int_equal(resident(fd, bytes), pages);
	close(fd);
}

/* What was asked for is resident on return, a whole file as well as parts of one. */
static void test_warm(void **state)
{
	io_fixture_each(*state, (struct accel_io_config){ .depth = 0 }, do_warm);
}

/* --- O_DIRECT --- */

static void do_direct(struct io_fixture *f, struct accel_io *io)
{
	const size_t bytes = 20000;
	int plain = io_fixture_file(f, "direct", bytes), fd = openat(f->dir, "direct", O_RDONLY | O_DIRECT | O_CLOEXEC);
	unsigned char *buffer = aligned_alloc(4096, 8 * 4096);
	struct accel_io_op ops[5];
	size_t i;

	close(plain);
	if (fd < 0) {
		printf("skip: no O_DIRECT in /tmp\n");
		return;
	}
	assert_non_null(buffer);
	for (i = 0; i < 5; i++) /* the buffers in another order than the file, the second one at an odd address */
		ops[i] = (struct accel_io_op){ .fd = fd,
					       .kind = ACCEL_IO_READ,
					       .offset = 4096 * i,
					       .bytes = 4096,
					       .buffer = buffer + 4096 * (5 - i) + (i == 1) };
	assert_int_equal(accel_io_run(io, ops, 5), 0);
	for (i = 0; i < 5; i++) {
		if (i == 1 && ops[i].result == -EINVAL)
			continue; /* alignment is its own fault alone */
		assert_int_equal(ops[i].result, i < 4 ? 4096 : bytes - 4 * 4096);
		assert_int_equal(*((unsigned char *)ops[i].buffer + 100), io_fixture_byte(4096 * i + 100));
	}
	ops[0].kind = ACCEL_IO_WARM;
	assert_int_equal(accel_io_run(io, ops, 1), 0);
	assert_int_equal(ops[0].result, -EINVAL);
	free(buffer);
	close(fd);
}

/* Merged reads past the page cache keep their own buffers, and an end in the middle of a sector is an end. */
static void test_direct(void **state)
{
	io_fixture_each(*state, (struct accel_io_config){ .depth = 0 }, do_direct);
}

#define DIRECT_OPS 3000

/* Reads all of a file in odd order, every other block, so that none is merged, then the others. */
static void read_blocks(struct accel_io *io, int fd, unsigned char *buffer, unsigned char *gone)
{
	static struct accel_io_op ops[DIRECT_OPS];
	unsigned int half;
	size_t i, block;

	for (half = 0; half < 2; half++) {
		for (i = 0; i < DIRECT_OPS; i++) {
			block = 2 * (i * 7 % DIRECT_OPS) + half;
			ops[i] = (struct accel_io_op){ .fd = fd,
						       .kind = ACCEL_IO_READ,
						       .offset = 4096 * block,
						       .bytes = 4096,
						       .buffer = buffer + 4096 * i };
		}
		ops[5].offset++;
		assert_int_equal(accel_io_run(io, ops, DIRECT_OPS), 0);
		for (i = 0; i < DIRECT_OPS; i++) {
			const unsigned char *found = ops[i].buffer;

			if (i == 5 || found == gone) {
				assert_int_equal(ops[i].result, i == 5 ? -EINVAL : -EFAULT);
				continue;
			}
			assert_int_equal(ops[i].result, 4096);
			assert_int_equal(found[0], io_fixture_byte(ops[i].offset));
			assert_int_equal(found[4095], io_fixture_byte(ops[i].offset + 4095));
		}
	}
}

static void do_direct_many(struct io_fixture *f, struct accel_io *io)
{
	const size_t room = 4096 * DIRECT_OPS;
	int plain = io_fixture_file(f, "direct", 2 * room),
	    fd = openat(f->dir, "direct", O_RDONLY | O_DIRECT | O_CLOEXEC);
	unsigned char *buffer = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(buffer, MAP_FAILED);
	assert_int_equal(fsync(plain), 0);
	close(plain);
	if (fd < 0) {
		printf("skip: no O_DIRECT in /tmp\n");
	} else {
		read_blocks(io, fd, buffer, NULL);
		munmap(buffer + 4096 * 100, 4096);
		read_blocks(io, fd, buffer, buffer + 4096 * 100);
		close(fd);
	}
	munmap(buffer, room);
}

/* Many buffers side by side are pinned at once where the kernel can, and one by one where there is a hole in them. */
static void test_direct_many(void **state)
{
	io_fixture_each(*state, (struct accel_io_config){ .depth = 0 }, do_direct_many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_lists, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_many, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_short_reads, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_big_operation, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_shrinking, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_warm, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_direct, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_direct_many, io_fixture_make, io_fixture_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
