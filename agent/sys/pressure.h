/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Pressure stall information: how long somebody waited for a resource. */
#ifndef SYS_PRESSURE_H
#define SYS_PRESSURE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Finds the total of "some" (ns) in the text of a pressure file. Returns 0 or -EINVAL.
 */
int sys_pressure_parse(const char *text, size_t len, uint64_t *ret_ns);

/*
 * Reads it from a pressure file: "/proc/pressure/io", or memory.pressure of a cgroup. Returns 0 or -errno.
 */
int sys_pressure_read(const char *root, const char *path, uint64_t *ret_ns);

#endif /* SYS_PRESSURE_H */
