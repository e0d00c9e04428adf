/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the two halves of place.h share: the names of groups, and how a reason is said. */
#ifndef PLACE_NAME_H
#define PLACE_NAME_H

#include "act/place.h"

#define PLACE_PREFIX "accel-agent." /* then PID.NAME, and perhaps .NUMBER */
#define PLACE_SCOPE_PREFIX "accel-agent-"
#define PLACE_SCOPE PLACE_SCOPE_PREFIX "%d-%s.scope" /* PID-NAME, and perhaps -NUMBER */
#define PLACE_NAME_MAX 64
#define PLACE_KUBERNETES "kubepods" /* "kubepods", "kubepods.slice", "kubepods-burstable.slice" */

/*
 * Returns whether an agent, this one or another, made the group of that name (its last component).
 */
bool place_is_agents(const char *name);

/*
 * Write the reason to why, place_why_group() after the name of the group, and return err.
 */
int place_why(char why[PLACE_WHY], int err, const char *format, ...) __attribute__((format(printf, 3, 4)));
int place_why_group(char why[PLACE_WHY], int err, const struct sys_cgroup *group, const char *what);

#endif /* PLACE_NAME_H */
