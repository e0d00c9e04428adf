/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The order in which operations are done, and which of them become one request. Pure. */
#ifndef IO_PLAN_H
#define IO_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accel_io.h"

#define PLAN_REQUEST_BYTES (1U << 20) /* of merged operations; one that has more is cut when its turn comes */
#define PLAN_IOVS 64 /* buffers of a request, gaps included */
#define PLAN_JOB_OPS 4096
#define PLAN_JOB_BYTES (64U << 20)

struct plan_entry {
	uint64_t place; /* whatever orders files and devices, with the offset as the second word */
	uint32_t op;
	uint32_t file;
	uint32_t level; /* see levels.h */
	uint32_t job; /* 1: what a thread does at one go, by itself: open a file, bring it into the page cache */
};

/* Entries that follow each other. A transfer's are one contiguous range of its file, but for gaps; a job's need not be. */
struct plan_request {
	uint64_t offset, bytes; /* of a transfer */
	uint32_t first, count; /* entries */
};

/* The requests of one level: first transfers, then jobs. Each kind may be done in any order and at the same time. */
struct plan_level {
	uint32_t first, jobs, end; /* requests */
};

struct plan {
	struct plan_entry *entry; /* not owned */
	uint32_t entries;
	struct plan_request *request;
	uint32_t requests;
	struct plan_level *level;
	uint32_t levels;
};

/*
 * Sorts the n entries and makes requests of them; gap_bytes: see accel_io_config. No operation may be empty or reach
 * beyond INT64_MAX, but for ACCEL_IO_TO_END. Returns 0 or -ENOMEM. Free with plan_free().
 */
int plan_make(const struct accel_io_op *ops, struct plan_entry *entries, uint32_t n, uint64_t gap_bytes,
	      struct plan *ret);
void plan_free(struct plan *plan);

#endif /* IO_PLAN_H */
