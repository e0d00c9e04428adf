/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* How much of a warm run's files memory holds without harm. */
#include "warm/budget.h"

#include <errno.h>

#include "sys/limits.h"
#include "sys/machine.h"

#define RESERVE 16 /* one part of so many */

int budget_read(const char *root, pid_t pid, uint64_t *ret_bytes)
{
	uint64_t total, available, reserve, room;
	int err;

	err = sys_memory_read(root, &total, &available);
	if (err)
		return err;
	reserve = total / RESERVE;
	*ret_bytes = available > reserve ? available - reserve : 0;
	/* no group, or none with a limit: only the machine's memory counts */
	if (!sys_memory_room_read(root, pid, &room) && room - room / RESERVE < *ret_bytes)
		*ret_bytes = room - room / RESERVE;
	return 0;
}
