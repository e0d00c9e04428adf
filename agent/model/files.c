// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * The table of files that missed: open addressing in one block, names in another, both touched only as far as they
 * fill.
 */
#include "model/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (2 * FILES_MAX) /* at most half full */
#define TEXT_BYTES (1 << 20)

struct files {
	struct file slots[SLOTS];
	uint32_t used;
	uint32_t text_used; /* starts at 1: offset 0 means none */
	uint64_t dropped_pages;
	char text[TEXT_BYTES];
};

struct files *files_new(void)
{
	struct files *files = calloc(1, sizeof(*files)); /* from mmap: pages that are not used do not count */

	if (files)
		files->text_used = 1;
	return files;
}

void files_free(struct files *files)
{
	free(files);
}

static uint32_t hash(uint32_t app, uint32_t dev, uint64_t ino, uint32_t generation)
{
	uint64_t h = ino * 0x9e3779b97f4a7c15ULL;

	h ^= ((uint64_t)dev << 32 | generation) * 0xc2b2ae3d27d4eb4fULL;
	h ^= h >> 29;
	return (uint32_t)((h + app) * 0x9e3779b97f4a7c15ULL >> 40) % SLOTS;
}

/* The slot of the file, made if there is room; NULL if there is none. */
static struct file *find(struct files *files, uint32_t app, uint32_t dev, uint64_t ino, uint32_t generation)
{
	uint32_t i = hash(app, dev, ino, generation);
	struct file *f;

	for (f = &files->slots[i]; f->ino || f->dev; f = &files->slots[i]) {
		if (f->ino == ino && f->dev == dev && f->generation == generation && f->app == app)
			return f;
		i = (i + 1) % SLOTS;
	}
	if (files->used == FILES_MAX)
		return NULL;
	files->used++;
	f->ino = ino;
	f->dev = dev;
	f->generation = generation;
	f->app = app;
	return f;
}

void files_miss(struct files *files, const struct aa_rec_miss *rec)
{
	struct file *f = find(files, rec->h.app, rec->dev, rec->ino, rec->generation);

	if (f)
		f->pages += rec->pages;
	else
		files->dropped_pages += rec->pages;
}

void files_name(struct files *files, const struct aa_rec_file *rec)
{
	struct file *f = find(files, rec->h.app, rec->dev, rec->ino, rec->generation);
	uint32_t bytes = rec->bytes;

	if (!f || f->names || !bytes || bytes > sizeof(rec->names) || rec->names[bytes - 1])
		return;
	if (bytes > TEXT_BYTES - files->text_used)
		return;
	memcpy(files->text + files->text_used, rec->names, bytes);
	f->names = files->text_used;
	f->names_bytes = bytes;
	f->complete = rec->complete;
	files->text_used += bytes;
}

uint64_t files_dropped_pages(const struct files *files)
{
	return files->dropped_pages;
}

size_t files_top(const struct files *files, uint32_t app, const struct file **ret, size_t max)
{
	const struct file *f;
	size_t i, n = 0;

	for (f = files->slots; f < files->slots + SLOTS; f++) {
		if (!f->pages || f->app != app)
			continue;
		if (n == max && (!max || f->pages <= ret[n - 1]->pages))
			continue;
		/* insert in order; max is small */
		for (i = n < max ? n++ : n - 1; i > 0 && ret[i - 1]->pages < f->pages; i--)
			ret[i] = ret[i - 1];
		ret[i] = f;
	}
	return n;
}

int files_path(const struct files *files, const struct file *file, char *ret, size_t size)
{
	const char *first = files->text + file->names, *name = first + file->names_bytes;
	size_t len, used = 0;

	if (!file->names)
		return -ENOENT;
	if (!file->complete) {
		if (size < 4)
			return -ENAMETOOLONG;
		memcpy(ret, "...", 3);
		used = 3;
	}
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
	return 0;
}
