/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Transfers by io_uring: one thread that keeps the device busy. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/backend.h"
#include "util/clock.h"

#define FILES_MAX 64 /* registered: more would cost more than they save */
#define WITNESS FILES_MAX /* where in their table the ring's own one is */
#define PINNED_TRANSFERS 1024 /* at least, that registering their buffers pays, */
#define PINNED_MAX (1ULL << 30) /* bytes that the kernel takes as one buffer, */
#define PINNED_DENSE(used, span) ((used) >= (span) / 8 * 7) /* and how full of buffers they must be */
#define WAIT_SHARE 8 /* a turn is taken when that part of what is under way is done, */
#define WAIT_MAX 16 /* or so many */

struct flight {
	struct transfer transfer;
	uint64_t start_ns;
	uint32_t number; /* of the requests that were put into the ring */
	bool started; /* it is the ring's */
	bool left; /* of a ring that broke: to be done in another way */
};

struct uring {
	struct io_uring ring;
	pid_t owner; /* thread; 0: there is no ring */
	int witness; /* end of a pipe whose other end is only the kernel's: closed there when nothing is under way */
	bool has_files; /* there is room for registered files */
	bool files_used; /* they are registered now */
	uint32_t number; /* of the last request */
	uintptr_t pinned, pinned_end; /* memory that is registered as a buffer; both 0: none */
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

static void forget_ring(struct uring *u)
{
	close(u->witness);
	u->owner = 0;
	u->files_used = false;
	u->pinned = u->pinned_end = 0;
}

static void drop_ring(struct uring *u)
{
	if (!u->owner)
		return;
	io_uring_queue_exit(&u->ring);
	forget_ring(u);
}

/* Registers a pipe, and makes room for files in front of it if they may be so many. Returns 0 or -errno. */
static int add_witness(struct uring *u)
{
	int files[FILES_MAX + 1], pair[2], err;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	memset(files, 0xff, sizeof(files));
	files[WITNESS] = pair[1];
	u->has_files = !io_uring_register_files(&u->ring, files, FILES_MAX + 1);
	err = u->has_files ? 0 : io_uring_register_files(&u->ring, &pair[1], 1);
	close(pair[1]);
	if (err)
		close(pair[0]);
	else
		u->witness = pair[0];
	return err;
}

static int take_ring(struct uring *u)
{
	int err;

	drop_ring(u);
	err = make_ring(&u->ring);
	if (err)
		return err;
	err = try_ring(&u->ring);
	if (!err)
		err = add_witness(u);
	if (err)
		io_uring_queue_exit(&u->ring);
	else
		u->owner = gettid();
	return err;
}

/* Registers the files of a run, or takes them out, so that none is kept open. */
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
		memset(table, 0xff, sizeof(table));
		io_uring_register_files_update(&u->ring, 0, table, files->count);
	}
}

/* Memory that all operations which go past the page cache use, if they use it well. Returns its size, or 0. */
static size_t find_buffers(const struct work *work, uintptr_t *ret_start)
{
	uintptr_t start = UINTPTR_MAX, end = 0;
	uint64_t used = 0;
	uint32_t i, last = work->plan->request[work->end - 1].first + work->plan->request[work->end - 1].count;

	for (i = work->plan->request[work->next].first; i < last; i++) {
		const struct plan_entry *entry = &work->plan->entry[i];
		const struct accel_io_op *op = &work->ops[entry->op];
		uintptr_t buffer = (uintptr_t)op->buffer;

		if (!work->files->file[entry->file].direct || op->bytes > PINNED_MAX)
			return 0;
		start = buffer < start ? buffer : start;
		end = buffer + op->bytes > end ? buffer + op->bytes : end;
		used += op->bytes;
	}
	*ret_start = start;
	return end > start && end - start <= PINNED_MAX && PINNED_DENSE(used, end - start) ? end - start : 0;
}

/*
 * Past the page cache, the kernel pins the memory of each operation: all at once costs a sixth less CPU time. It may refuse,
 * for limits or for the kind of memory; then it is done one by one.
 */
static void pin_buffers(struct uring *u, const struct work *work)
{
	struct iovec memory;
	uintptr_t start = 0;
	size_t bytes;

	if (work->end - work->next < PINNED_TRANSFERS)
		return;
	bytes = find_buffers(work, &start);
	memory = (struct iovec){ (void *)start, bytes };
	if (!bytes || io_uring_register_buffers(&u->ring, &memory, 1))
		return;
	u->pinned = start;
	u->pinned_end = start + bytes;
}

static void unpin_buffers(struct uring *u)
{
	if (u->pinned_end)
		io_uring_unregister_buffers(&u->ring);
	u->pinned = u->pinned_end = 0;
}

static bool is_pinned(const struct uring *u, const struct iovec *iov)
{
	uintptr_t start = (uintptr_t)iov->iov_base;

	return start >= u->pinned && start < u->pinned_end && iov->iov_len <= u->pinned_end - start;
}

static void prepare_one(const struct uring *u, struct io_uring_sqe *sqe, const struct transfer *t, int fd)
{
	unsigned int bytes = (unsigned int)t->iov[0].iov_len;
	void *buffer = t->iov[0].iov_base;
	bool pinned = t->direct && is_pinned(u, &t->iov[0]);

	if (t->kind == ACCEL_IO_WRITE && pinned)
		io_uring_prep_write_fixed(sqe, fd, buffer, bytes, t->offset, 0);
	else if (t->kind == ACCEL_IO_WRITE)
		io_uring_prep_write(sqe, fd, buffer, bytes, t->offset);
	else if (pinned)
		io_uring_prep_read_fixed(sqe, fd, buffer, bytes, t->offset, 0);
	else
		io_uring_prep_read(sqe, fd, buffer, bytes, t->offset);
}

/* There is always room: the ring has as many entries as there are flights. */
static void start(struct uring *u, struct flight *flight)
{
	const struct transfer *t = &flight->transfer;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
	int fd = u->files_used ? (int)t->file : t->work->files->file[t->file].fd;

	if (t->iovs == 1)
		prepare_one(u, sqe, t, fd);
	else if (t->kind == ACCEL_IO_WRITE)
		io_uring_prep_writev(sqe, fd, t->iov, t->iovs, t->offset);
	else
		io_uring_prep_readv(sqe, fd, t->iov, t->iovs, t->offset);
	if (u->files_used)
		sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data(sqe, flight);
	flight->number = ++u->number;
	flight->started = true;
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
		flight->started = false;
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

/* --- a ring that works no longer --- */

/* What was prepared and never seen by the kernel: the last ones. */
static void take_back_unseen(struct uring *u)
{
	uint32_t unseen = io_uring_sq_ready(&u->ring), i;

	for (i = 0; i < BACKEND_DEPTH_MAX; i++) {
		struct flight *flight = &u->flight[i];

		if (flight->started && u->number - flight->number < unseen) {
			flight->started = false;
			flight->left = true;
		}
	}
}

/* Takes what is done. Returns how many the kernel still has. */
static unsigned int take_results(struct uring *u)
{
	unsigned int head, count = 0, i;
	struct io_uring_cqe *cqe;

	io_uring_for_each_cqe(&u->ring, head, cqe)
	{
		struct flight *flight = io_uring_cqe_get_data(cqe);

		count++;
		flight->started = false;
		flight->left = work_done(&flight->transfer, cqe->res);
	}
	io_uring_cq_advance(&u->ring, count);
	for (count = 0, i = 0; i < BACKEND_DEPTH_MAX; i++)
		count += u->flight[i].started;
	return count;
}

/*
 * Ends the ring and waits until the kernel has let go of all of it, which closes its end of the pipe: then nothing writes
 * into anybody's buffer any more. What it had done by then it cannot tell any more; to do that once more does no harm.
 */
static void end_ring(struct uring *u)
{
	struct pollfd witness = { .fd = u->witness };
	unsigned int i;

	io_uring_queue_exit(&u->ring);
	while (poll(&witness, 1, -1) <= 0)
		;
	forget_ring(u);
	for (i = 0; i < BACKEND_DEPTH_MAX; i++)
		u->flight[i].left |= u->flight[i].started;
}

/* The kernel may still write into buffers of the caller's: first that is over, then what is left is done without it. */
static void give_up_ring(struct uring *u)
{
	struct io_uring_cqe *cqe;
	unsigned int i;
	int err = 0;

	take_back_unseen(u);
	while (take_results(u) && (!err || err == -EINTR))
		err = io_uring_wait_cqe(&u->ring, &cqe);
	if (err && err != -EINTR)
		end_ring(u);
	else
		drop_ring(u);
	for (i = 0; i < BACKEND_DEPTH_MAX; i++) {
		struct flight *flight = &u->flight[i];

		while (flight->left && !work_is_cancelled(flight->transfer.work))
			flight->left = work_done(&flight->transfer, work_transfer(&flight->transfer));
		if (flight->left)
			work_cancel(&flight->transfer);
	}
}

static int run_uring(void *state, struct work *work, struct depth *depth)
{
	struct uring *u = state;
	int err = 0;

	if (u->owner != gettid())
		err = take_ring(u);
	if (err)
		return err;
	for (u->idle = 0; u->idle < BACKEND_DEPTH_MAX; u->idle++) {
		u->flight[u->idle].started = u->flight[u->idle].left = false;
		u->idle_flight[u->idle] = &u->flight[u->idle];
	}
	use_files(u, work->files, true);
	pin_buffers(u, work);
	err = do_all(u, work, depth);
	if (err) {
		give_up_ring(u);
		return err;
	}
	unpin_buffers(u);
	use_files(u, work->files, false);
	return 0;
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
