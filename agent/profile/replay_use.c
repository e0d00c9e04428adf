// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Counts bits, range by range. */
#include "profile/replay_use.h"

#include "aa_use.h"

#define LOOKS_MAX 65536 /* ranges; of more, some stand for all: each look is a system call */

struct counting {
	uint32_t page_bytes;
	replay_looked_at looked_at;
	void *context;
	uint64_t pages, used; /* of ranges that can be told; part of it */
	uint64_t untold; /* pages of others */
};

static void count_range(struct counting *c, const struct profile_range *range, const struct profile_file *file,
			const struct replay_inode *inode)
{
	uint64_t first = (uint64_t)range->page * PROFILE_PAGE, end = first + (uint64_t)range->pages * PROFILE_PAGE;
	uint64_t page, bits = 0;

	if (end > file->size) /* what is behind the end was never there to be looked at */
		end = file->size;
	if (end <= first)
		return;
	first /= c->page_bytes;
	end = (end + c->page_bytes - 1) / c->page_bytes;
	if (!inode->ino) {
		c->untold += end - first;
		return;
	}
	for (page = first; page < end; page++) {
		if (page == first || page % AA_USE_PAGES == 0)
			bits = c->looked_at(c->context, inode->dev, inode->ino, page / AA_USE_PAGES);
		c->used += bits >> (page % AA_USE_PAGES) & 1;
	}
	c->pages += end - first;
}

bool replay_use_measure(const struct profile *profile, const struct replay_progress *progress, uint32_t page_bytes,
			replay_looked_at looked_at, void *context, double *ret)
{
	struct counting c = { .page_bytes = page_bytes, .looked_at = looked_at, .context = context };
	uint32_t i, step = profile->nranges / LOOKS_MAX + 1;
	const struct profile_range *range;

	for (i = 0; i < profile->nranges; i += step) {
		range = &profile->ranges[i];
		if (!(progress->brought[i / 8] >> (i % 8) & 1) ||
		    (profile->files[range->file].flags & PROFILE_FILE_DEVICE))
			continue;
		count_range(&c, range, &profile->files[range->file], &progress->inode[range->file]);
	}
	if (!c.pages || c.untold > c.pages)
		return false;
	*ret = (double)c.used / (double)c.pages;
	return true;
}
