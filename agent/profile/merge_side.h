/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Two profiles made comparable: files by the same numbers, ranges in the order of the files' pages. For merge.c. */
#ifndef MERGE_SIDE_H
#define MERGE_SIDE_H

#include "profile/profile.h"

#define MERGE_NONE UINT32_MAX

/* One of the two. */
struct merge_side {
	const struct profile *profile; /* NULL: there is none */
	uint32_t *file; /* of each file: its number, the same in both sides */
	uint32_t *end; /* of each file: the page at which what counts of it ends; 0: nothing does */
	uint32_t *sorted; /* ranges that count, by file and page */
	uint32_t nsorted;
	uint32_t *match; /* of each range: one of the other side's that has pages of it, or MERGE_NONE */
};

/* A file of either side; what is said of it is the run's word, if the run knows it. */
struct merge_file {
	const char *path;
	const struct profile_file *file;
	uint32_t index; /* in the result; MERGE_NONE: not there yet */
};

/*
 * Fills both sides, and gives each path its number, which is its index in *ret_files. notes: see profile_merge(). On
 * failure as well, the caller ends the sides with merge_side_clear(), and frees *ret_files. Returns 0 or -ENOMEM.
 */
int merge_sides_fill(struct merge_side *last, const uint8_t *notes, struct merge_side *run,
		     struct merge_file **ret_files, uint32_t *ret_nfiles);

void merge_side_forget_matches(struct merge_side *side);

/*
 * Frees all but the profile. Accepts a side that was cleared.
 */
void merge_side_clear(struct merge_side *side);

/* Walks the ranges of a side by file and page, without what overlaps in them. */
struct merge_cursor {
	const struct merge_side *side;
	uint32_t at; /* in sorted */
	uint32_t file, page, end; /* of the current one: number of the file, first page, and the one behind the last */
	uint32_t index; /* of the range it comes from; MERGE_NONE: there are no more */
};

struct merge_cursor merge_cursor_start(const struct merge_side *side);
void merge_cursor_next(struct merge_cursor *cursor);

#endif /* MERGE_SIDE_H */
