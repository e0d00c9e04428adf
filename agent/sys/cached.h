/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What of a file is in the page cache. */
#ifndef SYS_CACHED_H
#define SYS_CACHED_H

#include <stdint.h>

/*
 * Counts the bytes of a range, in whole pages, that are in the page cache; reads none. Returns 0, or -errno: not known.
 */
int sys_cached(int fd, uint64_t offset, uint64_t bytes, uint64_t *ret_bytes);

#endif /* SYS_CACHED_H */
