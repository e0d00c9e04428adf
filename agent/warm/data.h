/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where a file has data. What lies between, its holes, is on no disk: reading it only fills memory with zeros. */
#ifndef DATA_H
#define DATA_H

#include <stdbool.h>
#include <stdint.h>

struct stat;

struct data_range {
	uint64_t offset, bytes;
};

/*
 * Whether a regular file may have holes, so that it is worth asking: it has fewer blocks than bytes, or is large, and
 * some of its blocks may never have been written.
 */
bool data_has_holes(const struct stat *st);

/*
 * The next range of data in [from, end) in whole pages, but for the end; from is a multiple of the page size. Without
 * holes (see above), and where the file system does not tell, all is data. Returns false if there is none.
 */
bool data_next(int fd, bool holes, uint64_t from, uint64_t end, struct data_range *ret);

/*
 * How much data there is in [0, end), and how much of that is in memory. Returns 0, or -errno of sys_resident(); then
 * only *ret_resident is untouched.
 */
int data_resident(int fd, bool holes, uint64_t end, uint64_t *ret_data, uint64_t *ret_resident);

#endif /* DATA_H */
