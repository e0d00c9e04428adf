/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * A control group for an app, in the hierarchy of one controller: its own if it is alone there, else one of ours, into
 * which its processes are moved while they fork. What is made is in the journal first; journal_undo() takes it back.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "act/journal.h"
#include "sys/cgroup.h"

/* Whether a process (pid as this process sees it) belongs to the app. */
typedef bool (*place_member)(void *context, pid_t pid);

struct place_rules {
	const char *root; /* of /proc and /sys: "" */
	const char *cgroup_root; /* settings: where cgroupfs is mounted, in place of what /proc/self/mountinfo says; NULL */
	bool kubepods; /* groups of Kubernetes may be touched */
};

struct place {
	struct sys_cgroup group; /* the app's, where knobs are turned */
	struct sys_cgroup home; /* where it was found */
	bool ours; /* group was made by us and is removed at the end */
	bool prepared; /* group is made, and nobody is in it yet */
};

#define PLACE_WHY 256

/*
 * Finds where the process pid is in the hierarchy of controller and what could be done there, changing nothing. Returns
 *  0 with ret->ours false: the app is alone in its group (every process of that group and the groups below it is a
 *    member), which is not the root of the hierarchy;
 *  0 with ret->ours true: ret->group is where a group of ours may be made: below home in v1; in v2 below home if home is
 *    the root of the hierarchy, else beside it, and only if home has no limits (cpu.max, cpuset.cpus, memory.max,
 *    memory.high, pids.max, io.max) that the app would escape;
 *  -ENOENT the hierarchy is not there, or the process is gone; -EROFS cgroupfs is read-only; -EACCES; -EPERM the group
 *    is Kubernetes' or systemd's and so not ours to touch; -EBUSY v2 allows no group there: all with the reason in why
 *    in the words of the report.
 */
int place_find(const struct place_rules *rules, const char *controller, pid_t pid, const char *name,
	       place_member member, void *context, struct place *ret, char why[PLACE_WHY]);

/*
 * Makes ret->group if it is ours (journalled first; in v2 the controller is enabled in the group above, journalled as
 * well). Returns 0 or -errno; EEXIST cannot happen.
 */
int place_make(struct place *place, const char *controller, struct journal *journal, char why[PLACE_WHY]);

/*
 * Moves one process with all its threads into place->group. Returns 0, -ESRCH (it is gone), or -errno. The kernel waits
 * for an RCU grace period in each move (3 to 20 ms); see expedite.h.
 */
int place_move(const struct place *place, pid_t pid);

/*
 * Moves every member that is in home, or in a group below it, until a pass finds none (they fork meanwhile; at most 64
 * passes). Returns the number of processes that were moved, or -errno.
 */
int place_move_members(const struct place *place, place_member member, void *context);

#endif /* PLACE_H */
