/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The I/O engine in processes that fork, on threads that are cancelled, and with hardly any descriptors. */
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
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/io_fixture.h"

#define BYTES 65536
#define MANY 100000

static const struct accel_io_config defaults;

/* --- forks --- */

/* Whether the engine still reads what is there. */
static bool works(struct accel_io *io, int fd)
{
	unsigned char buffer[2][4096];
	struct accel_io_op ops[] = {
		{ .fd = fd, .kind = ACCEL_IO_READ, .offset = 0, .bytes = 4096, .buffer = buffer[0] },
		{ .fd = fd, .kind = ACCEL_IO_READ, .offset = 16384, .bytes = 4096, .buffer = buffer[1] },
	};

	if (accel_io_run(io, ops, 2) || ops[0].result != 4096 || ops[1].result != 4096)
		return false;
	return buffer[0][7] == io_fixture_byte(7) && buffer[1][7] == io_fixture_byte(16384 + 7);
}

static void do_forked(struct io_fixture *f, struct accel_io *io)
{
	int fd = io_fixture_file(f, "f", BYTES), status;
	char before[200];
	pid_t child;

	snprintf(before, sizeof(before), "%s", accel_io_description(io));
	assert_true(works(io, fd));
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		if (!works(io, fd) || strcmp(accel_io_description(io), before))
			_exit(1);
		accel_io_close(io);
		_exit(0);
	}
	assert_true(works(io, fd));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(works(io, fd));
	assert_string_equal(accel_io_description(io), before);
	close(fd);
}

/* Parent and child each go on with an engine of their own, at the same time. */
static void test_forked(void **state)
{
	io_fixture_each(*state, defaults, do_forked);
}

/* --- threads that are cancelled --- */

struct doomed {
	struct accel_io *io;
	struct accel_io_op *ops;
	int err;
	bool returned;
};

static void *run_doomed(void *argument)
{
	struct doomed *d = argument;

	d->err = accel_io_run(d->io, d->ops, MANY);
	d->returned = true;
	pthread_testcancel();
	return NULL;
}

static void do_doomed(struct io_fixture *f, struct accel_io *io)
{
	unsigned char *buffer = calloc(MANY, 16);
	struct doomed d = { .io = io, .ops = calloc(MANY, sizeof(*d.ops)) };
	int fd = io_fixture_file(f, "f", BYTES);
	pthread_t thread;
	void *ended;
	size_t i;

	assert_true(buffer && d.ops);
	for (i = 0; i < MANY; i++)
		d.ops[i] = (struct accel_io_op){
			.fd = fd, .kind = ACCEL_IO_READ, .offset = 1, .bytes = 16, .buffer = buffer + 16 * i
		};
	assert_int_equal(pthread_create(&thread, NULL, run_doomed, &d), 0);
	while (!*(volatile unsigned char *)buffer)
		;
	assert_int_equal(pthread_cancel(thread), 0);
	assert_int_equal(pthread_join(thread, &ended), 0);
	assert_ptr_equal(ended, PTHREAD_CANCELED);
	assert_true(d.returned);
	assert_int_equal(d.err, 0);
	for (i = 0; i < MANY; i++)
		assert_int_equal(d.ops[i].result, 16);
	close(fd);
	free(d.ops);
	free(buffer);
}

/* A thread that is to end in the middle of a run ends behind it. */
static void test_cancelled_thread(void **state)
{
	assert_int_not_equal(io_fixture_byte(1), 0);
	io_fixture_each(*state, defaults, do_doomed);
}

/* --- few descriptors --- */

#define FILES 300

static void do_few_descriptors(struct io_fixture *f, struct accel_io *io)
{
	static char names[FILES][16];
	static struct accel_io_op ops[FILES];
	struct rlimit limit, few;
	int next, held, i;

	for (i = 0; i < FILES; i++) {
		snprintf(names[i], sizeof(names[i]), "%d", i);
		close(io_fixture_file(f, names[i], 5000));
		ops[i] = (struct accel_io_op){ .path = names[i], .fd = f->dir, .kind = ACCEL_IO_WARM, .bytes = 5000 };
	}
	next = dup(f->dir);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	few.rlim_cur = (rlim_t)next + 5; /* one for /dev/null, two for a file that is being opened */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(accel_io_run(io, ops, FILES), 0);
	for (i = 0; i < FILES; i++)
		assert_int_equal(ops[i].result, 5000);
	for (i = 0; (held = dup(f->dir)) >= 0; i++) /* none is left: then it is an error, and no endless wait */
		next = held;
	assert_int_equal(accel_io_run(io, ops, 3), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(ops[i].result, -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (i = next; i > next - 5; i--)
		close(i);
}

/* Fewer than there are threads, which wait for each other's then. */
static void test_few_descriptors(void **state)
{
	io_fixture_each(*state, defaults, do_few_descriptors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_forked, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_cancelled_thread, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_few_descriptors, io_fixture_make, io_fixture_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
