// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Fork, hold, exec. */
#include "run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* read(2) that signals do not interrupt. */
static ssize_t read_whole(int fd, void *buffer, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buffer, size);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* In the child: wait, become the command. Only calls that are safe after fork(). */
static void become(char *const command[], int go, int failed)
{
	int err;
	char c;

	if (read_whole(go, &c, 1) != 1)
		_exit(125); /* the agent gave up */
	execvp(command[0], command);
	err = errno;
	if (write(failed, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(err == ENOENT ? 127 : 126);
}

int launch_start(char *const command[], struct launch *ret)
{
	struct launch l = { .pidfd = -1 };
	int go[2], failed[2], err;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		err = -errno;
		close(go[0]);
		close(go[1]);
		return err;
	}
	l.pid = fork();
	if (l.pid == 0) {
		close(go[1]);
		close(failed[0]);
		become(command, go[0], failed[1]);
	}
	err = l.pid < 0 ? -errno : 0;
	close(go[0]);
	close(failed[1]);
	l.go = go[1];
	l.failed = failed[0];
	if (!err) {
		l.pidfd = syscall(SYS_pidfd_open, l.pid, 0);
		err = l.pidfd < 0 ? -errno : 0;
	}
	if (err) {
		launch_close(&l);
		return err;
	}
	*ret = l;
	return 0;
}

int launch_go(struct launch *launch)
{
	int err = 0;
	ssize_t n;

	n = write(launch->go, "", 1);
	close_fd(&launch->go);
	if (n == 1 && read_whole(launch->failed, &err, sizeof(err)) == (ssize_t)sizeof(err))
		waitpid(launch->pid, NULL, 0);
	close_fd(&launch->failed);
	return -err;
}

void launch_close(struct launch *launch)
{
	bool held = launch->go >= 0;

	close_fd(&launch->go);
	close_fd(&launch->failed);
	close_fd(&launch->pidfd);
	if (held && launch->pid > 0)
		waitpid(launch->pid, NULL, 0);
}
