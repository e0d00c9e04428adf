/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Starting the user's command, held back until it is followed. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <sys/types.h>

struct launch {
	pid_t pid; /* 0: none */
	int pidfd; /* -1: none */
	int go; /* written to: the command may start */
	int failed; /* read from: errno of the exec, or nothing if it went well */
};

/*
 * Forks the process that is to become the command. It waits for launch_go(), and is what we are now: signals, priorities
 * and limits that we change later are not the command's. It stays in our process group and session, so the terminal is
 * its own as much as ours. Returns 0 or -errno. Release with launch_close().
 */
int launch_start(char *const command[], struct launch *ret);

/*
 * Lets it exec the command. Returns 0, or -errno of execvp(3); then the process is gone already.
 */
int launch_go(struct launch *launch);

/*
 * Closes what is open. A process that was never let go ends by itself then; one that was goes on.
 */
void launch_close(struct launch *launch);

#endif /* LAUNCH_H */
