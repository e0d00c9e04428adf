/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Realtime in groups of ours, where the kernel gives each v1 group a share of its own (CONFIG_RT_GROUP_SCHED). */
#ifndef PLACE_REALTIME_H
#define PLACE_REALTIME_H

/*
 * Gives the new v1 group below home some of home's realtime share, if home has one: a new group has none, and takes no
 * realtime process; nor may one that is in it become realtime. Half of what home may use, or the largest half of that
 * and so on which the kernel still has to give. It goes back with the group. That there is none left is no failure.
 */
void place_realtime(int home, int group);

/*
 * Returns the share of the time that the realtime processes of a group may run: 1 where the kernel has no such limit.
 */
double place_realtime_share(int group);

#endif /* PLACE_REALTIME_H */
