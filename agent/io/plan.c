/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The order in which operations are done, and which of them become one request. */
#include "io/plan.h"

#include <errno.h>
#include <stdlib.h>

/* The request that grows at the end of the plan. */
struct tail {
	uint64_t end; /* of a transfer: where the next one must start; of a job: unused */
	uint64_t job_bytes;
	uint32_t iovs;
};

static int compare_entries(const void *a, const void *b, void *context)
{
	const struct accel_io_op *ops = context;
	const struct plan_entry *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (x->job != y->job)
		return x->job < y->job ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (ops[x->op].offset != ops[y->op].offset)
		return ops[x->op].offset < ops[y->op].offset ? -1 : 1;
	return x->op < y->op ? -1 : x->op > y->op;
}

/* Whether an operation goes on where the request ends. */
static bool touches(const struct accel_io_op *op, const struct plan_request *request, const struct tail *tail,
		    uint64_t gap_bytes)
{
	uint64_t gap;

	if (op->offset < tail->end)
		return false;
	gap = op->offset - tail->end;
	if (gap > (op->kind == ACCEL_IO_READ ? gap_bytes : 0))
		return false;
	if (op->bytes > PLAN_REQUEST_BYTES || request->bytes + gap + op->bytes > PLAN_REQUEST_BYTES)
		return false;
	return tail->iovs + 1 + (gap > 0) <= PLAN_IOVS;
}

static bool belongs(const struct accel_io_op *ops, const struct plan_entry *entry, const struct plan_entry *last,
		    const struct plan_request *request, const struct tail *tail, uint64_t gap_bytes)
{
	const struct accel_io_op *op = &ops[entry->op];

	if (entry->level != last->level || entry->job != last->job || entry->file != last->file ||
	    op->kind != ops[last->op].kind)
		return false;
	if (entry->job)
		return request->count < PLAN_JOB_OPS && tail->job_bytes < PLAN_JOB_BYTES;
	return touches(op, request, tail, gap_bytes);
}

static void append(const struct accel_io_op *op, struct plan_request *request, struct tail *tail)
{
	tail->iovs += 1 + (request->count && op->offset > tail->end);
	tail->end = op->bytes > INT64_MAX - op->offset ? INT64_MAX : op->offset + op->bytes;
	tail->job_bytes += op->bytes < PLAN_JOB_BYTES ? op->bytes : PLAN_JOB_BYTES;
	request->bytes = tail->end - request->offset;
	request->count++;
}

static void make_requests(const struct accel_io_op *ops, uint32_t n, uint64_t gap_bytes, struct plan *plan)
{
	struct tail tail = { 0 };
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct plan_entry *entry = &plan->entry[i];
		const struct accel_io_op *op = &ops[entry->op];
		struct plan_request *request = plan->requests ? &plan->request[plan->requests - 1] : NULL;

		if (!request || !belongs(ops, entry, entry - 1, request, &tail, gap_bytes)) {
			request = &plan->request[plan->requests++];
			*request = (struct plan_request){ .offset = op->offset, .first = i };
			tail = (struct tail){ 0 };
		}
		append(op, request, &tail);
	}
}

static int make_levels(struct plan *plan)
{
	uint32_t i, levels = 0, before = 0;

	for (i = 0; i < plan->requests; i++)
		levels += !i ||
			  plan->entry[plan->request[i].first].level != plan->entry[plan->request[i - 1].first].level;
	plan->level = calloc(levels ? levels : 1, sizeof(*plan->level));
	if (!plan->level)
		return -ENOMEM;
	for (i = 0; i < plan->requests; i++) {
		const struct plan_entry *entry = &plan->entry[plan->request[i].first];
		struct plan_level *level;

		if (!i || entry->level != before)
			plan->level[plan->levels++] = (struct plan_level){ i, i, i };
		before = entry->level;
		level = &plan->level[plan->levels - 1];
		level->end = i + 1;
		if (!entry->job)
			level->jobs = i + 1;
	}
	return 0;
}

int plan_make(const struct accel_io_op *ops, struct plan_entry *entries, uint32_t n, uint64_t gap_bytes,
	      struct plan *ret)
{
	struct plan plan = { .entry = entries, .entries = n };
	struct plan_request *request;

	plan.request = calloc(n ? n : 1, sizeof(*plan.request));
	if (!plan.request)
		return -ENOMEM;
	if (n)
		qsort_r(entries, n, sizeof(*entries), compare_entries, (void *)(uintptr_t)ops);
	make_requests(ops, n, gap_bytes, &plan);
	request = realloc(plan.request, (plan.requests ? plan.requests : 1) * sizeof(*request));
	if (request)
		plan.request = request;
	if (make_levels(&plan)) {
		plan_free(&plan);
		return -ENOMEM;
	}
	*ret = plan;
	return 0;
}

void plan_free(struct plan *plan)
{
	free(plan->request);
	free(plan->level);
	*plan = (struct plan){ 0 };
}
