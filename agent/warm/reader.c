/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Reads files that one thread hands in, in batches, on another one. */
#include "warm/reader.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "accel_io.h"
#include "sys/resident.h"
#include "util/clock.h"
#include "warm/counts.h"
#include "warm/leftover.h"
#include "warm/scan.h"

#define BATCHES 3 /* one is filled, one waits, one is read */
#define BATCH_OPS 8192
#define PIECE_BYTES (2ULL << 20) /* of a large file: what is resident is found, and stopping is heeded, by piece */

/*
 * A batch is as large as what can be read in a tenth of a second: the progress shows that often. Opening and seeking
 * for a file weighs like some bytes.
 */
#define BATCH_SECONDS 0.1
#define FILE_WEIGHT 32768
#define WEIGHT_FIRST (2ULL << 20)
#define WEIGHT_MIN (1ULL << 20)
#define WEIGHT_MAX (512ULL << 20)

struct batch {
	struct accel_io_op ops[BATCH_OPS];
	bool last[BATCH_OPS]; /* of its file, which is closed then */
	size_t count;
	size_t files; /* that begin in it */
	uint64_t weight;
};

struct reader {
	struct reader_config config;
	_Atomic uint64_t weight_max;
	bool failing; /* the file of the next operation had one that failed */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int filled, done; /* batches so far */
	bool ended; /* nothing comes after what is filled */
	bool broken; /* nothing is read any more */

	struct batch batches[BATCHES];
};

struct reader *reader_new(const struct reader_config *config)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->config = *config;
	r->weight_max = WEIGHT_FIRST;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static bool is_stopped(const struct reader *r)
{
	return r->broken || atomic_load(r->config.stop);
}

void reader_stop(struct reader *r)
{
	pthread_mutex_lock(&r->lock);
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

/* The batch that is filled is handed over. Returns 0 once there is an empty one, or -ECANCELED. */
static int hand_over(struct reader *r)
{
	struct batch *next;
	int err = 0;

	pthread_mutex_lock(&r->lock);
	r->filled++;
	pthread_cond_broadcast(&r->changed);
	while (r->filled - r->done == BATCHES && !is_stopped(r))
		pthread_cond_wait(&r->changed, &r->lock);
	if (is_stopped(r))
		err = -ECANCELED;
	pthread_mutex_unlock(&r->lock);
	next = &r->batches[r->filled % BATCHES];
	if (!err)
		next->count = next->files = next->weight = 0;
	return err;
}

static bool is_full(const struct reader *r, const struct batch *batch, bool first)
{
	return batch->count == BATCH_OPS || batch->weight >= r->weight_max ||
	       (first && batch->files >= r->config.files_max / BATCHES);
}

static int add(struct reader *r, int fd, uint64_t offset, uint64_t bytes, bool first)
{
	struct batch *batch = &r->batches[r->filled % BATCHES];

	if (batch->count && is_full(r, batch, first)) {
		int err = hand_over(r);

		if (err)
			return err;
		batch = &r->batches[r->filled % BATCHES];
	}
	batch->ops[batch->count] = (struct accel_io_op){
		.fd = fd,
		.kind = ACCEL_IO_WARM,
		.offset = offset,
		.bytes = bytes,
	};
	batch->last[batch->count++] = false;
	batch->files += first;
	batch->weight += bytes + FILE_WEIGHT * first;
	return 0;
}

/* A file of which a part is resident is cut where that begins and ends, in whole pieces. */
static bool is_resident(const struct scan_file *file, uint64_t offset, uint64_t bytes)
{
	uint64_t resident = 0;

	return file->resident_bytes && !sys_resident(file->fd, offset, bytes, &resident) && resident == bytes;
}

int reader_take(void *context, const struct scan_file *file)
{
	struct reader *r = context;
	uint64_t offset, bytes;
	struct batch *batch;
	bool first = true;

	for (offset = 0; offset < file->bytes; offset += bytes) {
		bytes = file->bytes - offset < PIECE_BYTES ? file->bytes - offset : PIECE_BYTES;
		if (is_resident(file, offset, bytes))
			continue;
		if (add(r, file->fd, offset, bytes, first)) {
			if (first)
				close(file->fd); /* else it is in use, until the process ends */
			return -ECANCELED;
		}
		first = false;
	}
	if (first) { /* all of it has become resident */
		r->config.counts->read_files++;
		close(file->fd);
		return 0;
	}
	batch = &r->batches[r->filled % BATCHES];
	batch->last[batch->count - 1] = true;
	return 0;
}

void reader_end(struct reader *r)
{
	pthread_mutex_lock(&r->lock);
	if (r->filled - r->done < BATCHES && r->batches[r->filled % BATCHES].count)
		r->filled++;
	r->ended = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

/* Waits for a batch to read. Returns NULL at the end. */
static struct batch *next_batch(struct reader *r)
{
	struct batch *batch = NULL;

	pthread_mutex_lock(&r->lock);
	while (r->filled == r->done && !r->ended && !is_stopped(r))
		pthread_cond_wait(&r->changed, &r->lock);
	if (r->filled != r->done)
		batch = &r->batches[r->done % BATCHES];
	pthread_mutex_unlock(&r->lock);
	return batch;
}

static void give_back(struct reader *r, struct batch *batch, bool broken)
{
	pthread_mutex_lock(&r->lock);
	batch->count = batch->files = batch->weight = 0;
	r->done++;
	r->broken |= broken;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

/* Names are not kept for files that can be read, as nearly all can. */
static void report(const struct reader *r, int fd, int err)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	leftovers_fail(r->config.leftovers, n > 0 ? path : NULL, err);
}

/* Counts what was read, and closes the files that are done. */
static void settle(struct reader *r, const struct batch *batch)
{
	struct warm_counts *counts = r->config.counts;
	size_t i;

	for (i = 0; i < batch->count; i++) {
		const struct accel_io_op *op = &batch->ops[i];

		if (op->result >= 0)
			counts->read_bytes += (uint64_t)op->result;
		else if (op->result != -ECANCELED && !r->failing) /* each file once */
			report(r, op->fd, (int)op->result);
		if (op->result != -ECANCELED)
			counts->settled_bytes += op->bytes;
		r->failing |= op->result < 0;
		if (!batch->last[i])
			continue;
		counts->read_files += !r->failing;
		r->failing = false;
		close(op->fd);
	}
}

/* So many seconds for this batch: the next ones are to take BATCH_SECONDS. */
static void adapt(struct reader *r, const struct batch *batch, double seconds)
{
	double wanted = seconds > 0 ? (double)batch->weight * BATCH_SECONDS / seconds : (double)WEIGHT_MAX;

	if (wanted > 4 * (double)r->weight_max)
		wanted = 4 * (double)r->weight_max;
	if (wanted < (double)WEIGHT_MIN)
		wanted = (double)WEIGHT_MIN;
	r->weight_max = wanted < (double)WEIGHT_MAX ? (uint64_t)wanted : WEIGHT_MAX;
}

static int read_batch(struct reader *r, struct batch *batch)
{
	uint64_t start = clock_monotonic_ns();
	size_t i;
	int err;

	for (i = 0; i < batch->count; i++)
		batch->ops[i].result = -ECANCELED;
	err = is_stopped(r) ? -ECANCELED : accel_io_run(r->config.io, batch->ops, batch->count);
	if (!err)
		adapt(r, batch, (double)(clock_monotonic_ns() - start) / 1e9);
	settle(r, batch);
	return err;
}

int reader_run(struct reader *r)
{
	struct batch *batch;
	int err = 0;

	while ((batch = next_batch(r))) {
		int failed = read_batch(r, batch);

		if (failed && failed != -ECANCELED)
			err = failed;
		give_back(r, batch, err);
	}
	return err;
}
