/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The mount table: from a device and a path inside its file system to a path that users know. */
#ifndef SYS_MOUNTS_H
#define SYS_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sys_mount {
	uint32_t dev; /* the kernel's dev_t: major << 20 | minor */
	uint64_t id, parent;
	bool top; /* its parent is not in the table */
	char *root; /* the folder of the file system that is mounted */
	char *target; /* where */
	char *type; /* "ext4", "cgroup2", ... */
	char *options; /* of the file system, separated by commas */
};

struct sys_mounts {
	struct sys_mount *mounts; /* in the kernel's order */
	size_t count;
	char *text; /* the strings of mounts */
};

/*
 * Parses the text of /proc/PID/mountinfo; lines that make no sense are left out. Returns 0 or -ENOMEM. Free with
 * sys_mounts_free().
 */
int sys_mounts_parse(const char *text, size_t len, struct sys_mounts *ret);

/*
 * Parses /proc/self/mountinfo. Returns 0 or -errno. Free with sys_mounts_free().
 */
int sys_mounts_read(const char *root, struct sys_mounts *ret);

/*
 * The same of another process's table, by a descriptor of it: from its start, wherever the descriptor is. Returns 0,
 * -EFBIG, -ENOMEM or -errno. Free with sys_mounts_free().
 */
int sys_mounts_read_fd(int fd, struct sys_mounts *ret);

/*
 * Frees and zeroes. Accepts zeroed mounts.
 */
void sys_mounts_free(struct sys_mounts *mounts);

/*
 * The part of path that comes after prefix ("" or "/..."), or NULL if path is not prefix or below it.
 */
const char *sys_path_below(const char *prefix, const char *path);

/*
 * The mount that an absolute path (without links, "." and "..") leads to, or NULL.
 */
const struct sys_mount *sys_mount_of(const struct sys_mounts *mounts, const char *path);

/*
 * Writes where the file at path inside the file system of dev is found, through the mount whose root is nearest to the
 * file; a mount that others hide does not count. Returns 0, -ENOENT (not mounted here) or -ENAMETOOLONG; ret is
 * untouched then.
 */
int sys_mounts_find(const struct sys_mounts *mounts, uint32_t dev, const char *path, char *ret, size_t size);

#endif /* SYS_MOUNTS_H */
