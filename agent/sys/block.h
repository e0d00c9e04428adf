/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Block devices, as sysfs shows them. */
#ifndef SYS_BLOCK_H
#define SYS_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct sys_block {
	char name[32]; /* "vda1" */
	uint32_t disk; /* the whole disk that a partition lies on; dev itself for everything else */
	bool rotational;
};

/*
 * Reads what sysfs knows of the device with the kernel's dev_t (major << 20 | minor). Returns 0, -ENOENT (no such
 * device, or no sysfs), or -errno.
 */
int sys_block_read(const char *root, uint32_t dev, struct sys_block *ret);

#endif /* SYS_BLOCK_H */
