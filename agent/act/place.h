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
	const char *cgroup_root; /* settings: where cgroupfs is, in place of what the mount table says; NULL */
	bool kubepods; /* groups of Kubernetes may be touched */
};

struct place {
	const char *root; /* of /proc: the rules' */
	struct sys_cgroup group; /* the app's, where knobs are turned */
	struct sys_cgroup home; /* where it was found */
	bool ours; /* group was made by us and is removed at the end */
	bool prepared; /* group is made, and nobody is in it yet: set by place_make(), for the caller to take back */
	bool systemd; /* group is, or will be, of a unit that systemd manages: its own changes go through that */
};

#define PLACE_WHY 256

/*
 * Finds where the process pid is in the hierarchy of controller ("cpu", "memory", "io", "cpuset") and what could be
 * done there, changing nothing. name tells apart the groups that this process makes: letters, digits, '-', at most 64.
 * Returns
 *  0 with ret->ours false: the app is alone in its group (every process of that group and the groups below it is a
 *    member), which is not the root of the hierarchy; ret->group is ret->home;
 *  0 with ret->ours true: ret->group (id 0) is where a group of ours may be made: below home in v1; in v2 below home if
 *    home is the root of the hierarchy, else beside it, and only if home has no limits (cpu.max, cpuset, memory, pids,
 *    io) and no BPF filters of its own that the app would escape;
 *  both with ret->systemd if that would be a unit's (a scope, with ret->ours), and not in what systemd has delegated;
 *  -ESRCH the process is gone; -ENOENT the hierarchy, or its controller, is not there; -EROFS cgroupfs is read-only;
 *  -ENOSYS systemd manages it, and there is no libsystemd to talk to it; -EACCES; -EPERM the group is Kubernetes' and so
 *  not ours to touch; -EBUSY v2 allows no group there, or does not hand the controller down to it; -EINVAL name, or the
 *  group is outside of what this process may see; or -errno. The reason is in why in the words of the report, safe to
 *  print.
 */
int place_find(const struct place_rules *rules, const char *controller, pid_t pid, const char *name,
	       place_member member, void *context, struct place *ret, char why[PLACE_WHY]);

/*
 * Makes place->group if it is ours, and sets its id; its name gets a number more if there is a group of that name. In
 * v2, for a group of either kind, the controller is enabled in the group above if it is not. Each is journalled first.
 * Where systemd manages it, systemd does both. Returns 0, -ENOENT (home, or the group above, is gone or another),
 * -EBUSY (v2 refuses), or -errno, with the reason in why; place is as before then, and what was made so far is in the
 * journal or gone.
 */
int place_make(struct place *place, const char *controller, struct journal *journal, char why[PLACE_WHY]);

/*
 * In v2 one group serves all controllers: enables another one for a group that is there (in the group above it,
 * journalled first). Does nothing in v1, or if the group has the controller. Returns as place_make().
 */
int place_enable(const struct place *place, const char *controller, struct journal *journal, char why[PLACE_WHY]);

/*
 * Moves one process with all its threads into place->group. If member says after that that the pid is no member's, it
 * belongs to a stranger by now, who goes to home; member is NULL for a process that cannot end meanwhile (it is held).
 * Returns 0, -ESRCH (it is gone), -ENOENT (the group is gone, or another has its name), -EXDEV (v1: its threads are in
 * different groups, and stay there), or -errno. The first of several moves waits for an RCU grace period; see
 * expedite.h.
 */
int place_move(const struct place *place, pid_t pid, place_member member, void *context);

/*
 * Moves every member that is in home until no pass finds any more (they fork meanwhile; at most 64 passes). A process
 * whose pid belongs to no member after the move goes back. Groups below home are left alone: they may have limits of
 * their own, and undoing would not know who came from where; for the same reason, in v1, processes whose threads are in
 * different groups are left alone, and not counted. Returns the number of processes that were moved (0: there was none
 * left), -EAGAIN (the last of 64 passes still met members: call again later), or -errno: of the first member that the
 * kernel refused to move, after all others were.
 */
int place_move_members(const struct place *place, place_member member, void *context);

#endif /* PLACE_H */
