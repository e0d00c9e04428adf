/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * sleepers FOLDER NUMBER: a process that sleeps in each of the control groups FOLDER/0, FOLDER/1, ..., which are there
 * already. When all are where they belong, it prints "asleep"; they stay until it is told to end.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLEEPERS_MAX 4096

static void sleep_on(pid_t parent)
{
	/* whatever ends the first process ends this one; it may have gone before the kernel knew of that wish */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	for (;;)
		pause();
}

static int move(pid_t pid, const char *folder, int group)
{
	char path[PATH_MAX], text[16];
	int fd, n = snprintf(path, sizeof(path), "%s/%d/cgroup.procs", folder, group);

	if (n < 0 || n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	n = snprintf(text, sizeof(text), "%d", (int)pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, (size_t)n) < 0 ? -errno : 0;
	close(fd);
	return n;
}

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s FOLDER NUMBER\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	pid_t self = getpid(), pids[SLEEPERS_MAX];
	int number = argc == 3 ? atoi(argv[2]) : 0, started, signum, err = 0;
	sigset_t end;

	if (number < 1 || number > SLEEPERS_MAX)
		return usage(argv[0]);
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigprocmask(SIG_BLOCK, &end, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* a benchmark that is killed leaves no sleepers behind */
	for (started = 0; started < number && !err; started++) {
		pids[started] = fork();
		if (!pids[started])
			sleep_on(self);
		if (pids[started] < 0) {
			err = -errno;
			break;
		}
		err = move(pids[started], argv[1], started);
	}
	if (err) {
		fprintf(stderr, "sleepers: %s\n", strerror(-err));
	} else {
		puts("asleep");
		fflush(stdout);
		sigwait(&end, &signum);
	}
	while (started-- > 0)
		kill(pids[started], SIGKILL);
	while (wait(NULL) > 0)
		;
	return err ? 1 : 0;
}
