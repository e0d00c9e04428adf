// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* A few slots of shared memory, each with the process that fills it. */
#include "run/writers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile/profile_update.h"
#include "sys/view.h"
#include "util/file.h"

#define OUTCOMES_BYTES (WRITERS_MAX * sizeof(struct writers_outcome))

struct slot {
	pid_t pid; /* 0: it has ended */
	uint64_t run;
	bool pending; /* its outcome was not taken yet */
};

struct writers {
	struct slot slots[WRITERS_MAX];
	struct writers_outcome *outcomes; /* of the slots, shared with their processes */
};

struct writers *writers_new(void)
{
	struct writers *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->outcomes = mmap(NULL, OUTCOMES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->outcomes != MAP_FAILED)
		return w;
	free(w);
	return NULL;
}

void writers_free(struct writers *w)
{
	if (!w)
		return;
	munmap(w->outcomes, OUTCOMES_BYTES);
	free(w);
}

/*
 * What there is to do for a run is up to its user, who has as many mounts one on top of the other as he likes, and file
 * systems that take their time.
 */
static void settle_limits(void)
{
	const struct rlimit cpu = { WRITERS_CPU_SECONDS, WRITERS_CPU_SECONDS };
	sigset_t ends;

	signal(SIGALRM, SIG_DFL);
	sigemptyset(&ends);
	sigaddset(&ends, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
	alarm(WRITERS_SECONDS);
	setrlimit(RLIMIT_CPU, &cpu); /* of which SIGKILL is the end */
}

/* Whoever waits for the end of our output must not wait for the disk with us, nor may a lock of ours outlive us here. */
static void settle(const struct sys_view *keep)
{
	leave_stdio(STDIN_FILENO, STDOUT_FILENO);
	sys_view_keep(keep);
	prctl(PR_SET_NAME, "accel-writer");
	settle_limits();
}

static _Noreturn void write_and_exit(const struct sys_view *keep, int (*work)(void *, struct writers_outcome *),
				     void *context, struct writers_outcome *outcome)
{
	int fd;

	settle(keep);
	fd = work(context, outcome);
	__atomic_store_n(&outcome->looked, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&outcome->done, 1, __ATOMIC_RELEASE);
	leave_stdio(STDERR_FILENO, STDERR_FILENO);
	profile_sync(fd);
	_exit(0);
}

int writers_start(struct writers *w, uint64_t run, const struct sys_view *keep, const struct writers_outcome *outcome,
		  int (*work)(void *context, struct writers_outcome *outcome), void *context)
{
	struct slot *slot = w->slots;
	struct writers_outcome *shared;
	pid_t pid;

	while (slot < w->slots + WRITERS_MAX && (slot->pid || slot->pending))
		slot++;
	if (slot == w->slots + WRITERS_MAX)
		return -EBUSY;
	shared = &w->outcomes[slot - w->slots];
	*shared = *outcome;
	pid = fork();
	if (pid == 0)
		write_and_exit(keep, work, context, shared);
	if (pid < 0)
		return -errno;
	*slot = (struct slot){ .pid = pid, .run = run, .pending = true };
	return 0;
}

/* Whether the process has ended: -ECHILD says so too, for as process 1 the agent waits for everybody elsewhere. */
static bool is_over(struct slot *slot)
{
	if (slot->pid && waitpid(slot->pid, NULL, WNOHANG) != 0)
		slot->pid = 0;
	return !slot->pid;
}

const struct writers_outcome *writers_take(struct writers *w, uint64_t *ret_run)
{
	size_t i;

	for (i = 0; i < WRITERS_MAX; i++) {
		struct slot *slot = &w->slots[i];
		bool over = is_over(slot);

		if (!slot->pending || (!over && !__atomic_load_n(&w->outcomes[i].done, __ATOMIC_ACQUIRE)))
			continue;
		slot->pending = false;
		*ret_run = slot->run;
		return &w->outcomes[i];
	}
	return NULL;
}

bool writers_busy(const struct writers *w)
{
	size_t i;

	for (i = 0; i < WRITERS_MAX; i++)
		if (w->slots[i].pending)
			return true;
	return false;
}

bool writers_looking(const struct writers *w)
{
	size_t i;

	for (i = 0; i < WRITERS_MAX; i++)
		if (w->slots[i].pid && !__atomic_load_n(&w->outcomes[i].looked, __ATOMIC_ACQUIRE))
			return true;
	return false;
}
