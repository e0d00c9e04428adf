/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Finding the processes that a user names, and having the BPF side mark them with all that descends from them. */
#ifndef TARGETS_H
#define TARGETS_H

#include <stddef.h>
#include <sys/types.h>

#include "aa_map.h"
#include "sys/cgroup.h"
#include "trace/tracer.h"

/*
 * Marks every running process that a pattern matches, by its name or its script's, for the pattern's app, with its
 * descendants. ret_first[app] is set to one of the processes that matched. Returns 0 or -errno.
 */
int targets_mark_names(struct tracer *tracer, const struct aa_pattern *patterns, unsigned int npatterns,
		       pid_t ret_first[AA_MAX_APPS]);

/*
 * Marks the process pid and its descendants for app. Returns 0, -ESRCH if there is no such process, -ENODATA if it has no
 * thread that can be marked, or -errno.
 */
int targets_mark_pid(struct tracer *tracer, unsigned int app, pid_t pid);

/*
 * Marks all that is in the followed cgroup (tracer_config) now. Returns 0, also if it is empty, or -errno.
 */
int targets_mark_cgroup(struct tracer *tracer);

/*
 * The hierarchy of a cgroup as the tracer knows it; AA_CGROUP_NONE where it has no controller by which the kernel side
 * could tell.
 */
enum aa_hierarchy targets_hierarchy(const struct sys_cgroup *cgroup);

#endif /* TARGETS_H */
