/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where on its device a file's data lies, as far as the file system tells. */
#ifndef IO_POSITION_H
#define IO_POSITION_H

#include <stddef.h>
#include <stdint.h>

struct io_extent {
	uint64_t offset, bytes; /* in the file */
	uint64_t place; /* on the device */
};

struct io_extents {
	struct io_extent *extent; /* by offset; NULL: unknown */
	size_t count;
	uint64_t cut; /* from this offset on there may be more of them; UINT64_MAX: all are here */
};

/*
 * Asks the file system (FIEMAP) for the extents that touch the range, the first most of them. Returns 0, with no extents
 * if the file system cannot tell or has none there, or -ENOMEM. Free with io_extents_free().
 */
int io_extents_read(int fd, uint64_t offset, uint64_t end, size_t most, struct io_extents *ret);
void io_extents_free(struct io_extents *extents);

/*
 * The place of an offset: in a hole, that of the next extent; behind the last one, its end. Without extents: 0.
 */
uint64_t io_extents_place(const struct io_extents *extents, uint64_t offset);

#endif /* IO_POSITION_H */
