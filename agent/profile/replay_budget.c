// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* From /proc/meminfo and the groups' limits. */
#include "profile/replay_budget.h"

#include "sys/limits.h"
#include "sys/machine.h"

#define SHARE 2
#define TASKS_SHARE 4
#define THREADS 32 /* which wait for the disk: more bring no more */

uint64_t replay_budget(const char *root, pid_t pid)
{
	uint64_t total, available, room;

	if (sys_memory_read(root, &total, &available))
		return 0;
	if (!sys_memory_room_read(root, pid, &room) && room < available)
		available = room;
	return available / SHARE;
}

unsigned int replay_threads(const char *root, pid_t pid)
{
	uint64_t room;

	if (sys_tasks_room_read(root, pid, &room) || room / TASKS_SHARE >= THREADS)
		return THREADS;
	return room < 2 * TASKS_SHARE ? 1 : (unsigned int)(room / TASKS_SHARE);
}

bool replay_fits(uint64_t room, uint64_t tasks)
{
	return tasks <= room / TASKS_SHARE;
}
