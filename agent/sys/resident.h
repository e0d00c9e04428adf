/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What of a file is in the page cache. */
#ifndef SYS_RESIDENT_H
#define SYS_RESIDENT_H

#include <stdint.h>

/*
 * How many of the bytes in [offset, offset + bytes) of a file lie in pages that are in memory; offset is a multiple of the
 * page size, and the range ends where the file does at the latest. Returns 0; -EOVERFLOW; -EPERM: the kernel does not
 * tell those who may not write the file; or -errno: it does not tell for this kind of file.
 */
int sys_resident(int fd, uint64_t offset, uint64_t bytes, uint64_t *ret_bytes);

#endif /* SYS_RESIDENT_H */
