/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Bringing ranges of a file into the page cache, without copying them. */
#ifndef IO_CACHE_H
#define IO_CACHE_H

#include "io/work.h"

struct cache {
	int null; /* /dev/null; less than 0: pages are copied to memory and forgotten */
};

void cache_open(struct cache *ret);
void cache_close(struct cache *cache);

/*
 * Reads the ranges of a job's operations, each of them in ascending order, into the page cache, and sets their results:
 * what is not an error is resident, unless memory is short. From any thread.
 */
void cache_fill(const struct cache *cache, const struct work *work, const struct plan_request *job, int fd);

#endif /* IO_CACHE_H */
