/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the user named: apps, a process, a cgroup or a command. Speaks to the user about it. */
#ifndef TARGET_H
#define TARGET_H

#include "options.h"
#include "run/watch.h"
#include "sys/cgroup.h"

struct target_state {
	const struct config *config;
	struct aa_pattern *patterns; /* owned */
	unsigned int npatterns;
	struct sys_cgroup cgroup;
	enum aa_hierarchy hierarchy; /* of cgroup */
	bool gone; /* the cgroup was removed */
};

/*
 * Makes sense of the names in config, which ret refers to from then on. Returns 0, EXIT_USAGE or EXIT_UNSUPPORTED,
 * having said why on stderr. Free with target_clear().
 */
int target_prepare(const struct config *config, struct target_state *ret);
void target_clear(struct target_state *t);

/*
 * Names the apps of a watch.
 */
void target_name(struct target_state *t, struct watch *watch);

/*
 * Marks what runs already, and says for what it waits. Returns 0 or an exit status, having said why on stderr.
 */
int target_mark(struct target_state *t, struct watch *watch);

/*
 * Whether the cgroup is not there any more.
 */
bool target_cgroup_gone(const struct target_state *t);

/*
 * Marks what is in the cgroup now, or notes that it is gone. Returns as target_mark().
 */
int target_mark_cgroup(struct target_state *t, struct watch *watch);

#endif /* TARGET_H */
