// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* One pass over the ranges, which are in the order of first use already. */
#include "profile/replay_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ULL << 20)
#define RECENT 4 /* runs: what one of them used is wanted, whatever the older ones say */
#define RARE 4 /* else what fewer than one run in so many used is not */
#define DENSE 2 /* a file of which one page in so many was read, was read from end to end */

void replay_limits_init(struct replay_limits *ret, uint64_t budget_bytes, unsigned int threads)
{
	*ret = (struct replay_limits){
		.budget_bytes = budget_bytes,
		.first_bytes = 2 * MIB,
		.most_bytes = 8 * MIB, /* two chunks are under way at a time */
		.most_ranges = 8192,
		.threads = threads,
		.most_files = 384, /* of two chunks open at a time: less than the usual limit of 1024 */
	};
}

bool replay_plan_wants(const struct profile *profile, const struct profile_range *range)
{
	uint32_t runs = profile->history.runs < 16 ? profile->history.runs : 16;
	unsigned int used = (unsigned int)__builtin_popcount(range->seen);

	return runs <= RECENT || (range->seen & ((1U << RECENT) - 1)) || used * RARE >= runs;
}

/* The chunk that is being filled. */
struct filling {
	const struct replay_limits *limits;
	struct replay_plan *plan;
	uint32_t *seen_in; /* by file: number of the last chunk that it is in, from 1 */
	struct replay_chunk chunk;
	uint32_t files, room; /* in the chunk; chunks that there is memory for */
	uint64_t most_bytes; /* of this chunk */
};

static int finish_chunk(struct filling *f)
{
	struct replay_plan *plan = f->plan;
	struct replay_chunk *chunks;

	if (!f->chunk.count)
		return 0;
	if (plan->nchunks == f->room) {
		f->room = f->room ? f->room * 2 : 16;
		chunks = reallocarray(plan->chunks, f->room, sizeof(*chunks));
		if (!chunks)
			return -ENOMEM;
		plan->chunks = chunks;
	}
	plan->chunks[plan->nchunks++] = f->chunk;
	plan->bytes += f->chunk.bytes;
	f->chunk = (struct replay_chunk){ .first = f->chunk.first + f->chunk.count };
	f->files = 0;
	f->most_bytes = f->most_bytes * 2 < f->limits->most_bytes ? f->most_bytes * 2 : f->limits->most_bytes;
	return 0;
}

static bool is_full(const struct filling *f, uint64_t bytes, bool new_file)
{
	const struct replay_limits *l = f->limits;

	return f->chunk.bytes + bytes > f->most_bytes || f->chunk.count >= l->most_ranges ||
	       (new_file && f->files >= l->most_files);
}

static int add_range(struct filling *f, const struct profile_range *range)
{
	uint64_t bytes = (uint64_t)range->pages * PROFILE_PAGE;
	int err = 0;

	if (f->chunk.bytes && is_full(f, bytes, f->seen_in[range->file] != f->plan->nchunks + 1))
		err = finish_chunk(f);
	if (err)
		return err;
	if (f->seen_in[range->file] != f->plan->nchunks + 1) {
		f->seen_in[range->file] = f->plan->nchunks + 1;
		f->files++;
	}
	f->chunk.bytes += bytes;
	f->chunk.count++;
	return 0;
}

int replay_plan_make(const struct profile *profile, const struct replay_limits *limits, struct replay_plan *ret)
{
	struct replay_plan plan = { 0 };
	struct filling f = { .limits = limits, .plan = &plan, .most_bytes = limits->first_bytes };
	const struct profile_range *range;
	uint64_t left = limits->budget_bytes, bytes;
	uint32_t i;
	int err = 0;

	f.seen_in = calloc(profile->nfiles + 1, sizeof(*f.seen_in));
	if (!f.seen_in)
		return -ENOMEM;
	for (i = 0; !err && i < profile->nranges; i++) {
		range = &profile->ranges[i];
		bytes = (uint64_t)range->pages * PROFILE_PAGE;
		if (!replay_plan_wants(profile, range)) {
			f.chunk.count++; /* it takes part, and nobody looks at it */
			continue;
		}
		if (bytes > left) {
			plan.cut = true;
			break;
		}
		left -= bytes;
		err = add_range(&f, range);
	}
	if (!err && f.chunk.bytes)
		err = finish_chunk(&f);
	free(f.seen_in);
	if (err) {
		replay_plan_clear(&plan);
		return err;
	}
	*ret = plan;
	return 0;
}

void replay_plan_clear(struct replay_plan *plan)
{
	free(plan->chunks);
	memset(plan, 0, sizeof(*plan));
}

static uint64_t pages_of(uint64_t bytes)
{
	return bytes / PROFILE_PAGE + (bytes % PROFILE_PAGE > 0);
}

enum replay_file replay_file_judge(const struct profile_file *file, uint64_t recorded_pages, uint64_t size,
				   int64_t mtime_ns)
{
	if (size == file->size)
		return mtime_ns == file->mtime_ns ? REPLAY_FILE_SAME : REPLAY_FILE_TOUCHED;
	return recorded_pages * DENSE >= pages_of(file->size) ? REPLAY_FILE_DENSE : REPLAY_FILE_SPARSE;
}

bool replay_range_clip(const struct profile_file *file, const struct profile_range *range, enum replay_file state,
		       uint64_t size, uint64_t *ret_offset, uint64_t *ret_bytes)
{
	uint64_t offset = (uint64_t)range->page * PROFILE_PAGE, end = offset + (uint64_t)range->pages * PROFILE_PAGE;

	if (state == REPLAY_FILE_GONE || state == REPLAY_FILE_REFUSED)
		return false;
	if (state == REPLAY_FILE_SPARSE && offset) /* whatever became of it, it is looked at from its start */
		return false;
	/* it grew, and so does its last part; but whose file it is, does not decide alone how much of it is read */
	if (state == REPLAY_FILE_DENSE && end >= file->size && size > end)
		end = size < 2 * file->size ? size : 2 * file->size;
	if (end > size)
		end = size;
	if (offset >= end)
		return false;
	*ret_offset = offset;
	*ret_bytes = end - offset;
	return true;
}
