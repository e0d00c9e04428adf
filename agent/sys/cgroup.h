/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Control groups of processes, in v1, v2 and hybrid layouts: where they are and which they are. */
#ifndef SYS_CGROUP_H
#define SYS_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sys_cgroup {
	char directory[PATH_MAX]; /* to open; the root that was asked for is part of it */
	size_t mount_len; /* of directory: this much is the mount point, then follows the path below it */
	bool v2;
	char controller[32]; /* v1: the (first) controller of the hierarchy, or "name=NAME"; v2: "" */
	uint64_t id; /* as the kernel counts within the hierarchy; 0: not asked for */
};

/*
 * Finds in the text of /proc/PID/cgroup the path of the process in the hierarchy that a controller ("cpu", "memory")
 * belongs to. ret_path has PATH_MAX bytes. Returns 0, -ENOENT (no such hierarchy), or -EINVAL (a path that leaves the
 * part of the tree that this process may see, or makes no sense).
 */
int sys_cgroup_parse(const char *text, size_t len, const char *controller, char *ret_path, bool *ret_v2);

/*
 * Reads that from /proc/PID/cgroup. Returns 0, -ESRCH (no such process), as sys_cgroup_parse(), or -errno.
 */
int sys_cgroup_path(const char *root, pid_t pid, const char *controller, char *ret_path, bool *ret_v2);

/*
 * Finds what lies at such a path through a mount of the hierarchy; id stays 0. Returns as sys_cgroup_of().
 */
int sys_cgroup_mounted(const char *root, const char *path, bool v2, const char *controller, struct sys_cgroup *ret);

/*
 * Finds the cgroup of a process for a controller; id stays 0. Returns 0, -ENOENT (process or cgroup is gone, the
 * hierarchy is not mounted, or the mount does not show that cgroup), or -errno.
 */
int sys_cgroup_of(const char *root, pid_t pid, const char *controller, struct sys_cgroup *ret);

/*
 * Finds the cgroup that a user names: by its directory, or by its path below the root of a hierarchy (with or without
 * the first slash), where v2 comes before v1 and among v1 "cpu" and "memory" before the others. Returns 0, -ENOENT
 * (none of that name), -EXDEV (a directory, but not of a cgroup; also through a link), or -errno.
 */
int sys_cgroup_resolve(const char *root, const char *text, struct sys_cgroup *ret);

/*
 * Reads the id by which the kernel (and BPF) knows a cgroup, from its directory. Returns 0 or -errno.
 */
int sys_cgroup_id(const char *directory, uint64_t *ret_id);

/*
 * The same for an open directory (O_PATH will do).
 */
int sys_cgroup_id_at(int dirfd, uint64_t *ret_id);

/*
 * Turns a cgroup into the one above it, whose id is not known (0). Returns false, and changes nothing, at the mount
 * point.
 */
bool sys_cgroup_up(struct sys_cgroup *cgroup);

/*
 * The group's path below its mount, as people know it: "/" for the root. Part of cgroup; not safe to print as it is.
 */
const char *sys_cgroup_name(const struct sys_cgroup *cgroup);

#endif /* SYS_CGROUP_H */
