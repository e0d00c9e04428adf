/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What of a file is in the page cache: cachestat(2), and where the kernel (before 6.5) has none, mincore(2). */
#include "sys/resident.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* the same on every machine */
#endif

#define MAP_PAGES 16384 /* that are asked for at a time */

struct cache_range {
	uint64_t offset, bytes;
};

struct cache_state {
	uint64_t cached, dirty, writeback, evicted, recently_evicted; /* pages */
};

static int count_pages(int fd, uint64_t offset, uint64_t bytes, uint64_t *ret_pages)
{
	struct cache_range range = { offset, bytes };
	struct cache_state state;

	if (syscall(SYS_cachestat, fd, &range, &state, 0) < 0)
		return -errno;
	*ret_pages = state.cached;
	return 0;
}

/* To others mincore() says that everything is in memory. */
static int check_may_ask(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (fcntl(fd, F_GETFL) & O_NOATIME) /* that takes the same right */
		return 0;
	if (!geteuid() || st.st_uid == geteuid() || !faccessat(fd, "", W_OK, AT_EACCESS | AT_EMPTY_PATH))
		return 0;
	return -EPERM;
}

/* The pages of a file on overlayfs are those of another one, of which cachestat() knows nothing and a mapping does. */
static bool is_overlay(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static int count_mapped_pages(int fd, uint64_t offset, uint64_t bytes, uint64_t page, uint64_t *ret_pages)
{
	unsigned char there[MAP_PAGES];
	uint64_t pages = 0, len, i;
	int err = check_may_ask(fd);

	for (; !err && bytes; offset += len, bytes -= len) {
		void *map;

		len = bytes < MAP_PAGES * page ? bytes : MAP_PAGES * page;
		map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, (off_t)offset);
		if (map == MAP_FAILED)
			return -errno;
		if (mincore(map, len, there) < 0)
			err = -errno;
		for (i = 0; !err && i < (len + page - 1) / page; i++)
			pages += there[i] & 1;
		munmap(map, len);
	}
	*ret_pages = pages;
	return err;
}

int sys_resident(int fd, uint64_t offset, uint64_t bytes, uint64_t *ret_bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), pages = 0;
	int err = 0;

	if (offset > INT64_MAX || bytes > INT64_MAX - offset)
		return -EOVERFLOW;
	if (bytes) /* to cachestat() no bytes are all */
		err = count_pages(fd, offset, bytes, &pages);
	if (err == -ENOSYS || (!err && bytes && !pages && is_overlay(fd)))
		err = count_mapped_pages(fd, offset, bytes, page, &pages);
	if (!err)
		*ret_bytes = pages < bytes / page + 1 && pages * page < bytes ? pages * page : bytes;
	return err;
}
