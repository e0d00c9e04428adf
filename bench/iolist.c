/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Reads a list of 4 KiB blocks past the page cache, and says how long that took and how much CPU time:
 *
 *   iolist pread FILE LIST           one after another, in the order of the list
 *   iolist bare FILE LIST DEPTH      by io_uring, with nothing around it: what an operation costs at least
 *   iolist uring|threads|auto FILE LIST DEPTH    by the engine; depth 0: its own choice
 *
 * LIST holds offsets, 64 bits each. In the end each block is compared with its offset, which it starts with.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "accel_io.h"

#define BLOCK 4096
#define DEPTH_MAX 1024

struct list {
	uint64_t *offset;
	size_t n;
	char *blocks; /* what was read, in the order of the list */
	int fd;
};

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "iolist: %s: %s\n", what, strerror(err));
	return 1;
}

static int open_list(const char *file, const char *path, struct list *ret)
{
	FILE *stream = fopen(path, "re");
	struct stat stat;

	ret->fd = open(file, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (!stream || ret->fd < 0 || fstat(fileno(stream), &stat))
		return fail(ret->fd < 0 ? file : path, errno);
	ret->n = (size_t)stat.st_size / sizeof(*ret->offset);
	ret->offset = malloc(ret->n * sizeof(*ret->offset));
	ret->blocks = aligned_alloc(BLOCK, ret->n * BLOCK);
	if (!ret->offset || !ret->blocks || fread(ret->offset, sizeof(*ret->offset), ret->n, stream) != ret->n)
		return fail(path, ENOMEM);
	fclose(stream);
	memset(ret->blocks, 0xff, ret->n * BLOCK); /* page faults are nobody's */
	return 0;
}

static int check(const struct list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (memcmp(list->blocks + i * BLOCK, &list->offset[i], sizeof(list->offset[i])) != 0)
			return fail("a block is not what was written", EIO);
	return 0;
}

static int run_pread(const struct list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (pread(list->fd, list->blocks + i * BLOCK, BLOCK, (off_t)list->offset[i]) != BLOCK)
			return fail("pread", errno);
	return 0;
}

/* Completions are taken one batch at a time, and as many are submitted anew. */
static int run_bare(const struct list *list, unsigned int depth)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	struct io_uring ring;
	size_t next = 0, done = 0;
	unsigned int room = depth < DEPTH_MAX ? depth : DEPTH_MAX;
	int err = io_uring_queue_init_params(DEPTH_MAX, &ring, &params);

	if (err)
		return fail("io_uring", -err);
	while (done < list->n) {
		struct io_uring_cqe *cqe;
		unsigned int head, count = 0;

		for (; room && next < list->n; room--, next++) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

			io_uring_prep_read(sqe, list->fd, list->blocks + next * BLOCK, BLOCK, list->offset[next]);
		}
		err = io_uring_submit_and_wait(&ring, 1);
		if (err < 0)
			return fail("io_uring", -err);
		io_uring_for_each_cqe(&ring, head, cqe)
		{
			if (cqe->res != BLOCK)
				return fail("io_uring", cqe->res < 0 ? -cqe->res : EIO);
			count++;
		}
		io_uring_cq_advance(&ring, count);
		room += count;
		done += count;
	}
	io_uring_queue_exit(&ring);
	return 0;
}

static int run_engine(const struct list *list, enum accel_io_backend backend, unsigned int depth)
{
	const struct accel_io_config config = { .backend = backend, .depth = depth };
	struct accel_io_op *ops = calloc(list->n, sizeof(*ops));
	struct accel_io *io;
	size_t i;
	int err = ops ? accel_io_open(&config, &io) : -ENOMEM;

	if (err)
		return fail("accel_io_open", -err);
	for (i = 0; i < list->n; i++)
		ops[i] = (struct accel_io_op){ .fd = list->fd,
					       .kind = ACCEL_IO_READ,
					       .offset = list->offset[i],
					       .bytes = BLOCK,
					       .buffer = list->blocks + i * BLOCK };
	err = accel_io_run(io, ops, list->n);
	if (err)
		return fail("accel_io_run", -err);
	for (i = 0; i < list->n; i++)
		if (ops[i].result != BLOCK)
			return fail("a read", ops[i].result < 0 ? (int)-ops[i].result : EIO);
	printf("description=%s\n", accel_io_description(io));
	accel_io_close(io);
	free(ops);
	return 0;
}

static int run(const char *how, const struct list *list, unsigned int depth)
{
	if (!strcmp(how, "pread"))
		return run_pread(list);
	if (!strcmp(how, "bare"))
		return run_bare(list, depth);
	if (!strcmp(how, "uring"))
		return run_engine(list, ACCEL_IO_BACKEND_URING, depth);
	if (!strcmp(how, "threads"))
		return run_engine(list, ACCEL_IO_BACKEND_THREADS, depth);
	return run_engine(list, ACCEL_IO_BACKEND_AUTO, depth);
}

int main(int argc, char **argv)
{
	struct list list = { .fd = -1 };
	double wall, cpu;

	if (argc < 4) {
		fprintf(stderr, "usage: %s pread|bare|uring|threads|auto FILE LIST [DEPTH]\n", argv[0]);
		return 2;
	}
	if (open_list(argv[2], argv[3], &list))
		return 1;
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (run(argv[1], &list, argc > 4 ? (unsigned int)atoi(argv[4]) : 0))
		return 1;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	if (check(&list))
		return 1;
	printf("operations=%zu seconds=%.6f cpu_seconds=%.6f\n", list.n, wall, cpu);
	return 0;
}
