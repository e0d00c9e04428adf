/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Bringing ranges of a file into the page cache. readahead(2) starts reading and says neither when it is done nor whether
 * it failed; so what it started is then sent to /dev/null, which waits for each page, reports its errors, and copies none.
 */
#include "io/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_BYTES \
	(128U << 10) /* readahead(2) drops what is more than the device's own readahead, 128 KiB by default */
#define AHEAD_BYTES (4U << 20) /* under way in front of what is waited for */
#define AHEAD_OPS 64
#define COPY_BYTES 65536

/* What was asked of readahead(2). */
struct ahead {
	uint32_t entry, end; /* the next one, of those of the job */
	uint64_t at; /* where in it; only if it was begun */
	bool begun;
	uint64_t asked, waited; /* bytes, all in all */
};

void cache_open(struct cache *ret)
{
	ret->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
}

void cache_close(struct cache *cache)
{
	if (cache->null >= 0)
		close(cache->null);
}

static struct accel_io_op *op_of(const struct work *work, uint32_t entry)
{
	return &work->ops[work->plan->entry[entry].op];
}

static uint64_t end_of(const struct accel_io_op *op, uint64_t file_bytes)
{
	uint64_t end = op->bytes > INT64_MAX - op->offset ? INT64_MAX : op->offset + op->bytes;

	return end < file_bytes ? end : file_bytes;
}

/* Asks for parts until enough are under way. What is short needs none of this: waiting for it asks for all of it. */
static void ask_ahead(struct ahead *a, const struct work *work, uint32_t current, uint64_t file_bytes, int fd)
{
	while (a->entry < a->end && a->entry < current + AHEAD_OPS && a->asked < a->waited + AHEAD_BYTES) {
		const struct accel_io_op *op = op_of(work, a->entry);
		uint64_t end = end_of(op, file_bytes), bytes;

		if (!a->begun)
			a->at = op->offset;
		a->begun = a->at < end;
		if (!a->begun) {
			a->entry++;
			continue;
		}
		bytes = end - a->at < PART_BYTES ? end - a->at : PART_BYTES;
		readahead(fd, (off_t)a->at, bytes); /* a hint: errors are found when it is waited for */
		a->at += bytes;
		a->asked += bytes;
	}
}

static ssize_t copy_part(int fd, uint64_t at, size_t bytes)
{
	char waste[COPY_BYTES];

	return pread(fd, waste, bytes < sizeof(waste) ? bytes : sizeof(waste), (off_t)at);
}

/* Returns bytes, 0 at the end of the file, or -errno. */
static int64_t wait_for_part(const struct cache *cache, int fd, uint64_t at, size_t bytes)
{
	off_t position = (off_t)at;
	ssize_t n = -1;

	do {
		errno = EINVAL;
		if (cache->null >= 0)
			n = sendfile(cache->null, fd, &position, bytes);
		if (n < 0 && errno == EINVAL) /* a file system that cannot */
			n = copy_part(fd, at, bytes);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* An operation is over, maybe before its end: nothing of it is asked for or waited for any more. */
static void skip_rest(struct ahead *a, uint32_t entry, uint64_t at, uint64_t end)
{
	if (a->entry <= entry) {
		a->entry = entry + 1;
		a->begun = false;
		a->waited = a->asked;
	} else if (at < end) {
		a->waited += end - at;
	}
}

static void wait_for(const struct cache *cache, struct ahead *ahead, const struct work *work, uint32_t entry,
		     uint64_t file_bytes, int fd)
{
	struct accel_io_op *op = op_of(work, entry);
	uint64_t at = op->offset, end = end_of(op, INT64_MAX);
	int64_t n = 0;

	while (at < end) {
		n = -ECANCELED;
		if (!work_is_cancelled(work)) {
			ask_ahead(ahead, work, entry, file_bytes, fd);
			n = wait_for_part(cache, fd, at, end - at < PART_BYTES ? end - at : PART_BYTES);
		}
		if (n <= 0)
			break;
		at += (uint64_t)n;
		ahead->waited += (uint64_t)n;
	}
	if (n < 0)
		work_fail(op, (int)n);
	else
		work_ends(op, at);
	skip_rest(ahead, entry, at, end_of(op, file_bytes));
}

void cache_fill(const struct cache *cache, const struct work *work, const struct plan_request *job, int fd)
{
	struct ahead ahead = { .entry = job->first, .end = job->first + job->count };
	struct stat stat;
	uint64_t file_bytes;
	uint32_t i;

	file_bytes = fstat(fd, &stat) < 0 ? 0 : S_ISBLK(stat.st_mode) ? INT64_MAX : (uint64_t)stat.st_size;
	/* one short range is read as a whole by the first part that is waited for */
	if (job->count == 1 &&
	    end_of(op_of(work, job->first), file_bytes) - op_of(work, job->first)->offset <= PART_BYTES / 2)
		ahead.entry = ahead.end;
	for (i = 0; i < job->count; i++)
		wait_for(cache, &ahead, work, job->first + i, file_bytes, fd);
}
