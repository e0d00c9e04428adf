/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Transfers by io_uring: one thread that keeps the device busy. */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/backend.h"
#include "util/clock.h"

#define FILES_MAX 64 /* registered: more would cost more than they save */
#define WAIT_SHARE 8 /* a turn is taken when that part of what is under way is done, */
#define WAIT_MAX 16 /* or so many */

struct flight {
	struct transfer transfer;
	uint64_t start_ns;
};

struct uring {
	struct io_uring ring;
	pid_t owner; /* thread; 0: there is no ring */
	bool has_files; /* it has a table for registered files */
	bool files_used; /* they are in it now */
	unsigned int idle; /* of the flights */
	struct flight *idle_flight[BACKEND_DEPTH_MAX];
	struct flight flight[BACKEND_DEPTH_MAX];
};

/* The kernel tells only by trying which of these it has, each better than the next. */
static int make_ring(struct io_uring *ret)
{
	static const unsigned int ways[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		0,
	};
	int err = -EINVAL;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]) && err == -EINVAL; i++) {
		struct io_uring_params params = { .flags = ways[i] };

		err = io_uring_queue_init_params(BACKEND_DEPTH_MAX, ret, &params);
	}
	return err;
}

/* A ring that was made need not work: what may be called is decided call by call. */
static int try_ring(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	bool able;
	int err;

	able = probe && io_uring_opcode_supported(probe, IORING_OP_READ) &&
	       io_uring_opcode_supported(probe, IORING_OP_WRITE) && io_uring_opcode_supported(probe, IORING_OP_READV) &&
	       io_uring_opcode_supported(probe, IORING_OP_WRITEV);
	if (probe)
		io_uring_free_probe(probe);
	sqe = able ? io_uring_get_sqe(ring) : NULL;
	if (!sqe)
		return -EOPNOTSUPP;
	io_uring_prep_nop(sqe);
	err = io_uring_submit_and_wait(ring, 1);
	if (err < 0)
		return err;
	err = io_uring_peek_cqe(ring, &cqe);
	if (!err)
		io_uring_cqe_seen(ring, cqe);
	return err;
}

static void drop_ring(struct uring *u)
{
	if (u->owner)
		io_uring_queue_exit(&u->ring);
	u->owner = 0;
}

static int take_ring(struct uring *u)
{
	int files[FILES_MAX], err;

	drop_ring(u);
	err = make_ring(&u->ring);
	if (err)
		return err;
	u->owner = gettid();
	err = try_ring(&u->ring);
	if (err) {
		drop_ring(u);
		return err;
	}
	memset(files, 0xff, sizeof(files));
	u->has_files = !io_uring_register_files(&u->ring, files, FILES_MAX);
	io_uring_register_ring_fd(&u->ring); /* newer kernels; it is as good without */
	return 0;
}

/* Puts the files of a run into the table, or takes them out, so that none is kept open. */
static void use_files(struct uring *u, const struct io_files *files, bool use)
{
	int table[FILES_MAX];
	uint32_t i;

	if (!u->has_files || files->count > FILES_MAX || (!use && !u->files_used))
		return;
	for (i = 0; i < files->count; i++)
		table[i] = use && !files->file[i].path && !files->file[i].err ? files->file[i].fd : -1;
	u->files_used = use;
	if (io_uring_register_files_update(&u->ring, 0, table, files->count) != (int)files->count) {
		u->has_files = false;
		u->files_used = false;
		io_uring_unregister_files(&u->ring);
	}
}

/* There is always room: the ring has as many entries as there are flights. */
static void start(struct uring *u, struct flight *flight)
{
	const struct transfer *t = &flight->transfer;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
	int fd = u->files_used ? (int)t->file : t->work->files->file[t->file].fd;

	if (t->iovs == 1 && t->kind == ACCEL_IO_WRITE)
		io_uring_prep_write(sqe, fd, t->iov[0].iov_base, (unsigned int)t->iov[0].iov_len, t->offset);
	else if (t->iovs == 1)
		io_uring_prep_read(sqe, fd, t->iov[0].iov_base, (unsigned int)t->iov[0].iov_len, t->offset);
	else if (t->kind == ACCEL_IO_WRITE)
		io_uring_prep_writev(sqe, fd, t->iov, t->iovs, t->offset);
	else
		io_uring_prep_readv(sqe, fd, t->iov, t->iovs, t->offset);
	if (u->files_used)
		sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data(sqe, flight);
}

static unsigned int under_way(const struct uring *u)
{
	return BACKEND_DEPTH_MAX - u->idle;
}

static void start_more(struct uring *u, struct work *work, unsigned int depth)
{
	uint64_t now_ns = clock_monotonic_ns();

	while (u->idle && under_way(u) < depth && work_next(work, &u->idle_flight[u->idle - 1]->transfer)) {
		struct flight *flight = u->idle_flight[--u->idle];

		flight->start_ns = now_ns;
		start(u, flight);
	}
}

static unsigned int finish(struct uring *u, struct depth *depth)
{
	uint64_t now_ns = clock_monotonic_ns(), latency_ns = 0;
	unsigned int head, count = 0;
	struct io_uring_cqe *cqe;

	io_uring_for_each_cqe(&u->ring, head, cqe)
	{
		struct flight *flight = io_uring_cqe_get_data(cqe);

		count++;
		latency_ns += now_ns - flight->start_ns;
		flight->start_ns = now_ns;
		if (work_done(&flight->transfer, cqe->res))
			start(u, flight);
		else
			u->idle_flight[u->idle++] = flight;
	}
	io_uring_cq_advance(&u->ring, count);
	depth_count(depth, count, latency_ns, now_ns);
	return count;
}

static int do_all(struct uring *u, struct work *work, struct depth *depth)
{
	unsigned int wait, tries = 0;
	int n;

	for (;;) {
		start_more(u, work, depth->now);
		if (!under_way(u))
			return 0;
		wait = under_way(u) / WAIT_SHARE < WAIT_MAX ? under_way(u) / WAIT_SHARE : WAIT_MAX;
		n = io_uring_submit_and_wait(&u->ring, wait ? wait : 1);
		if (n < 0 && n != -EINTR && n != -EAGAIN && n != -EBUSY)
			return n;
		if (finish(u, depth))
			tries = 0;
		else if (n < 0 && n != -EINTR && ++tries > WORK_TRIES_MAX)
			return n;
	}
}

static int run_uring(void *state, struct work *work, struct depth *depth)
{
	struct uring *u = state;
	unsigned int i;
	int err = 0;

	if (u->owner != gettid())
		err = take_ring(u);
	if (err)
		return err;
	for (u->idle = 0; u->idle < BACKEND_DEPTH_MAX; u->idle++) {
		u->flight[u->idle].transfer.count = 0;
		u->idle_flight[u->idle] = &u->flight[u->idle];
	}
	use_files(u, work->files, true);
	err = do_all(u, work, depth);
	if (!err) {
		use_files(u, work->files, false);
		return 0;
	}
	drop_ring(u);
	for (i = 0; i < u->idle; i++)
		u->idle_flight[i]->transfer.count = 0;
	for (i = 0; i < BACKEND_DEPTH_MAX; i++)
		work_give_up(&u->flight[i].transfer, err);
	return err;
}

static int open_uring(void **ret_state)
{
	struct uring *u = calloc(1, sizeof(*u));
	int err = u ? take_ring(u) : -ENOMEM;

	if (err)
		free(u);
	else
		*ret_state = u;
	return err;
}

static void close_uring(void *state)
{
	struct uring *u = state;

	if (!u)
		return;
	drop_ring(u);
	free(u);
}

const struct backend backend_uring = {
	.name = "io_uring",
	.open = open_uring,
	.run = run_uring,
	.close = close_uring,
};
