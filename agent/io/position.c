/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where on its device a file's data lies, as far as the file system tells. */
#include "io/position.h"

#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "util/cleanup.h"

#define EXTENTS_AT_A_TIME 256
#define NOWHERE (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC)

static int append(struct io_extents *extents, const struct fiemap *map)
{
	size_t count = extents->count + map->fm_mapped_extents, i;
	struct io_extent *list = reallocarray(extents->extent, count, sizeof(*list));

	if (!list)
		return -ENOMEM;
	extents->extent = list;
	for (i = 0; i < map->fm_mapped_extents; i++) {
		const struct fiemap_extent *e = &map->fm_extents[i];

		if (!(e->fe_flags & NOWHERE))
			list[extents->count++] = (struct io_extent){ e->fe_logical, e->fe_length, e->fe_physical };
	}
	return 0;
}

/* What was not written yet is in memory anyway: without FIEMAP_FLAG_SYNC, nothing is flushed. */
int io_extents_read(int fd, uint64_t offset, uint64_t end, size_t most, struct io_extents *ret)
{
	struct io_extents extents = { .cut = UINT64_MAX };
	cleanup_free struct fiemap *map = NULL;
	size_t room = most < EXTENTS_AT_A_TIME ? most : EXTENTS_AT_A_TIME;
	bool last = false;

	map = malloc(sizeof(*map) + room * sizeof(map->fm_extents[0]));
	if (!map)
		return -ENOMEM;
	while (offset < end && !last && most) {
		const struct fiemap_extent *tail;

		room = most < room ? most : room;
		*map = (struct fiemap){ .fm_start = offset,
					.fm_length = end - offset,
					.fm_extent_count = (uint32_t)room };
		if (ioctl(fd, FS_IOC_FIEMAP, map) < 0 || !map->fm_mapped_extents || map->fm_mapped_extents > room)
			break;
		if (append(&extents, map)) {
			io_extents_free(&extents);
			return -ENOMEM;
		}
		most -= map->fm_mapped_extents;
		tail = &map->fm_extents[map->fm_mapped_extents - 1];
		last = tail->fe_flags & FIEMAP_EXTENT_LAST || tail->fe_logical + tail->fe_length <= offset;
		offset = tail->fe_logical + tail->fe_length;
	}
	if (!most && !last && offset < end)
		extents.cut = offset;
	*ret = extents;
	return 0;
}

void io_extents_free(struct io_extents *extents)
{
	free(extents->extent);
	*extents = (struct io_extents){ 0 };
}

uint64_t io_extents_place(const struct io_extents *extents, uint64_t offset)
{
	size_t low = 0, high = extents->count, middle;
	const struct io_extent *e;

	if (!extents->count)
		return 0;
	while (low < high) { /* the first one that ends behind offset */
		middle = (low + high) / 2;
		if (extents->extent[middle].offset + extents->extent[middle].bytes <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == extents->count) {
		e = &extents->extent[low - 1];
		return e->place + e->bytes;
	}
	e = &extents->extent[low];
	return offset < e->offset ? e->place : e->place + (offset - e->offset);
}
