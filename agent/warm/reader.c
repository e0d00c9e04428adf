/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Reads files that one thread hands in, in batches, on another one. */
#include "warm/reader.h"

#include <errno.h>
#include <fcntl.h>
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
#include "warm/data.h"
#include "warm/kept.h"
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
	uint32_t missing[BATCH_OPS]; /* bytes that are not in memory, at most PIECE_BYTES */
	bool last[BATCH_OPS]; /* of its file, which is closed then */
	size_t count;
	size_t files; /* that begin in it */
	uint64_t weight;
};

struct reader {
	struct reader_config config;
	_Atomic uint64_t weight_max;
	bool failing; /* the file of the next operation had one that failed */
	uint64_t file_bytes; /* that were read of it so far */
	struct kept *kept;

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
	r->kept = kept_new(config->kept_max);
	if (!r->kept) {
		free(r);
		return NULL;
	}
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	kept_free(r->kept);
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

/* Adds a piece, of which so many bytes are missing. Returns 0 or -ECANCELED. */
static int add(struct reader *r, int fd, const struct data_range *piece, uint64_t missing, bool first)
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
		.offset = piece->offset,
		.bytes = piece->bytes,
	};
	batch->missing[batch->count] = (uint32_t)missing;
	batch->last[batch->count++] = false;
	batch->files += first;
	batch->weight += piece->bytes + FILE_WEIGHT * first;
	return 0;
}

/* A file of which a part is resident is cut where that begins and ends, in whole pieces. */
static uint64_t missing_of(const struct scan_file *file, const struct data_range *piece)
{
	uint64_t resident = 0;

	if (file->resident_bytes)
		sys_resident(file->fd, piece->offset, piece->bytes, &resident);
	return piece->bytes - resident;
}

/*
 * Adds what is missing of a range. *first: nothing of the file was added yet. *planned: missing bytes that were counted
 * when the file was found, and not added yet; a few may have come or gone since then. Returns 0 or -ECANCELED.
 */
static int add_range(struct reader *r, const struct scan_file *file, const struct data_range *range, uint64_t *planned,
		     bool *first)
{
	uint64_t end = range->offset + range->bytes, missing;
	struct data_range piece;

	for (piece.offset = range->offset; piece.offset < end; piece.offset += piece.bytes) {
		piece.bytes = end - piece.offset < PIECE_BYTES ? end - piece.offset : PIECE_BYTES;
		missing = missing_of(file, &piece);
		if (!missing)
			continue;
		if (missing > *planned)
			missing = *planned;
		if (add(r, file->fd, &piece, missing, *first))
			return -ECANCELED;
		*planned -= missing;
		*first = false;
	}
	return 0;
}

int reader_take(void *context, const struct scan_file *file)
{
	uint64_t planned = file->data_bytes - file->resident_bytes;
	struct data_range range = { 0 };
	struct reader *r = context;
	struct batch *batch;
	bool first = true;

	while (data_next(file->fd, file->holes, range.offset + range.bytes, file->bytes, &range)) {
		if (add_range(r, file, &range, &planned, &first)) {
			if (first)
				close(file->fd); /* else it is in use, until the process ends */
			return -ECANCELED;
		}
	}
	r->config.counts->settled_bytes += planned; /* in memory meanwhile, or cut off */
	if (first) { /* all of it */
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

/* Pages that the disk failed to give stay, and count as in memory: the next run would not try them again. */
static void drop_failed(const struct accel_io_op *op)
{
	posix_fadvise(op->fd, (off_t)op->offset, (off_t)op->bytes, POSIX_FADV_DONTNEED);
}

/* A file is done with. */
static void finish(struct reader *r, int fd)
{
	r->config.counts->read_files += !r->failing;
	if (r->failing)
		close(fd);
	else
		kept_add(r->kept, fd, r->file_bytes);
	r->failing = false;
	r->file_bytes = 0;
}

/* missing: of its bytes, those that were not in memory. The others are passed over fast, and were not read. */
static void settle_op(struct reader *r, const struct accel_io_op *op, uint64_t missing)
{
	struct warm_counts *counts = r->config.counts;

	if (op->result == -ECANCELED) {
		r->failing = true;
		return;
	}
	counts->settled_bytes += missing;
	if (op->result >= 0) {
		if ((uint64_t)op->result < missing) /* it became shorter */
			missing = (uint64_t)op->result;
		counts->read_bytes += missing;
		r->file_bytes += missing;
		return;
	}
	if (!r->failing) /* each file once */
		report(r, op->fd, (int)op->result);
	drop_failed(op);
	r->failing = true;
}

/* Counts what was read. */
static void settle(struct reader *r, const struct batch *batch)
{
	size_t i;

	for (i = 0; i < batch->count; i++) {
		settle_op(r, &batch->ops[i], batch->missing[i]);
		if (batch->last[i])
			finish(r, batch->ops[i].fd);
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
	kept_check(r->kept, r->config.counts);
	return err;
}
