/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A control group as a folder: its processes, the groups below it, its controllers. */
#ifndef SYS_CGROUP_TREE_H
#define SYS_CGROUP_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/cgroup.h"

/*
 * All work on an open directory: a name can be given to another group at any moment. A group that was removed while it
 * was open is -ENOENT everywhere.
 */

/*
 * Opens the directory of a group, not for reading (O_PATH). Returns the descriptor, -ENOENT (gone, or if group->id is
 * not 0: another group has its name), or -errno. The caller closes it.
 */
int sys_cgroup_open(const struct sys_cgroup *group);

/*
 * Reads the first line of one of its files, without the newline; size is at least 2. Returns 0, -EFBIG, or -errno.
 */
int sys_cgroup_line(int dirfd, const char *file, char *ret, size_t size);

/*
 * Writes text to one of its files in one write(2). Returns 0 or -errno.
 */
int sys_cgroup_write(int dirfd, const char *file, const char *text);

/*
 * Whether word is in the first line of a file ("cgroup.controllers", "cgroup.subtree_control"). Returns 0 or -errno.
 */
int sys_cgroup_lists(int dirfd, const char *file, const char *word, bool *ret);

/*
 * Whether it is the root of its hierarchy, of which no namespace or mount hides a part. Returns 0 or -errno.
 */
int sys_cgroup_is_root(int dirfd, bool v2, bool *ret);

/*
 * Reads the pids of its processes, those of groups below it not among them; 0 stands for a process that this pid
 * namespace does not show (v2: v1 leaves them out). A threaded group has none: they count for the group above it. The
 * caller frees *ret_pids. Returns 0, -EINVAL (makes no sense), or -errno.
 */
int sys_cgroup_pids(int dirfd, pid_t **ret_pids, size_t *ret_count);

#define SYS_CGROUP_DEPTH_MAX 32 /* one descriptor each */
#define SYS_CGROUP_GROUPS_MAX 16384

#define SYS_CGROUP_SKIP 1

/*
 * Told of each group by its directory and its name ("": the first). Returns 0 to go on, SYS_CGROUP_SKIP not to look
 * below this one, -errno to end the walk.
 */
typedef int (*sys_cgroup_visit)(void *context, int dirfd, const char *name);

/*
 * Visits a group and all groups below it, each before those below it; what goes away meanwhile is left out. Returns 0,
 * -E2BIG (there is more than the bounds above allow, which was left out), what visit returned, or -errno.
 */
int sys_cgroup_walk(int dirfd, sys_cgroup_visit visit, void *context);

#endif /* SYS_CGROUP_TREE_H */
