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

struct shift {
	pthread_mutex_t lock;
	struct work *work;
	struct cache cache;
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

static void do_job(struct shift *shift, const struct plan_request *job)
{
	const struct work *work = shift->work;
	const struct io_file *file = &work->files->file[work->plan->entry[job->first].file];
	uint32_t i;
	int fd;

	if (!file->path) {
		do_all(shift, job, file->fd);
		return;
	}
	fd = io_file_open(file, op_of(work, job->first)->kind);
	if (fd >= 0) {
		do_all(shift, job, fd);
		close(fd);
		return;
	}
	for (i = 0; i < job->count; i++)
		work_fail(op_of(work, job->first + i), fd);
}

static void take_part(void *context, unsigned int number)
{
	struct shift *shift = context;
	const struct plan_request *job;

	(void)number;
	do {
		pthread_mutex_lock(&shift->lock);
		job = work_next_job(shift->work);
		pthread_mutex_unlock(&shift->lock);
		if (job)
			do_job(shift, job);
	} while (job);
}

void jobs_run(struct work *work, unsigned int threads)
{
	struct shift shift = { .lock = PTHREAD_MUTEX_INITIALIZER, .work = work };

	if (work->next == work->end)
		return;
	cache_open(&shift.cache);
	crew_run(threads < work->end - work->next ? threads : work->end - work->next, take_part, &shift);
	cache_close(&shift.cache);
}
