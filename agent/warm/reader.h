/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Reads files that one thread hands in, in batches, on another one: while a batch is read, the next one is found and
 * opened.
 */
#ifndef READER_H
#define READER_H

#include <stdatomic.h>
#include <stddef.h>

struct accel_io;
struct leftovers;
struct reader;
struct scan_file;
struct warm_counts;

struct reader_config {
	struct accel_io *io;
	size_t files_max; /* descriptors that may be open at a time */
	size_t kept_max; /* and of files that were read, to look at them again at the end */
	struct leftovers *leftovers;
	struct warm_counts *counts;
	const atomic_bool *stop; /* with reader_stop(): what was not begun is left */
};

/*
 * Returns NULL: out of memory. Free with reader_free().
 */
struct reader *reader_new(const struct reader_config *config);
void reader_free(struct reader *reader);

/*
 * For the thread that finds the files; it blocks while there is enough to do. reader_take() is a scan's take():
 * -ECANCELED is its only error. After reader_end() nothing may come.
 */
int reader_take(void *reader, const struct scan_file *file);
void reader_end(struct reader *reader);

/*
 * Reads until the end, or until it is stopped. Returns 0, or -ENOMEM (then the thread that finds is stopped, too).
 */
int reader_run(struct reader *reader);

/*
 * To be called once stop is set, from any thread: wakes both.
 */
void reader_stop(struct reader *reader);

#endif /* READER_H */
