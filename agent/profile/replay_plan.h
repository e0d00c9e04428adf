/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * In which pieces a profile is brought: in the order of first use, so that what is needed first comes first, and each
 * piece large enough that the device can be given its reads in an order of its own.
 */
#ifndef REPLAY_PLAN_H
#define REPLAY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"

/* Ranges that lie together in the profile, all wanted but those that replay_plan_wants() leaves out. */
struct replay_chunk {
	uint32_t first, count; /* ranges */
	uint64_t bytes;
};

struct replay_limits {
	uint64_t budget_bytes; /* in all */
	uint64_t first_bytes; /* of the first chunk; each is twice the one before, up to: */
	uint64_t most_bytes;
	uint32_t most_ranges, most_files; /* of a chunk */
	unsigned int threads; /* at a time */
};

struct replay_plan {
	struct replay_chunk *chunks; /* owned */
	uint32_t nchunks;
	uint64_t bytes;
	bool cut; /* the budget leaves something out */
};

/*
 * Fills ret with what pays on this kind of machine; the budget and the threads are the caller's.
 */
void replay_limits_init(struct replay_limits *ret, uint64_t budget_bytes, unsigned int threads);

/*
 * Whether a range is worth being read: not what one of many runs read, and none since.
 */
bool replay_plan_wants(const struct profile *profile, const struct profile_range *range);

/*
 * Cuts a profile into chunks. Returns 0 or -ENOMEM. Free with replay_plan_clear().
 */
int replay_plan_make(const struct profile *profile, const struct replay_limits *limits, struct replay_plan *ret);
void replay_plan_clear(struct replay_plan *plan);

/* A file as it is now, against what the profile says of it. */
enum replay_file {
	REPLAY_FILE_SAME,
	REPLAY_FILE_TOUCHED, /* another mtime, the same size: its layout is most likely the same */
	REPLAY_FILE_DENSE, /* another size, and it was read from end to end: it will be again */
	REPLAY_FILE_SPARSE, /* another size, and parts of it were read: nobody knows where these are now */
	REPLAY_FILE_GONE,
	REPLAY_FILE_REFUSED, /* no regular file, or it cannot be read */
};

/*
 * What a file is, by its size and mtime now. recorded_pages: how many of it the profile has.
 */
enum replay_file replay_file_judge(const struct profile_file *file, uint64_t recorded_pages, uint64_t size,
				   int64_t mtime_ns);

/*
 * The bytes of a range that are worth reading of a file in that state and of that size now. Returns false if there are
 * none.
 */
bool replay_range_clip(const struct profile_file *file, const struct profile_range *range, enum replay_file state,
		       uint64_t size, uint64_t *ret_offset, uint64_t *ret_bytes);

#endif /* REPLAY_PLAN_H */
