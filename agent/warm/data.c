/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where a file has data: lseek(2) with SEEK_DATA and SEEK_HOLE. */
#include "warm/data.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/resident.h"

#define BLOCK 512 /* the unit of st_blocks, whatever the file system's is */
#define LARGE_BYTES (1 << 20) /* one question more is nothing beside reading so much */

bool data_has_holes(const struct stat *st)
{
	return st->st_size >= LARGE_BYTES || st->st_blocks < (st->st_size + BLOCK - 1) / BLOCK;
}

bool data_next(int fd, bool holes, uint64_t from, uint64_t end, struct data_range *ret)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), start = from, stop = end;
	off_t at;

	if (from >= end)
		return false;
	if (holes) {
		at = lseek(fd, (off_t)from, SEEK_DATA);
		if (at < 0 && errno == ENXIO) /* no data any more, or no file any more */
			return false;
		if (at > 0 && (uint64_t)at > start)
			start = (uint64_t)at & ~(page - 1); /* blocks may be smaller than pages */
		if (start >= end)
			return false;
		if (at >= 0)
			at = lseek(fd, at, SEEK_HOLE);
		if (at > 0 && (uint64_t)at < stop)
			stop = ((uint64_t)at + page - 1) & ~(page - 1);
	}
	if (stop > end)
		stop = end;
	*ret = (struct data_range){ start, stop - start };
	return true;
}

int data_resident(int fd, bool holes, uint64_t end, uint64_t *ret_data, uint64_t *ret_resident)
{
	uint64_t data = 0, sum = 0, resident;
	struct data_range range = { 0 };
	int err = 0, failed;

	while (data_next(fd, holes, range.offset + range.bytes, end, &range)) {
		failed = sys_resident(fd, range.offset, range.bytes, &resident);
		err = err ? err : failed;
		sum += failed ? 0 : resident;
		data += range.bytes;
	}
	*ret_data = data;
	if (!err)
		*ret_resident = sum;
	return err;
}
