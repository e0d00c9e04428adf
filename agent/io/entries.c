/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From a caller's list to what can be planned: checked, with levels and places. */
#include "io/entries.h"

#include <errno.h>
#include <stdlib.h>

#include "io/levels.h"
#include "io/position.h"
#include "util/cleanup.h"

#define PLACE_BITS 56 /* of a place on a device; above it is the device */
#define DEVICES_MAX 254
/* Extents of a file that are kept: more than it has operations are of little use, and there may be millions of them. */
#define EXTENTS_KEPT(ops) (2 * (size_t)(ops) + 16)

/* What the operations of a file reach. */
struct reach {
	uint64_t start, end;
	uint32_t ops;
	struct io_extents extents;
	bool asked; /* for extents */
};

struct devices {
	uint64_t device[DEVICES_MAX];
	unsigned int count;
};

/* --- checking --- */

static int error_of(const struct accel_io_op *op, const struct io_file *file)
{
	if (op->kind > ACCEL_IO_WARM)
		return -EINVAL;
	if (file->err)
		return file->err;
	if (op->offset > INT64_MAX || (op->kind != ACCEL_IO_WARM && op->bytes > INT64_MAX - op->offset))
		return -EINVAL;
	if (op->kind == ACCEL_IO_WARM)
		return file->direct ? -EINVAL : 0; /* reads past the page cache */
	return op->bytes && !op->buffer ? -EFAULT : 0;
}

static bool check(struct accel_io_op *op, const struct io_file *file)
{
	op->result = error_of(op, file);
	if (op->result || !op->bytes)
		return false;
	op->result = op->bytes < INT64_MAX ? (int64_t)op->bytes : INT64_MAX;
	return true;
}

/* --- levels --- */

/* Sorts the operations by file, those of a file in the order of the list: start[f] to start[f + 1] are those of file f. */
static void group(const struct io_files *files, const struct plan_entry *entries, uint32_t n, uint32_t *start,
		  uint32_t *which)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		start[files->file[entries[i].file].same]++;
	for (i = 1; i <= files->count; i++)
		start[i] += start[i - 1];
	for (i = n; i > 0; i--) /* from behind: each end moves down to its start */
		which[--start[files->file[entries[i - 1].file].same]] = entries[i - 1].op;
}

static int find_levels(const struct accel_io_op *ops, const struct io_files *files, const struct plan_entry *entries,
		       uint32_t n, uint32_t *level)
{
	cleanup_free uint32_t *start = calloc((size_t)files->count + 1, sizeof(*start));
	cleanup_free uint32_t *which = calloc(n ? n : 1, sizeof(*which));
	uint32_t i;
	int err = 0;

	if (!start || !which)
		return -ENOMEM;
	group(files, entries, n, start, which);
	for (i = 0; i < files->count && !err; i++)
		if (files->file[i].written && start[i] < start[i + 1])
			err = levels_find(ops, which + start[i], start[i + 1] - start[i],
					  files->file[i].known ? files->file[i].bytes : 0, level);
	return err;
}

static int set_levels(const struct accel_io_op *ops, uint32_t nops, const struct io_files *files,
		      struct plan_entry *entries, uint32_t n)
{
	cleanup_free uint32_t *level = NULL;
	uint32_t i;
	int err;

	if (!files->written)
		return 0;
	level = calloc(nops, sizeof(*level));
	err = level ? find_levels(ops, files, entries, n, level) : -ENOMEM;
	for (i = 0; i < n && !err; i++)
		entries[i].level = level[entries[i].op];
	return err;
}

/* --- places --- */

/* Devices are told apart by the order in which they are met; 0 is for files that nobody looked at. */
static uint64_t rank_of(struct devices *devices, uint64_t device)
{
	unsigned int i;

	for (i = 0; i < devices->count && devices->device[i] != device; i++)
		;
	if (i == devices->count && i < DEVICES_MAX)
		devices->device[devices->count++] = device;
	return i + 1;
}

/* Where the file system says that it is; behind the extents that are kept, it is asked for this one alone. */
static int find_place(const struct io_file *file, const struct reach *reach, uint64_t offset, uint64_t *ret)
{
	struct io_extents one;

	*ret = reach->extents.count ? io_extents_place(&reach->extents, offset) : file->inode;
	if (offset < reach->extents.cut)
		return 0;
	if (io_extents_read(file->fd, offset, reach->end, 1, &one))
		return -ENOMEM;
	if (one.count)
		*ret = io_extents_place(&one, offset);
	io_extents_free(&one);
	return 0;
}

static int place_entry(const struct io_file *file, struct reach *reach, struct devices *devices, uint64_t offset,
		       struct plan_entry *entry)
{
	const uint64_t mask = (1ULL << PLACE_BITS) - 1;
	uint64_t place;
	int err = 0;

	if (file->path) {
		entry->place = (file->order ? file->order : entry->file) & mask;
		return 0;
	}
	if (file->device == UINT64_MAX) { /* a block device by itself */
		entry->place = (rank_of(devices, file->inode) << PLACE_BITS) | (offset & mask);
		return 0;
	}
	if (!reach->asked)
		err = io_extents_read(file->fd, reach->start, reach->end, EXTENTS_KEPT(reach->ops), &reach->extents);
	reach->asked = true;
	if (!err)
		err = find_place(file, reach, offset, &place);
	if (!err)
		entry->place = (rank_of(devices, file->device) << PLACE_BITS) | (place & mask);
	return err;
}

/* One operation is in order, whatever its place. */
static int set_places(const struct accel_io_op *ops, const struct io_files *files, struct plan_entry *entries,
		      uint32_t n)
{
	struct reach *reach = calloc(files->count ? files->count : 1, sizeof(*reach));
	struct devices devices = { .count = 0 };
	uint32_t i;
	int err = reach ? 0 : -ENOMEM;

	for (i = 0; i < n && !err; i++) {
		const struct accel_io_op *op = &ops[entries[i].op];
		struct reach *r = &reach[entries[i].file];
		uint64_t end = op->bytes > INT64_MAX - op->offset ? INT64_MAX : op->offset + op->bytes;

		r->start = !r->end || op->offset < r->start ? op->offset : r->start;
		r->end = end > r->end ? end : r->end;
		r->ops++;
	}
	for (i = 0; i < n && n > 1 && !err; i++)
		err = place_entry(&files->file[entries[i].file], &reach[entries[i].file], &devices,
				  ops[entries[i].op].offset, &entries[i]);
	for (i = 0; reach && i < files->count; i++)
		io_extents_free(&reach[i].extents);
	free(reach);
	return err;
}

int entries_make(struct accel_io_op *ops, uint32_t n, const struct io_files *files, struct plan_entry **ret,
		 uint32_t *ret_count)
{
	struct plan_entry *entries = calloc(n ? n : 1, sizeof(*entries));
	uint32_t i, count = 0;
	int err;

	if (!entries)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct io_file *file = &files->file[files->of[i]];

		if (check(&ops[i], file))
			entries[count++] = (struct plan_entry){ .op = i,
								.file = files->of[i],
								.job = file->path || ops[i].kind == ACCEL_IO_WARM };
	}
	err = set_levels(ops, n, files, entries, count);
	if (!err)
		err = set_places(ops, files, entries, count);
	if (err) {
		free(entries);
		return err;
	}
	*ret = entries;
	*ret_count = count;
	return 0;
}
