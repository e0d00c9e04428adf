/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Fuzzes levels and plans of I/O: each operation once, after all that it depends on, and within its request. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/levels.h"
#include "io/plan.h"

#define OPS_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One operation, as it is in the input. */
struct word {
	uint64_t offset, bytes;
	uint8_t kind, far, job, unused;
} __attribute__((packed));

static void require(bool holds)
{
	if (!holds)
		abort();
}

static struct accel_io_op make_op(const struct word *word)
{
	/* near each other, so that they meet, unless the input says otherwise */
	uint64_t room = word->far & 1 ? INT64_MAX : 1 << 20;
	struct accel_io_op op = { .kind = word->kind % 3, .offset = word->offset % room };
	uint64_t most = INT64_MAX - op.offset;

	op.bytes = word->bytes % (word->far & 2 ? most : most < room ? most : room) + 1;
	if (word->far & 4 && op.kind == ACCEL_IO_WARM)
		op.bytes = ACCEL_IO_TO_END;
	return op;
}

static uint64_t end_of(const struct accel_io_op *op)
{
	return op->bytes > INT64_MAX - op->offset ? INT64_MAX : op->offset + op->bytes;
}

static void check_levels(const struct accel_io_op *ops, uint32_t n, const uint32_t *level)
{
	uint32_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < i; k++)
			if ((ops[i].kind == ACCEL_IO_WRITE || ops[k].kind == ACCEL_IO_WRITE) &&
			    ops[i].offset < end_of(&ops[k]) && ops[k].offset < end_of(&ops[i]))
				require(level[k] < level[i]);
}

static void check_request(const struct accel_io_op *ops, const struct plan *plan, const struct plan_request *request)
{
	const struct plan_entry *entry = &plan->entry[request->first];
	uint64_t at = request->offset;
	uint32_t i;

	require(request->count && request->first + request->count <= plan->entries);
	require(request->count <= (entry->job ? PLAN_JOB_OPS : PLAN_IOVS));
	for (i = 0; i < request->count; i++) {
		const struct accel_io_op *op = &ops[entry[i].op];

		require(entry[i].level == entry->level && entry[i].file == entry->file && entry[i].job == entry->job);
		require(op->kind == ops[entry->op].kind);
		if (entry->job)
			continue;
		require(op->offset >= at && (op->offset == at || op->kind == ACCEL_IO_READ));
		at = end_of(op);
	}
	require(entry->job || at == request->offset + request->bytes);
}

static void check_plan(const struct accel_io_op *ops, const struct plan *plan)
{
	bool seen[OPS_MAX] = { false };
	uint32_t i, entries = 0;

	for (i = 0; i < plan->entries; i++) {
		require(!seen[plan->entry[i].op]);
		seen[plan->entry[i].op] = true;
		require(!i || plan->entry[i - 1].level <= plan->entry[i].level);
	}
	for (i = 0; i < plan->requests; i++) {
		require(plan->request[i].first == entries);
		entries += plan->request[i].count;
		check_request(ops, plan, &plan->request[i]);
	}
	require(entries == plan->entries);
	for (i = 0; i < plan->levels; i++) {
		require(plan->level[i].first == (i ? plan->level[i - 1].end : 0));
		require(plan->level[i].first <= plan->level[i].jobs && plan->level[i].jobs <= plan->level[i].end);
	}
	require(plan->requests == (plan->levels ? plan->level[plan->levels - 1].end : 0));
}

/* The size of the file, the largest gap, then the operations. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct accel_io_op ops[OPS_MAX];
	struct plan_entry entries[OPS_MAX];
	uint32_t which[OPS_MAX], level[OPS_MAX] = { 0 }, n, i;
	uint64_t head[2];
	struct plan plan;

	if (size < sizeof(head))
		return 0;
	memcpy(head, data, sizeof(head));
	for (n = 0; n < OPS_MAX && sizeof(head) + (n + 1) * sizeof(struct word) <= size; n++) {
		struct word word;

		memcpy(&word, data + sizeof(head) + n * sizeof(word), sizeof(word));
		ops[n] = make_op(&word);
		which[n] = n;
		entries[n] = (struct plan_entry){ .op = n,
						  .job = ops[n].kind == ACCEL_IO_WARM || word.job & 1,
						  .file = word.job >> 7,
						  .place = ops[n].offset };
	}
	require(!levels_find(ops, which, n, head[0], level));
	check_levels(ops, n, level);
	for (i = 0; i < n; i++)
		entries[i].level = level[i];
	require(!plan_make(ops, entries, n, head[1], &plan));
	check_plan(ops, &plan);
	plan_free(&plan);
	return 0;
}
