/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * pidreuse PID COMMAND...: waits until PID is free, then runs COMMAND as a process with exactly that number, and waits
 * for it. Exits 3 where the kernel does not allow it.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/work.h"

int main(int argc, char **argv)
{
	pid_t wanted = argc > 2 ? (pid_t)atoi(argv[1]) : 0;
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1 };
	double end = work_now() + 10;
	long pid;

	if (wanted <= 0)
		return 2;
	do {
		pid = syscall(SYS_clone3, &args, sizeof(args));
	} while (pid < 0 && errno == EEXIST && work_now() < end);
	if (pid < 0)
		return 3;
	if (!pid) {
		execv(argv[2], argv + 2);
		work_die("%s", argv[2]);
	}
	return waitpid((pid_t)pid, NULL, 0) == pid ? 0 : 1;
}
