// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Block, remember, give back. */
#include "run/signals.h"

#include <errno.h>
#include <sys/signalfd.h>

/* What is ignored stays so (nohup, jobs in the background): a blocked signal would come even if it is ignored. */
static void catch_one(sigset_t *set, int signum)
{
	struct sigaction old;

	if (!sigaction(signum, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaddset(set, signum);
}

int signals_catch(const int signums[], size_t n, struct signals_before *before)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN }, usual = { .sa_handler = SIG_DFL };
	sigset_t set;
	size_t i;
	int fd;

	sigemptyset(&set);
	for (i = 0; i < n; i++)
		catch_one(&set, signums[i]);
	sigaction(SIGPIPE, &ignore, &before->pipe);
	sigaction(SIGCHLD, &usual, &before->child);
	sigprocmask(SIG_BLOCK, &set, &before->mask);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void signals_give_back(const struct signals_before *before)
{
	sigaction(SIGPIPE, &before->pipe, NULL);
	sigaction(SIGCHLD, &before->child, NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
}
