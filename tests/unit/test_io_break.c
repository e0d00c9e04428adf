/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The I/O engine with an io_uring that breaks while it has requests. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/io_fixture.h"

#define BROKEN_OPS 64
#define BROKEN_BYTES (1U << 20)

/* A run in a child, and what happens to it once its first bytes have come in. */
struct broken {
	int fd;
	uint32_t kind;
	uint32_t from; /* io_uring_enter() is refused: all of it (0), or only for new requests (1) */
	bool cancel; /* and the run is cancelled */
	struct accel_io *io;
	struct accel_io_op op[BROKEN_OPS];
	unsigned char *buffers, *other;
};

static bool has_begun(const struct broken *b)
{
	struct stat stat;
	size_t i;

	if (b->kind == ACCEL_IO_WRITE)
		return !fstat(b->fd, &stat) && stat.st_size;
	for (i = 0; i < BROKEN_OPS; i++)
		if (((volatile unsigned char *)b->buffers)[i * BROKEN_BYTES + 1])
			return true;
	return false;
}

static void *break_soon(void *argument)
{
	struct broken *b = argument;

	while (!has_begun(b))
		;
	if (b->cancel)
		accel_io_cancel(b->io);
	io_fixture_refuse(SYS_io_uring_enter, b->from, EPERM);
	return NULL;
}

/* Runs all operations. The exit status. */
static int run_broken(struct broken *b)
{
	const struct accel_io_config config = { .depth = b->from ? BROKEN_OPS / 4 : BROKEN_OPS };
	pthread_t thread;
	size_t i;
	int err;

	if (accel_io_open(&config, &b->io))
		return 1;
	if (strcmp(accel_io_description(b->io), "io_uring"))
		return 77;
	for (i = 0; i < BROKEN_OPS; i++)
		b->op[i] = (struct accel_io_op){ .fd = b->fd,
						 .kind = b->kind,
						 .offset = i * BROKEN_BYTES,
						 .bytes = BROKEN_BYTES,
						 .buffer = b->buffers + i * BROKEN_BYTES };
	if (pthread_create(&thread, NULL, break_soon, b))
		return 2;
	err = accel_io_run(b->io, b->op, BROKEN_OPS);
	if (b->cancel)
		memset(b->buffers, 0x55, (size_t)BROKEN_OPS * BROKEN_BYTES);
	pthread_join(thread, NULL);
	if (err && !(b->cancel && err == -ECANCELED))
		return 3;
	return strcmp(accel_io_description(b->io), "threads (io_uring: Operation not permitted)") ? 4 : 0;
}

static int check_all_done(struct broken *b)
{
	const size_t bytes = (size_t)BROKEN_OPS * BROKEN_BYTES;
	size_t i;

	for (i = 0; i < BROKEN_OPS; i++)
		if (b->op[i].result != BROKEN_BYTES)
			return 5;
	if (b->kind == ACCEL_IO_WRITE && pread(b->fd, b->other, bytes, 0) != (ssize_t)bytes)
		return 6;
	for (i = 0; i < bytes; i++)
		if ((b->kind == ACCEL_IO_WRITE ? b->other : b->buffers)[i] != io_fixture_byte(i))
			return 7;
	return 0;
}

/* Once the run has returned the buffers are the caller's: nobody writes to them any more. */
static int check_untouched(struct broken *b)
{
	const size_t bytes = (size_t)BROKEN_OPS * BROKEN_BYTES;
	size_t i;

	/* as long as the disk would have been busy with what was under way */
	if (pread(b->fd, b->other, bytes, 0) != (ssize_t)bytes)
		return 8;
	for (i = 0; i < bytes; i++)
		if (b->buffers[i] != 0x55)
			return 9;
	return 0;
}

static int child_of(struct broken *b)
{
	int status = run_broken(b);

	if (status)
		return status;
	return b->cancel ? check_untouched(b) : check_all_done(b);
}

static void assert_break_survived(struct io_fixture *f, struct broken b)
{
	const size_t bytes = (size_t)BROKEN_OPS * BROKEN_BYTES;
	bool writes = b.kind == ACCEL_IO_WRITE;
	int plain = io_fixture_file(f, "broken", writes ? 0 : bytes), status;
	pid_t child;
	size_t i;

	b.fd = writes ? plain : openat(f->dir, "broken", O_RDONLY | O_DIRECT | O_CLOEXEC);
	b.buffers = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	b.other = b.buffers + bytes;
	assert_ptr_not_equal(b.buffers, MAP_FAILED);
	for (i = 0; writes && i < bytes; i++)
		b.buffers[i] = io_fixture_byte(i);
	assert_int_equal(fsync(plain), 0);
	if (b.fd < 0) {
		printf("skip: no O_DIRECT in /tmp\n");
		close(plain);
		return;
	}
	child = fork();
	assert_true(child >= 0);
	if (!child)
		_exit(child_of(&b));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		printf("skip: io_uring does not work here\n");
	else
		assert_int_equal(WEXITSTATUS(status), 0);
	munmap(b.buffers, 2 * bytes);
	close(plain);
	if (!writes)
		close(b.fd);
}

/* Requests are no longer taken, but those under way can be waited for: they are, and threads do the others. */
static void test_uring_breaks_for_new(void **state)
{
	assert_break_survived(*state, (struct broken){ .kind = ACCEL_IO_READ, .from = 1 });
	assert_break_survived(*state, (struct broken){ .kind = ACCEL_IO_WRITE, .from = 1 });
}

/* Not even waiting works: what the kernel has is over all the same before the run goes on, and is done again. */
static void test_uring_breaks(void **state)
{
	assert_break_survived(*state, (struct broken){ .kind = ACCEL_IO_READ });
	assert_break_survived(*state, (struct broken){ .kind = ACCEL_IO_WRITE });
	assert_break_survived(*state, (struct broken){ .kind = ACCEL_IO_READ, .cancel = true });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_uring_breaks_for_new, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_uring_breaks, io_fixture_make, io_fixture_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
