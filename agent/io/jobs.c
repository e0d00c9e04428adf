/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a thread does by itself, at one go: open a file, read, write or bring it into the page cache, close it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "io/backend.h"
#include "io/cache.h"
#include "io/crew.h"

#define HAND 16 /* files that a thread has the kernel begin with before it waits for the first of them */

struct shift {
	pthread_mutex_t lock;
	pthread_cond_t closed; /* a file was */
	unsigned int open; /* files, and those that are being opened */
	struct work *work;
	unsigned int threads;
	struct cache cache;
};

struct job {
	const struct plan_request *request;
	int fd; /* or -errno */
};

static struct accel_io_op *op_of(const struct work *work, uint32_t entry)
{
	return &work->ops[work->plan->entry[entry].op];
}

/* One read or write to its end. */
static void transfer(const struct work *work, struct accel_io_op *op, int fd)
{
	uint64_t done = 0;
	unsigned int tries = 0;
	ssize_t n;

	while (done < op->bytes) {
		size_t bytes = op->bytes - done < PLAN_REQUEST_BYTES ? op->bytes - done : PLAN_REQUEST_BYTES;

		if (work_is_cancelled(work)) {
			work_fail(op, -ECANCELED);
			return;
		}
		if (op->kind == ACCEL_IO_WRITE)
			n = pwrite(fd, (char *)op->buffer + done, bytes, (off_t)(op->offset + done));
		else
			n = pread(fd, (char *)op->buffer + done, bytes, (off_t)(op->offset + done));
		if (n < 0 && (errno == EINTR || errno == EAGAIN) && ++tries < WORK_TRIES_MAX)
			continue;
		if (n < 0 || (!n && op->kind == ACCEL_IO_WRITE)) {
			work_fail(op, n < 0 ? -errno : -EIO);
			return;
		}
		if (!n)
			break;
		done += (size_t)n;
		tries = 0;
	}
	work_ends(op, op->offset + done);
}

static void do_all(struct shift *shift, const struct plan_request *job, int fd)
{
	struct work *work = shift->work;
	uint32_t i;

	if (op_of(work, job->first)->kind == ACCEL_IO_WARM)
		cache_fill(&shift->cache, work, job, fd);
	else
		for (i = 0; i < job->count; i++)
			transfer(work, op_of(work, job->first + i), fd);
}

static const struct io_file *file_of(const struct work *work, const struct plan_request *request)
{
	return &work->files->file[work->plan->entry[request->first].file];
}

static bool is_shortage(int fd)
{
	return fd == -EMFILE || fd == -ENFILE;
}

static void change_open(struct shift *shift, int by)
{
	pthread_mutex_lock(&shift->lock);
	shift->open += (unsigned int)by;
	if (by < 0)
		pthread_cond_broadcast(&shift->closed);
	pthread_mutex_unlock(&shift->lock);
}

/* Its file, opened if need be, or -errno. */
static int open_job(struct shift *shift, const struct plan_request *request)
{
	const struct io_file *file = file_of(shift->work, request);
	int fd;

	if (!file->path)
		return file->fd;
	change_open(shift, 1); /* opening takes a descriptor already */
	fd = io_file_open(file, op_of(shift->work, request->first)->kind);
	if (fd < 0)
		change_open(shift, -1);
	return fd;
}

/* There were no more descriptors: those that other threads have are waited for. The caller has none. */
static int open_late(struct shift *shift, const struct plan_request *request)
{
	int fd;

	pthread_mutex_lock(&shift->lock);
	for (;;) {
		fd = io_file_open(file_of(shift->work, request), op_of(shift->work, request->first)->kind);
		if (!is_shortage(fd) || !shift->open)
			break;
		pthread_cond_wait(&shift->closed, &shift->lock);
	}
	shift->open += fd >= 0;
	pthread_mutex_unlock(&shift->lock);
	return fd;
}

static void close_job(struct shift *shift, const struct job *job)
{
	if (!file_of(shift->work, job->request)->path)
		return;
	close(job->fd);
	change_open(shift, -1);
}

static void do_job(struct shift *shift, const struct job *job)
{
	const struct work *work = shift->work;
	const struct plan_request *request = job->request;
	uint32_t i;

	if (job->fd < 0) {
		for (i = 0; i < request->count; i++)
			work_fail(op_of(work, request->first + i), job->fd);
		return;
	}
	do_all(shift, request, job->fd);
	close_job(shift, job);
}

/* Towards the end each thread takes fewer, so that all have something to do until then. */
static unsigned int take_hand(struct shift *shift, struct job hand[HAND])
{
	const struct plan_request *request;
	struct work *work = shift->work;
	unsigned int count = 0;
	uint32_t most;

	pthread_mutex_lock(&shift->lock);
	most = (work->end - work->next) / (2 * shift->threads);
	most = most < 1 ? 1 : most < HAND ? most : HAND;
	while (count < most && (request = work_next_job(work))) {
		hand[count++].request = request;
		if (op_of(work, request->first)->kind != ACCEL_IO_WARM) /* nothing of it can be asked for ahead */
			break;
	}
	pthread_mutex_unlock(&shift->lock);
	return count;
}

static void take_part(void *context, unsigned int number)
{
	struct shift *shift = context;
	struct job hand[HAND];
	unsigned int count, i;

	(void)number;
	do {
		count = take_hand(shift, hand);
		for (i = 0; i < count; i++) {
			hand[i].fd = open_job(shift, hand[i].request);
			if (hand[i].fd >= 0 && count > 1)
				cache_ask(shift->work, hand[i].request, hand[i].fd);
		}
		for (i = 0; i < count; i++)
			if (!is_shortage(hand[i].fd))
				do_job(shift, &hand[i]);
		for (i = 0; i < count; i++)
			if (is_shortage(hand[i].fd)) {
				hand[i].fd = open_late(shift, hand[i].request);
				do_job(shift, &hand[i]);
			}
	} while (count);
}

void jobs_run(struct work *work, unsigned int threads)
{
	struct shift shift = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .closed = PTHREAD_COND_INITIALIZER, .work = work, .threads = threads
	};

	if (work->next == work->end)
		return;
	cache_open(&shift.cache);
	crew_run(threads < work->end - work->next ? threads : work->end - work->next, take_part, &shift);
	cache_close(&shift.cache);
}
