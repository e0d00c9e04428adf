// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Fork, look, kill. */
#include "profile/replay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

#define END_WAIT_MS 500

struct replay {
	pid_t pid; /* 0: it was waited for */
	int pidfd;
	struct replay_progress *progress; /* shared with it */
};

int replay_start(const struct replay_job *job, struct replay **ret)
{
	struct replay *r = calloc(1, sizeof(*r));
	struct replay_job theirs = *job;

	if (!r)
		return -ENOMEM;
	/* of the states, only what is written takes memory */
	r->progress = mmap(NULL, sizeof(*r->progress), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->progress == MAP_FAILED) {
		free(r);
		return -ENOMEM;
	}
	theirs.agent = getpid();
	r->pid = fork();
	if (r->pid == 0)
		replay_process(&theirs, r->progress);
	r->pidfd = r->pid > 0 ? (int)syscall(SYS_pidfd_open, r->pid, 0) : -1;
	if (r->pid > 0) {
		*ret = r;
		return 0;
	}
	munmap(r->progress, sizeof(*r->progress));
	free(r);
	return -EAGAIN;
}

pid_t replay_pid(const struct replay *r)
{
	return r->pid;
}

bool replay_is_over(struct replay *r)
{
	/* -ECHILD: as process 1, the agent waits for everybody elsewhere */
	if (r->pid && waitpid(r->pid, NULL, WNOHANG) != 0)
		r->pid = 0;
	return !r->pid;
}

void replay_end(struct replay *r, enum replay_stop why)
{
	struct replay_progress *p = r->progress;

	if (replay_is_over(r))
		why = REPLAY_FAILED; /* unless it says better: a crash */
	else if (r->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, r->pidfd, SIGKILL, NULL, 0);
	else
		kill(r->pid, SIGKILL);
	if (__atomic_load_n(&p->stopped, __ATOMIC_ACQUIRE) == REPLAY_GOING)
		p->stopped = why;
	if (!p->ended_ns)
		p->ended_ns = clock_monotonic_ns();
}

void replay_await_end(struct replay *r)
{
	struct pollfd end = { .fd = r->pidfd, .events = POLLIN };

	if (!replay_is_over(r) && r->pidfd >= 0)
		poll(&end, 1, END_WAIT_MS);
	replay_is_over(r);
}

const struct replay_progress *replay_progress(const struct replay *r)
{
	return r->progress;
}

pid_t replay_free(struct replay *r)
{
	pid_t pid;

	if (!r)
		return 0;
	replay_end(r, REPLAY_APP_ENDED);
	pid = replay_is_over(r) ? 0 : r->pid;
	if (r->pidfd >= 0)
		close(r->pidfd);
	munmap(r->progress, sizeof(*r->progress));
	free(r);
	return pid;
}
