/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Groups that are not ours, locked while we change them: two agents that change one group would undo each other's
 * values. The lock (flock) is on the group's own folder, and goes with us.
 */
#ifndef LOCKS_H
#define LOCKS_H

#define LOCKS_MAX 64

struct locks {
	char *directory[LOCKS_MAX]; /* owned */
	int fd[LOCKS_MAX];
	unsigned int used;
};

/*
 * Locks the group in directory, if we have not done so before. Returns 0, -EBUSY (another agent changes it), -ENOSPC
 * (LOCKS_MAX), -ENOMEM or -errno.
 */
int locks_take(struct locks *locks, const char *directory);

/*
 * Gives all back, and frees.
 */
void locks_release(struct locks *locks);

#endif /* LOCKS_H */
