// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* A table of files, a list of ranges, and text, in one block that the kernel fills with pages as they are touched. */
#include "profile/recorder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "aa_use.h"

#define SLOTS (2 * RECORDER_FILES) /* at most half full */
#define TICK_SHIFT 14 /* 16 us: 19 hours fit, what comes later counts as of then */
#define TOGETHER \
	(3000000U >> TICK_SHIFT) /* neighbours within 3 ms are one range: apps start within some tens of them */
#define PAGES_MAX UINT16_MAX
#define GAP 2 /* pages from one that is used to the next: so close they are read as one */

struct timed {
	struct profile_range range;
	uint32_t tick; /* of its first page */
};

struct recorder {
	uint64_t start_ns;
	uint64_t dropped;
	size_t nranges;
	uint32_t nfiles;
	uint32_t text_used; /* starts at 1: offset 0 means none */
	uint32_t slots[SLOTS]; /* index + 1 of a file */
	struct recorder_file files[RECORDER_FILES];
	struct timed ranges[RECORDER_RANGES + 1]; /* recorder_order() leaves them packed, without their times */
	char text[RECORDER_TEXT];
};

struct recorder *recorder_new(void)
{
	struct recorder *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				  -1, 0);

	if (r == MAP_FAILED)
		return NULL;
	r->text_used = 1;
	return r;
}

void recorder_free(struct recorder *recorder)
{
	if (recorder)
		munmap(recorder, sizeof(*recorder));
}

void recorder_begin(struct recorder *recorder, uint64_t start_ns)
{
	madvise(recorder, sizeof(*recorder), MADV_DONTNEED); /* private and anonymous: zeroes from now on */
	recorder->start_ns = start_ns;
	recorder->text_used = 1;
}

static uint32_t hash(uint32_t dev, uint64_t ino, uint32_t generation)
{
	uint64_t h = ino * 0x9e3779b97f4a7c15ULL;

	h ^= ((uint64_t)dev << 32 | generation) * 0xc2b2ae3d27d4eb4fULL;
	h ^= h >> 29;
	return (uint32_t)(h * 0x9e3779b97f4a7c15ULL >> 40) % SLOTS;
}

/* The file, made if there is room; NULL if there is none. */
static struct recorder_file *find(struct recorder *r, uint32_t dev, uint64_t ino, uint32_t generation)
{
	uint32_t i = hash(dev, ino, generation);
	struct recorder_file *f;

	for (; r->slots[i]; i = (i + 1) % SLOTS) {
		f = &r->files[r->slots[i] - 1];
		if (f->ino == ino && f->dev == dev && f->generation == generation)
			return f;
	}
	if (r->nfiles == RECORDER_FILES)
		return NULL;
	f = &r->files[r->nfiles++];
	f->ino = ino;
	f->dev = dev;
	f->generation = generation;
	r->slots[i] = r->nfiles;
	return f;
}

static uint32_t tick_of(const struct recorder *r, uint64_t time_ns)
{
	uint64_t tick = time_ns > r->start_ns ? (time_ns - r->start_ns) >> TICK_SHIFT : 0;

	return tick < UINT32_MAX ? (uint32_t)tick : UINT32_MAX;
}

void recorder_miss(struct recorder *recorder, const struct aa_rec_miss *rec, uint32_t page_bytes)
{
	struct recorder_file *f = find(recorder, rec->dev, rec->ino, rec->generation);
	uint64_t scale = page_bytes / PROFILE_PAGE, page = rec->index * scale, left = rec->pages * scale, n;
	struct timed *t;

	if (rec->index > UINT32_MAX || page + left > UINT32_MAX || !f) {
		recorder->dropped++;
		return;
	}
	for (; left; left -= n, page += n) {
		n = left < PAGES_MAX ? left : PAGES_MAX;
		if (recorder->nranges == RECORDER_RANGES) {
			recorder->dropped++;
			return;
		}
		t = &recorder->ranges[recorder->nranges++];
		t->range.file = (uint32_t)(f - recorder->files);
		t->range.page = (uint32_t)page;
		t->range.pages = (uint16_t)n;
		t->range.seen = 1;
		t->tick = tick_of(recorder, rec->h.time_ns);
	}
}

void recorder_name(struct recorder *recorder, const struct aa_rec_file *rec)
{
	struct recorder_file *f;
	uint32_t bytes = rec->bytes;

	if (!bytes || bytes > sizeof(rec->names) || rec->names[bytes - 1] ||
	    bytes > RECORDER_TEXT - recorder->text_used)
		return;
	f = find(recorder, rec->dev, rec->ino, rec->generation);
	if (!f || f->names)
		return;
	memcpy(recorder->text + recorder->text_used, rec->names, bytes);
	f->names = recorder->text_used;
	f->names_bytes = (uint16_t)bytes;
	f->complete = rec->complete != 0;
	recorder->text_used += bytes;
}

/* --- what was used --- */

struct trimming {
	struct recorder *recorder;
	uint32_t scale; /* pages of the profile in one of the machine */
	recorder_looked_at *looked_at;
	void *context;
	const struct recorder_file *file;
	uint64_t block, bits; /* of file; what was asked last */
	uint32_t tick; /* since when it was looked at */
};

static bool was_used(struct trimming *t, uint64_t page)
{
	uint64_t of_machine = page / t->scale, block = of_machine / AA_USE_PAGES, since_ns = 0;

	if (block != t->block) {
		t->block = block;
		t->bits = t->looked_at(t->context, t->file->dev, t->file->ino, block, &since_ns);
		t->tick = tick_of(t->recorder, since_ns);
	}
	return t->bits >> (of_machine % AA_USE_PAGES) & 1;
}

/*
 * The next piece that was used of what is left from *page to end; pieces that are close are one, but each block has a time
 * of its own. Returns false: none.
 */
static bool next_piece(struct trimming *t, uint64_t *page, uint64_t end, struct timed *ret)
{
	uint64_t last, block;

	while (*page < end && !was_used(t, *page))
		++*page;
	if (*page == end)
		return false;
	block = t->block;
	ret->range.page = (uint32_t)*page;
	if (t->tick > ret->tick) /* one that was missed again was looked at before */
		ret->tick = t->tick;
	for (last = (*page)++; *page < end && *page - last <= GAP; ++*page) {
		if (!was_used(t, *page))
			continue;
		if (t->block != block)
			break;
		last = *page;
	}
	ret->range.pages = (uint16_t)(last + 1 - ret->range.page);
	return true;
}

/*
 * What is missed begins with what was asked for, unless readahead was ahead of that: it belongs to the first piece, even if
 * the look at it was not seen, as our programs were being attached, or left out (7.2).
 */
static void begin_with_range(struct timed *piece, const struct timed *range)
{
	uint32_t before = piece->range.page - range->range.page;

	if (before > GAP)
		return;
	piece->range.page = range->range.page;
	piece->range.pages = (uint16_t)(piece->range.pages + before);
}

/* The first piece stays where the range was, the others go to the end: they are put into order later. */
static void trim_range(struct trimming *t, size_t index)
{
	struct recorder *r = t->recorder;
	struct timed *timed = &r->ranges[index], was = *timed, piece = was;
	uint64_t page = timed->range.page, end = page + timed->range.pages;
	bool any = false;

	t->file = &r->files[timed->range.file];
	t->block = UINT64_MAX;
	for (; next_piece(t, &page, end, &piece); piece.tick = was.tick) {
		if (!any) {
			begin_with_range(&piece, &was);
			*timed = piece;
		} else if (r->nranges < RECORDER_RANGES) {
			r->ranges[r->nranges++] = piece;
		} else { /* no room: from the first piece on it is as it was */
			timed->range.pages = (uint16_t)(end - timed->range.page);
		}
		any = true;
	}
	if (!any)
		timed->range.pages = 0;
}

void recorder_trim(struct recorder *recorder, uint32_t page_bytes, recorder_looked_at *looked_at, void *context)
{
	struct trimming t = {
		.recorder = recorder, .scale = page_bytes / PROFILE_PAGE, .looked_at = looked_at, .context = context
	};
	size_t i, n = recorder->nranges, kept = 0;

	for (i = 0; i < n; i++)
		if (recorder->files[recorder->ranges[i].range.file].ino)
			trim_range(&t, i);
	for (i = 0; i < recorder->nranges; i++)
		if (recorder->ranges[i].range.pages)
			recorder->ranges[kept++] = recorder->ranges[i];
	recorder->nranges = kept;
}

/* --- order --- */

static int by_place(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->range.file != y->range.file)
		return x->range.file < y->range.file ? -1 : 1;
	if (x->range.page != y->range.page)
		return x->range.page < y->range.page ? -1 : 1;
	return (x->tick > y->tick) - (x->tick < y->tick);
}

static int by_time(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->tick != y->tick)
		return x->tick < y->tick ? -1 : 1;
	return by_place(a, b);
}

static uint32_t apart(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/*
 * Takes next, which does not begin before t, into t as far as they overlap; and whole, if they touch and were used
 * together. Returns whether something of next is left.
 */
static bool join(struct timed *t, struct timed *next)
{
	uint64_t end = (uint64_t)t->range.page + t->range.pages,
		 next_end = (uint64_t)next->range.page + next->range.pages;

	if (next->range.file != t->range.file || next->range.page > end)
		return true;
	if (next->range.page < end) { /* a page that was evicted and missed again: it is needed by the earlier time */
		if (next->tick < t->tick)
			t->tick = next->tick;
		if (next_end <= end)
			return false;
		next->range.page = (uint32_t)end;
		next->range.pages = (uint16_t)(next_end - end);
	}
	if (apart(t->tick, next->tick) > TOGETHER || next_end - t->range.page > PAGES_MAX)
		return true;
	t->range.pages = (uint16_t)(next_end - t->range.page);
	if (next->tick < t->tick)
		t->tick = next->tick;
	return false;
}

static size_t merge(struct timed *ranges, size_t n)
{
	size_t i, last = 0;

	for (i = 1; i < n; i++)
		if (join(&ranges[last], &ranges[i]))
			ranges[++last] = ranges[i];
	return n ? last + 1 : 0;
}

size_t recorder_order(struct recorder *recorder)
{
	struct profile_range *packed = recorder_ranges(recorder), one;
	struct timed *ranges = recorder->ranges;
	size_t i;

	qsort(ranges, recorder->nranges, sizeof(*ranges), by_place);
	recorder->nranges = merge(ranges, recorder->nranges);
	qsort(ranges, recorder->nranges, sizeof(*ranges), by_time);
	for (i = 0; i < recorder->nranges; i++) { /* to the front: what is written was read before */
		one = ranges[i].range;
		memcpy((char *)packed + i * sizeof(one), &one, sizeof(one));
	}
	return recorder->nranges;
}

struct profile_range *recorder_ranges(struct recorder *recorder)
{
	return (void *)recorder->ranges;
}

const struct recorder_file *recorder_files(const struct recorder *recorder)
{
	return recorder->files;
}

size_t recorder_nfiles(const struct recorder *recorder)
{
	return recorder->nfiles;
}

uint64_t recorder_bytes(const struct recorder *recorder)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < recorder->nranges; i++)
		pages += recorder->ranges[i].range.pages;
	return pages * PROFILE_PAGE;
}

size_t recorder_count(const struct recorder *recorder)
{
	return recorder->nranges;
}

uint64_t recorder_dropped(const struct recorder *recorder)
{
	return recorder->dropped;
}

int recorder_path(const struct recorder *recorder, const struct recorder_file *file, char *ret, size_t size)
{
	const char *first = recorder->text + file->names, *name = first + file->names_bytes;
	size_t len, used = 0;

	if (!file->names || !file->complete)
		return -ENOENT;
	/* the names are stored from the file up */
	while (name > first) {
		for (name--; name > first && name[-1]; name--)
			;
		len = strlen(name);
		if (used + len + 2 > size)
			return -ENAMETOOLONG;
		ret[used++] = '/';
		memcpy(ret + used, name, len);
		used += len;
	}
	ret[used] = '\0';
	return (int)used;
}
