/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * crowd PROCESSES FILE: so many processes that sleep. Prints "ready" when all are there; once FILE exists, all end.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/work.h"

static _Noreturn void sleep_on(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	long processes = work_count(argc, argv, 1, 10), i;
	pid_t self = getpid(), pid;

	if (argc < 3)
		return 2;
	setpgid(0, 0); /* the signal below is for us alone */
	for (i = 0; i < processes; i++) {
		pid = fork();
		if (pid < 0)
			work_die("fork");
		if (!pid)
			sleep_on(self);
	}
	puts("ready");
	fflush(stdout);
	while (access(argv[2], F_OK))
		work_sleep(0.1);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	return 0;
}
