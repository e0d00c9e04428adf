/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The I/O engine with what does not work: errors stay with their operation, and so does a cancelled run. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/io_fixture.h"

#define BYTES 65536

static const struct accel_io_config defaults;

/* --- one bad among good ones --- */

/* Runs op between two good reads of the same file, right before and behind where op reads if it is of fd. */
static int64_t among_good(struct io_fixture *f, struct accel_io *io, int fd, struct accel_io_op op)
{
	static unsigned char buffer[2][4096];
	struct accel_io_op ops[] = {
		{ .fd = fd, .kind = ACCEL_IO_READ, .offset = 0, .bytes = 4096, .buffer = buffer[0] },
		op,
		{ .fd = fd, .kind = ACCEL_IO_READ, .offset = 8192, .bytes = 4096, .buffer = buffer[1] },
		{ .path = "good", .fd = f->dir, .kind = ACCEL_IO_WARM, .bytes = ACCEL_IO_TO_END },
	};
	size_t i;

	memset(buffer, 0, sizeof(buffer));
	assert_int_equal(accel_io_run(io, ops, 4), 0);
	assert_int_equal(ops[0].result, 4096);
	assert_int_equal(ops[2].result, 4096);
	assert_int_equal(ops[3].result, BYTES);
	for (i = 0; i < 4096; i++) {
		assert_int_equal(buffer[0][i], io_fixture_byte(i));
		assert_int_equal(buffer[1][i], io_fixture_byte(8192 + i));
	}
	return ops[1].result;
}

static void do_bad_operations(struct io_fixture *f, struct accel_io *io)
{
	int fd = io_fixture_file(f, "good", BYTES), reader = openat(f->dir, "good", O_RDONLY | O_CLOEXEC),
	    appender = openat(f->dir, "good", O_WRONLY | O_APPEND | O_CLOEXEC),
	    path_only = openat(f->dir, "good", O_PATH | O_CLOEXEC), pair[2];
	unsigned char buffer[4096];
	struct accel_io_op good = { .fd = fd, .kind = ACCEL_IO_READ, .offset = 4096, .bytes = 4096, .buffer = buffer },
			   op;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
#define RESULT(...) (op = good, (void)(__VA_ARGS__), among_good(f, io, fd, op))
	assert_int_equal(RESULT(op.bytes = 4096), 4096);
	assert_int_equal(RESULT(op.fd = -1), -EBADF);
	assert_int_equal(RESULT(op.fd = 1000000), -EBADF);
	assert_int_equal(RESULT(op.fd = path_only), -EBADF);
	assert_int_equal(RESULT(op.fd = appender), -EBADF);
	assert_int_equal(RESULT(op.fd = appender, op.kind = ACCEL_IO_WRITE), -EINVAL);
	assert_int_equal(RESULT(op.fd = reader, op.kind = ACCEL_IO_WRITE), -EBADF);
	assert_int_equal(RESULT(op.fd = f->dir), -EISDIR);
	assert_int_equal(RESULT(op.fd = pair[0]), -ESPIPE);
	assert_int_equal(RESULT(op.kind = 3), -EINVAL);
	assert_int_equal(RESULT(op.kind = UINT32_MAX), -EINVAL);
	assert_int_equal(RESULT(op.buffer = NULL), -EFAULT);
	assert_int_equal(RESULT(op.bytes = 0), 0);
	assert_int_equal(RESULT(op.bytes = 0, op.buffer = NULL), 0);
	assert_int_equal(RESULT(op.offset = INT64_MAX), -EINVAL);
	assert_int_equal(RESULT(op.offset = UINT64_MAX), -EINVAL);
	assert_int_equal(RESULT(op.offset = UINT64_MAX - 4095), -EINVAL);
	assert_int_equal(RESULT(op.bytes = UINT64_MAX), -EINVAL);
	assert_int_equal(RESULT(op.offset = INT64_MAX - 4096), 0);
	assert_int_equal(RESULT(op.kind = ACCEL_IO_WARM, op.offset = INT64_MAX), 0);
	assert_int_equal(RESULT(op.kind = ACCEL_IO_WARM, op.offset = UINT64_MAX), -EINVAL);
	assert_int_equal(RESULT(op.kind = ACCEL_IO_WARM, op.bytes = UINT64_MAX - 1), BYTES - 4096);
#undef RESULT
	close(pair[0]);
	close(pair[1]);
	close(path_only);
	close(appender);
	close(reader);
	close(fd);
}

/* Each kind of nonsense gets its error, and its neighbours get their data. */
static void test_bad_operations(void **state)
{
	io_fixture_each(*state, defaults, do_bad_operations);
}

static void do_bad_paths(struct io_fixture *f, struct accel_io *io)
{
	const char *const kept[] = { "/dev/zero", "/dev/null" };
	const char *const names[] = { "fifo", "missing", "loop", "folder", "", "good/x", "unreadable" };
	const int64_t want[] = { -ESPIPE, -ENOENT, -ELOOP, -EISDIR, -ENOENT, -ENOTDIR, -EACCES };
	int fd = io_fixture_file(f, "good", BYTES);
	size_t i;

	mkfifoat(f->dir, "fifo", 0600); /* has no writer: opening it would wait */
	mkdirat(f->dir, "folder", 0700);
	assert_true(!symlinkat("loop", f->dir, "loop") || errno == EEXIST);
	close(io_fixture_file(f, "unreadable", 10));
	assert_int_equal(fchmodat(f->dir, "unreadable", 0, 0), 0);
	for (i = 0; i < 7; i++) {
		const struct accel_io_op op = { .path = names[i], .fd = f->dir, .kind = ACCEL_IO_WARM, .bytes = 10 };

		if (i == 6 && !geteuid())
			break; /* root may read it */
		assert_int_equal(among_good(f, io, fd, op), want[i]);
	}
	for (i = 0; i < 2; i++) {
		const struct accel_io_op op = { .path = kept[i], .fd = -1, .kind = ACCEL_IO_WARM, .bytes = 10 };

		assert_int_equal(among_good(f, io, fd, op), -EINVAL);
	}
	unlinkat(f->dir, "unreadable", 0);
	close(fd);
}

/* Nothing but regular files is opened: a FIFO without a writer is not waited for, a device not touched. */
static void test_bad_paths(void **state)
{
	io_fixture_each(*state, defaults, do_bad_paths);
}

static void do_bad_buffer(struct io_fixture *f, struct accel_io *io)
{
	int fd = io_fixture_file(f, "merged", BYTES);
	unsigned char *buffer = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct accel_io_op ops[16];
	size_t i;

	assert_ptr_not_equal(buffer, MAP_FAILED);
	for (i = 0; i < 16; i++)
		ops[i] = (struct accel_io_op){
			.fd = fd, .kind = ACCEL_IO_READ, .offset = 4096 * i, .bytes = 4096, .buffer = buffer + 4096 * i
		};
	assert_int_equal(mprotect(buffer + 4096 * 3, 4096, PROT_NONE), 0);
	assert_int_equal(mprotect(buffer + 4096 * 9, 8192, PROT_NONE), 0);
	assert_int_equal(accel_io_run(io, ops, 16), 0);
	for (i = 0; i < 16; i++)
		if (i == 3 || i == 9 || i == 10) {
			assert_int_equal(ops[i].result, -EFAULT);
		} else {
			assert_int_equal(ops[i].result, 4096);
			assert_int_equal(buffer[4096 * i + 17], io_fixture_byte(4096 * i + 17));
		}
	munmap(buffer, BYTES);
	close(fd);
}

/* Of operations that were merged, only those that fail by themselves have failed. */
static void test_bad_buffer(void **state)
{
	io_fixture_each(*state, defaults, do_bad_buffer);
}

/* --- a path that is exchanged meanwhile --- */

struct exchanger {
	int dir;
	bool stop;
};

static void *exchange(void *argument)
{
	struct exchanger *e = argument;

	while (!__atomic_load_n(&e->stop, __ATOMIC_RELAXED)) {
		renameat2(e->dir, "x", e->dir, "fifo", RENAME_EXCHANGE);
		renameat2(e->dir, "x", e->dir, "device", RENAME_EXCHANGE);
	}
	return NULL;
}

static void do_exchanged(struct io_fixture *f, struct accel_io *io)
{
	struct exchanger e = { .dir = f->dir };
	unsigned int turn, good = 0, bad = 0;
	pthread_t thread;

	close(io_fixture_file(f, "x", 5000));
	mkfifoat(f->dir, "fifo", 0600);
	assert_true(!symlinkat("/dev/zero", f->dir, "device") || errno == EEXIST);
	assert_int_equal(pthread_create(&thread, NULL, exchange, &e), 0);
	for (turn = 0; turn < 20000 && (turn < 2000 || !good || !bad); turn++) {
		unsigned char buffer[10000];
		struct accel_io_op op = { .path = "x",
					  .fd = f->dir,
					  .kind = turn % 2 ? ACCEL_IO_READ : ACCEL_IO_WARM,
					  .bytes = sizeof(buffer),
					  .buffer = buffer };

		assert_int_equal(accel_io_run(io, &op, 1), 0);
		if (op.result == 5000)
			good++;
		else if (op.result == -ESPIPE || op.result == -EINVAL)
			bad++;
		else
			fail_msg("result %lld", (long long)op.result);
	}
	__atomic_store_n(&e.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_true(good && bad);
	unlinkat(f->dir, "x", 0);
	unlinkat(f->dir, "fifo", 0);
	unlinkat(f->dir, "device", 0);
}

/* Whatever it is exchanged for, a regular file is read or nothing. */
static void test_exchanged(void **state)
{
	io_fixture_each(*state, defaults, do_exchanged);
}

/* --- cancelling --- */

static void do_cancelled_before(struct io_fixture *f, struct accel_io *io)
{
	int fd = io_fixture_file(f, "good", BYTES);
	unsigned char buffer[100];
	struct accel_io_op ops[] = {
		{ .fd = fd, .kind = ACCEL_IO_READ, .bytes = 100, .buffer = buffer },
		{ .path = "good", .fd = f->dir, .kind = ACCEL_IO_WARM, .bytes = 100 },
		{ .fd = -1, .kind = ACCEL_IO_READ, .bytes = 100, .buffer = buffer },
	};

	accel_io_cancel(io);
	assert_int_equal(accel_io_run(io, ops, 3), -ECANCELED);
	assert_int_equal(ops[0].result, -ECANCELED);
	assert_int_equal(ops[1].result, -ECANCELED);
	assert_int_equal(ops[2].result, -EBADF);
	accel_io_resume(io);
	assert_int_equal(accel_io_run(io, ops, 2), 0);
	assert_int_equal(ops[0].result, 100);
	assert_int_equal(ops[1].result, 100);
	close(fd);
}

/* A cancelled engine does nothing until it is told to go on. */
static void test_cancelled_before(void **state)
{
	io_fixture_each(*state, defaults, do_cancelled_before);
}

#define CANCEL_OPS 400000

static struct accel_io *cancelled_io;
static volatile unsigned char *awaited; /* the first byte that is read */
static pthread_t runner;

static void cancel_from_handler(int number)
{
	(void)number;
	accel_io_cancel(cancelled_io);
}

/* Sends the signal to the thread that runs, once something was read. */
static void *cancel_soon(void *argument)
{
	while (!*awaited)
		;
	pthread_kill(runner, SIGUSR1);
	return argument;
}

static void do_cancelled_meanwhile(struct io_fixture *f, struct accel_io *io)
{
	unsigned char *buffer = malloc(CANCEL_OPS * 16);
	struct accel_io_op *ops = calloc(CANCEL_OPS, sizeof(*ops));
	int fd = io_fixture_file(f, "good", BYTES), tries, err = 0;
	pthread_t thread;
	size_t i, done = 0;

	assert_true(buffer && ops);
	cancelled_io = io;
	awaited = buffer;
	runner = pthread_self();
	/* on a busy machine the signal may come when all is done */
	for (tries = 0; tries < 10 && !err; tries++) {
		accel_io_resume(io);
		memset(buffer, 0, CANCEL_OPS * 16);
		for (i = 0; i < CANCEL_OPS; i++) /* all of the same bytes, so that none is merged; byte 1 is not 0 */
			ops[i] = (struct accel_io_op){
				.fd = fd, .kind = ACCEL_IO_READ, .offset = 1, .bytes = 16, .buffer = buffer + 16 * i
			};
		assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
		err = accel_io_run(io, ops, CANCEL_OPS);
		pthread_join(thread, NULL);
	}
	assert_int_equal(err, -ECANCELED);
	for (i = 0; i < CANCEL_OPS; i++) {
		assert_true(ops[i].result == 16 || ops[i].result == -ECANCELED);
		assert_int_equal(ops[i].result == 16, buffer[16 * i] == io_fixture_byte(1));
		done += ops[i].result == 16;
	}
	assert_in_range(done, 1, CANCEL_OPS - 1);
	close(fd);
	free(ops);
	free(buffer);
}

/* From a signal handler: what was read has its result, what was not started has not. */
static void test_cancelled_meanwhile(void **state)
{
	struct sigaction action = { .sa_handler = cancel_from_handler }, before;

	assert_int_not_equal(io_fixture_byte(1), 0);
	sigaction(SIGUSR1, &action, &before);
	io_fixture_each(*state, defaults, do_cancelled_meanwhile);
	sigaction(SIGUSR1, &before, NULL);
}

/* --- a system that has no io_uring, or refuses it --- */

static int read_two(struct accel_io *io, int dir, int fd)
{
	unsigned char buffer[100];
	struct accel_io_op ops[] = {
		{ .fd = fd, .kind = ACCEL_IO_READ, .offset = 5, .bytes = 100, .buffer = buffer },
		{ .path = "good", .fd = dir, .kind = ACCEL_IO_WARM, .bytes = ACCEL_IO_TO_END },
	};

	if (accel_io_run(io, ops, 2))
		return 11;
	return ops[0].result != 100 || ops[1].result != BYTES || buffer[7] != io_fixture_byte(12);
}

/* In a child, where the system call is refused: the exit status. */
static int without(int dir, int fd, int number, int err)
{
	const struct accel_io_config asked = { .backend = ACCEL_IO_BACKEND_URING };
	char want[100];
	struct accel_io *io;

	io_fixture_refuse(number, 0, err);
	if (accel_io_open(&asked, &io) != -ENOTSUP)
		return 1;
	if (accel_io_open(NULL, &io))
		return 2;
	snprintf(want, sizeof(want), "threads (io_uring: %s)", strerror(err));
	if (strcmp(accel_io_description(io), want))
		return 3;
	if (read_two(io, dir, fd))
		return 4;
	accel_io_close(io);
	return 0;
}

static void assert_survived(struct io_fixture *f, int number, int err)
{
	int fd = io_fixture_file(f, "good", BYTES), said = io_fixture_file(f, "said", 0), status;
	struct stat stat;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		dup2(said, STDOUT_FILENO);
		dup2(said, STDERR_FILENO);
		_exit(without(f->dir, fd, number, err));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(fstat(said, &stat), 0);
	assert_int_equal(stat.st_size, 0);
	close(said);
	close(fd);
}

/* Refused at the door, as seccomp, the sysctl, and kernels without it do: threads instead, the reason named, no noise. */
static void test_uring_refused(void **state)
{
	if (!io_fixture_can_refuse())
		skip();
	assert_survived(*state, SYS_io_uring_setup, EPERM);
	assert_survived(*state, SYS_io_uring_setup, ENOSYS);
	assert_survived(*state, SYS_io_uring_setup, ENOMEM);
}

/* Let in, and refused when it is used. */
static void test_uring_refused_later(void **state)
{
	if (!io_fixture_can_refuse())
		skip();
	assert_survived(*state, SYS_io_uring_enter, EPERM);
	assert_survived(*state, SYS_io_uring_enter, EACCES);
}

/* What accel_io_open() does not take. */
static void test_bad_config(void **state)
{
	const struct accel_io_config bad = { .backend = (enum accel_io_backend)7 };
	struct accel_io *io = NULL;

	(void)state;
	assert_int_equal(accel_io_open(&bad, &io), -EINVAL);
	assert_null(io);
	accel_io_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bad_operations, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_bad_paths, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_bad_buffer, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_exchanged, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_cancelled_before, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_cancelled_meanwhile, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_uring_refused, io_fixture_make, io_fixture_remove),
		cmocka_unit_test_setup_teardown(test_uring_refused_later, io_fixture_make, io_fixture_remove),
		cmocka_unit_test(test_bad_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
