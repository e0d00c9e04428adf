/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What is left to do of a plan's requests. */
#include "io/work.h"

#include <errno.h>

#define SECTOR 512

/* --- results: an operation has all its bytes until somebody says otherwise --- */

void work_fail(struct accel_io_op *op, int err)
{
	int64_t seen = __atomic_load_n(&op->result, __ATOMIC_RELAXED);

	/* parts of it may be under way in several threads: the first error stays */
	while (seen >= 0 &&
	       !__atomic_compare_exchange_n(&op->result, &seen, err, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void work_ends(struct accel_io_op *op, uint64_t end)
{
	int64_t bytes = end > op->offset ? (int64_t)(end - op->offset) : 0;
	int64_t seen = __atomic_load_n(&op->result, __ATOMIC_RELAXED);

	while (seen > bytes &&
	       !__atomic_compare_exchange_n(&op->result, &seen, bytes, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static int64_t result_of(const struct accel_io_op *op)
{
	return __atomic_load_n(&op->result, __ATOMIC_RELAXED);
}

/* --- taking --- */

bool work_is_cancelled(const struct work *work)
{
	return __atomic_load_n(work->cancelled, __ATOMIC_RELAXED);
}

static struct accel_io_op *op_of(const struct work *work, uint32_t entry)
{
	return &work->ops[work->plan->entry[entry].op];
}

/* The bytes of what is done next: of all operations, or of the one that is done alone. */
static void fill(struct transfer *t)
{
	uint64_t at = t->offset, end = t->offset + t->bytes;
	uint32_t count = t->alone ? 1 : t->count, i;

	t->iovs = 0;
	for (i = 0; i < count && at < end; i++) {
		const struct accel_io_op *op = op_of(t->work, t->first + i);
		uint64_t op_end = op->offset + op->bytes < end ? op->offset + op->bytes : end;

		if (op_end <= at)
			continue;
		while (at < op->offset && t->iovs < PLAN_IOVS - 1) {
			uint64_t gap = op->offset - at < WORK_GAP_MAX ? op->offset - at : WORK_GAP_MAX;

			t->iov[t->iovs++] = (struct iovec){ t->work->waste, gap };
			at += gap;
		}
		if (at < op->offset || t->iovs == PLAN_IOVS)
			return; /* the rest when this is done */
		t->iov[t->iovs++] = (struct iovec){ (char *)op->buffer + (at - op->offset), op_end - at };
		at = op_end;
	}
}

/* A big operation goes out in parts. What lies behind its end, or behind an error, is left out. */
static bool take_part(struct work *work, const struct plan_request *request, struct transfer *ret)
{
	const struct accel_io_op *op = op_of(work, request->first);
	uint64_t left = request->bytes - work->handed;

	if (result_of(op) < (int64_t)op->bytes || !left) {
		work->next++;
		work->handed = 0;
		return false;
	}
	ret->offset = request->offset + work->handed;
	ret->bytes = left < PLAN_REQUEST_BYTES ? left : PLAN_REQUEST_BYTES;
	work->handed += ret->bytes;
	return true;
}

bool work_next(struct work *work, struct transfer *ret)
{
	const struct plan_request *request;
	bool taken = false;

	while (!taken && work->next < work->end) {
		if (work_is_cancelled(work))
			return false;
		request = &work->plan->request[work->next];
		if (request->bytes > PLAN_REQUEST_BYTES) {
			taken = take_part(work, request, ret);
		} else {
			ret->offset = request->offset;
			ret->bytes = request->bytes;
			work->next++;
			taken = true;
		}
	}
	if (!taken)
		return false;
	ret->work = work;
	ret->first = request->first;
	ret->count = request->count;
	ret->alone = false;
	ret->tries = 0;
	ret->kind = op_of(work, request->first)->kind;
	ret->file = work->plan->entry[request->first].file;
	ret->direct = work->files->file[ret->file].direct;
	fill(ret);
	return true;
}

const struct plan_request *work_next_job(struct work *work)
{
	if (work->next >= work->end || work_is_cancelled(work))
		return NULL;
	return &work->plan->request[work->next++];
}

void work_leave(struct work *work)
{
	uint32_t i;

	for (; work->next < work->end; work->next++) {
		const struct plan_request *request = &work->plan->request[work->next];

		for (i = 0; i < request->count; i++)
			work_fail(op_of(work, request->first + i), -ECANCELED);
	}
}

/* --- doing --- */

int64_t work_transfer(const struct transfer *t)
{
	int fd = t->work->files->file[t->file].fd;
	ssize_t n;

	if (t->kind == ACCEL_IO_WRITE)
		n = pwritev(fd, t->iov, (int)t->iovs, (off_t)t->offset);
	else
		n = preadv(fd, t->iov, (int)t->iovs, (off_t)t->offset);
	return n < 0 ? -errno : n;
}

/* --- handing back --- */

/* The next operation of those that are done one by one. */
static bool go_on(struct transfer *t)
{
	const struct accel_io_op *op;

	t->first++;
	t->count--;
	if (!t->count)
		return false;
	op = op_of(t->work, t->first);
	t->offset = op->offset;
	t->bytes = op->bytes;
	t->tries = 0;
	fill(t);
	return true;
}

/* Something was done, or something is to be asked for again. */
static bool again(struct transfer *t, uint64_t done)
{
	t->offset += done;
	t->bytes -= done;
	t->tries = done ? 0 : t->tries + 1;
	if (t->bytes) {
		fill(t);
		return true;
	}
	return t->alone && go_on(t);
}

static bool at_end(struct transfer *t)
{
	uint32_t count = t->alone ? 1 : t->count, i;

	for (i = 0; i < count; i++)
		work_ends(op_of(t->work, t->first + i), t->offset);
	return t->alone && go_on(t);
}

static bool failed(struct transfer *t, int err)
{
	const struct accel_io_op *op;

	if (t->count > 1 && !t->alone) {
		/* what lies before is done; of the others, only those that fail themselves have failed */
		for (op = op_of(t->work, t->first); op->offset + op->bytes <= t->offset;
		     op = op_of(t->work, t->first)) {
			t->first++;
			t->count--;
		}
		t->alone = true;
		if (t->offset < op->offset)
			t->offset = op->offset;
		t->bytes = op->offset + op->bytes - t->offset;
		t->tries = 0;
		fill(t);
		return true;
	}
	work_fail(op_of(t->work, t->first), err);
	return t->alone && go_on(t);
}

bool work_done(struct transfer *t, int64_t result)
{
	if ((result == -EINTR || result == -EAGAIN) && t->tries < WORK_TRIES_MAX)
		return again(t, 0);
	if (result < 0)
		return failed(t, (int)result);
	if (!result)
		return t->kind == ACCEL_IO_WRITE ? failed(t, -EIO) : at_end(t);
	if ((uint64_t)result > t->bytes)
		return failed(t, -EIO);
	/* O_DIRECT cannot be asked for the rest of a sector: what is short of it is the end */
	if (t->direct && (uint64_t)result < t->bytes && (t->offset + (uint64_t)result) % SECTOR &&
	    t->kind == ACCEL_IO_READ) {
		t->offset += (uint64_t)result;
		return at_end(t);
	}
	return again(t, (uint64_t)result);
}

void work_cancel(struct transfer *t)
{
	uint32_t i;

	for (i = t->first; i < t->first + t->count; i++) {
		struct accel_io_op *op = op_of(t->work, i);

		if (op->offset + op->bytes > t->offset || (t->alone && i > t->first))
			work_fail(op, -ECANCELED);
	}
}
