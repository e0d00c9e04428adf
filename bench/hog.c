// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Neighbours that compute: a number of processes that never wait, until the first one is told to end. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 4096

static void compute(pid_t parent)
{
	volatile uint32_t sink = 1;

	/* whatever ends the first process ends this one; it may have gone before the kernel knew of that wish */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	for (;;)
		sink = sink * 1664525u + 1013904223u;
}

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s PROCESSES\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	pid_t self = getpid(), pids[PROCESSES_MAX];
	int processes, started, signum, err = 0;
	sigset_t end;

	processes = argc == 2 ? atoi(argv[1]) : 0;
	if (processes < 1 || processes > PROCESSES_MAX)
		return usage(argv[0]);
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigprocmask(SIG_BLOCK, &end, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* a benchmark that is killed leaves no neighbours behind */
	for (started = 0; started < processes; started++) {
		pids[started] = fork();
		if (!pids[started])
			compute(self);
		if (pids[started] < 0) {
			err = errno;
			break;
		}
	}
	if (!err) {
		printf("computing\n");
		fflush(stdout);
		sigwait(&end, &signum);
	}
	while (started-- > 0) {
		kill(pids[started], SIGKILL);
		waitpid(pids[started], NULL, 0);
	}
	return err ? 1 : 0;
}
