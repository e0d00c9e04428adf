/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * I/O in the device's order: a list of reads and writes goes in, is sorted by where it lies on the device, merged,
 * batched and submitted through io_uring or threads; the results come out in the caller's order.
 */
#ifndef ACCEL_IO_H
#define ACCEL_IO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ACCEL_IO_TO_END UINT64_MAX /* bytes of an ACCEL_IO_WARM: up to the end of the file */

enum accel_io_kind {
	ACCEL_IO_READ, /* into buffer */
	ACCEL_IO_WRITE, /* from buffer */
	ACCEL_IO_WARM, /* into the page cache, and nowhere else; buffer is not used */
};

/*
 * Files may be regular ones and, by descriptor, block devices. A path is opened as open(2) does it, but never anything
 * else than a regular file, whatever it is exchanged for meanwhile; nothing is created. No two buffers of a list may
 * overlap. What does not fit gets its error: -EINVAL (kind, offset, a device; writing with O_APPEND, ACCEL_IO_WARM with
 * O_DIRECT), -EISDIR, -ESPIPE (FIFO, socket), -EFAULT, -EOPNOTSUPP (a path, and there is no /proc), or the kernel's own.
 * ACCEL_IO_WARM has an error where a page could not be read; without one, all of the range was in the page cache.
 */
struct accel_io_op {
	const char *path; /* opened once for all operations with it, and closed after them; NULL: fd */
	int fd; /* with a path: the folder that a relative one starts from, or AT_FDCWD */
	uint32_t kind; /* enum accel_io_kind */
	uint64_t offset;
	uint64_t bytes;
	void *buffer;
	uint64_t order; /* with a path: files are read in this order, the inode number is a good one; 0: unknown */
	int64_t result; /* out: bytes, fewer than asked only where the file ends; or -errno, -ECANCELED */
};

enum accel_io_backend {
	ACCEL_IO_BACKEND_AUTO, /* the faster one of those that work here */
	ACCEL_IO_BACKEND_URING,
	ACCEL_IO_BACKEND_THREADS,
};

struct accel_io_config {
	enum accel_io_backend backend;
	unsigned int depth; /* most operations at a time in the device; 0: adapted to its latency */
	uint64_t gap_bytes; /* neighbours that are this close are read as one; 0: only those that touch */
};

struct accel_io;

/*
 * Makes an engine; config NULL: the defaults. Returns 0, -ENOTSUP (the backend that was asked for does not work here),
 * -EINVAL, -ENOMEM or -errno. Close with accel_io_close(). An engine is used by one thread at a time.
 */
int accel_io_open(const struct accel_io_config *config, struct accel_io **ret);

/*
 * Does all operations and waits for them; each one's result is in it, and an error of one is no error of another. What
 * comes out is what the order of the list gives: reads that overlap no write before them come first, then writes;
 * operations of which one writes what the other one reads or writes are done in the order of the list. Threads that this
 * starts, and ends before it returns, inherit the caller's group, priority and I/O priority. It is no cancellation point
 * (pthread_cancel(3)). Returns 0, -E2BIG or -ENOMEM (nothing was done), or -ECANCELED (of some operations, whose results
 * say so).
 */
int accel_io_run(struct accel_io *io, struct accel_io_op *ops, size_t n);

/*
 * Has the accel_io_run() that is under way return soon: what was not started yet gets -ECANCELED. From any thread or
 * signal handler. Lasts until accel_io_resume().
 */
void accel_io_cancel(struct accel_io *io);
void accel_io_resume(struct accel_io *io);

/*
 * How it works here, for people: the backend and, where one was refused, why ("threads (io_uring: Operation not
 * permitted)"). Valid as long as the engine.
 */
const char *accel_io_description(const struct accel_io *io);

/*
 * Waits for nothing, frees everything. Accepts NULL.
 */
void accel_io_close(struct accel_io *io);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_IO_H */
