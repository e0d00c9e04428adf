/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where procfs, sysfs and cgroupfs are looked for: below a root folder, so that tests can bring their own. */
#ifndef SYS_ROOT_H
#define SYS_ROOT_H

#include <stddef.h>

/* Every function of sys/ takes the root as its first argument: "" is the running system. */

/*
 * Writes root and the formatted path to ret. Returns 0, or -ENAMETOOLONG (ret is undefined then).
 */
int sys_path(char *ret, size_t size, const char *root, const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * read_file_at() of root and path: the caller frees *ret_text. Returns 0, -EFBIG, -ENOMEM or -errno.
 */
int sys_read(const char *root, const char *path, size_t max_bytes, char **ret_text, size_t *ret_len);

#endif /* SYS_ROOT_H */
