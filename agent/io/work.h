/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What is left to do of a plan's requests: backends take transfers from it, do them, and hand back what the kernel said;
 * what is left of one (short, interrupted, or to be found out which of its operations failed) they get again.
 */
#ifndef IO_WORK_H
#define IO_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "io/files.h"
#include "io/plan.h"

#define WORK_TRIES_MAX 1000 /* in a row, of what the kernel wants to be asked again for */
#define WORK_GAP_MAX 65536 /* bytes that one buffer takes of a gap, at most config.gap_bytes */

struct work {
	struct accel_io_op *ops;
	const struct io_files *files;
	const struct plan *plan;
	uint32_t next, end; /* requests */
	uint64_t handed; /* bytes of the next one that were taken already */
	const int *cancelled; /* not 0: nothing more is handed out */
	void *waste; /* WORK_GAP_MAX bytes, aligned, for what lies between operations; NULL: there are no gaps */
};

/* One that is under way. */
struct transfer {
	const struct work *work;
	uint32_t first, count; /* entries */
	uint64_t offset, bytes; /* what is left */
	bool alone; /* a request with several operations failed: one by one now, bytes is of the first entry */
	bool direct;
	uint32_t kind, file;
	unsigned int tries; /* without success */
	unsigned int iovs;
	struct iovec iov[PLAN_IOVS];
};

/*
 * Takes the next transfer. Returns false if there is none, or if the run was cancelled. One caller at a time.
 */
bool work_next(struct work *work, struct transfer *ret);

/*
 * Takes the next request as a whole, for jobs. One caller at a time.
 */
const struct plan_request *work_next_job(struct work *work);

/*
 * Does a transfer, or the first part of it, and waits for that. Returns bytes or -errno, for work_done().
 */
int64_t work_transfer(const struct transfer *transfer);

/*
 * What the kernel said: bytes or -errno. Returns true if the transfer is to be done again as it is now. From any thread.
 */
bool work_done(struct transfer *transfer, int64_t result);

/*
 * What is left of a transfer is not done any more: its operations are cancelled, but for those that are complete.
 */
void work_cancel(struct transfer *transfer);

/*
 * An operation is over: it failed (-errno), or its file ended at offset end. From any thread.
 */
void work_fail(struct accel_io_op *op, int err);
void work_ends(struct accel_io_op *op, uint64_t end);

/*
 * Marks what was not handed out as cancelled.
 */
void work_leave(struct work *work);

bool work_is_cancelled(const struct work *work);

#endif /* IO_WORK_H */
