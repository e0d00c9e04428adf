/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Opening what a path names, part by part and through no link: what a journal says is only text. */
#ifndef JOURNAL_TREE_H
#define JOURNAL_TREE_H

#include <stdint.h>

/*
 * All paths include root ("": the running system), as sys_cgroup's do. With another root, which is a test's, folders
 * need not be on cgroupfs, nor files on sysfs. What is opened is opened O_PATH and close-on-exec; -ENOENT: it is not
 * there; -EXDEV: it is not below root, or not on such a file system.
 */

/*
 * Opens a control group. Returns 0, -ESTALE (a group of that name is there, but not the one with this id; with id 0 any
 * will do), or -errno.
 */
int journal_tree_group(const char *root, const char *path, uint64_t id, int *ret_fd);

/*
 * Opens a regular file below /sys or /proc/sys for reading and writing (not O_PATH). Returns 0 or -errno.
 */
int journal_tree_file(const char *root, const char *path, int *ret_fd);

/*
 * Opens the regular file name in folder, with flags besides those against links and waiting. Returns 0 or -errno.
 */
int journal_tree_member(int folder, const char *name, int flags, int *ret_fd);

#endif /* JOURNAL_TREE_H */
