// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* cachestat(2) where there is one, since 6.5 (cf264e1329fb); else a map that is asked and never touched. */
#include "sys/cached.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* on every architecture */
#endif

struct range {
	uint64_t offset, bytes;
};

struct counts {
	uint64_t cached, dirty, writeback, evicted, recently_evicted; /* pages */
};

static int by_cachestat(int fd, const struct range *range, uint64_t page, uint64_t *ret)
{
	struct counts counts;

	if (syscall(SYS_cachestat, fd, range, &counts, 0) < 0)
		return -errno;
	*ret = counts.cached * page;
	return 0;
}

static int by_mincore(int fd, const struct range *range, uint64_t page, uint64_t *ret)
{
	size_t i, pages = range->bytes / page;
	cleanup_free unsigned char *present = malloc(pages);
	uint64_t cached = 0;
	void *map;
	int err = 0;

	if (!present)
		return -ENOMEM;
	map = mmap(NULL, range->bytes, PROT_NONE, MAP_SHARED, fd, (off_t)range->offset);
	if (map == MAP_FAILED)
		return -errno;
	if (mincore(map, range->bytes, present) < 0)
		err = -errno;
	munmap(map, range->bytes);
	if (err)
		return err;
	for (i = 0; i < pages; i++)
		cached += (present[i] & 1) * page;
	*ret = cached;
	return 0;
}

int sys_cached(int fd, uint64_t offset, uint64_t bytes, uint64_t *ret_bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), past = offset % page;
	struct range range = { offset - past, (bytes + past + page - 1) / page * page };
	int err;

	if (bytes > INT64_MAX - 2 * page || offset > INT64_MAX - 2 * page - bytes)
		return -EOVERFLOW;
	if (!bytes) {
		*ret_bytes = 0;
		return 0;
	}
	err = by_cachestat(fd, &range, page, ret_bytes);
	return err ? by_mincore(fd, &range, page, ret_bytes) : 0;
}
