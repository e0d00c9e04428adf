/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * forkstorm CHAINS SEC LEAVES PROGRAM [FILE]: for SEC seconds, or until FILE exists, CHAINS processes each fork a child
 * and exit at once, and the child does the same, ...: thousands of processes, none of which lives for a millisecond,
 * all re-parented to the first. Then the last process of each chain starts PROGRAM LEAVES times, one after the other.
 * A follower that loses one process of a chain loses all its leaves: the truth is CHAINS * LEAVES for every follower
 * that comes before them.
 * Prints: processes=N (all but the first, leaves included) leaves=N.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/work.h"

struct shared {
	unsigned long processes;
	unsigned long leaves;
	unsigned long gone; /* links of chains that are about to end */
};

static struct shared *shared;

static void count(unsigned long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static void start_leaves(long leaves, const char *program)
{
	pid_t pid;

	signal(SIGCHLD, SIG_DFL);
	while (leaves-- > 0) {
		pid = fork();
		if (pid < 0)
			work_die("fork");
		if (!pid) {
			count(&shared->processes);
			count(&shared->leaves);
			execl(program, program, "0", NULL);
			work_die("%s", program);
		}
		if (waitpid(pid, NULL, 0) != pid)
			work_die("wait");
	}
}

/*
 * A scheduler that runs children first leaves their parents no time to end: there would be thousands of those soon,
 * which is another test. So a chain waits now and then until they are fewer.
 */
static void await_ends(long chains)
{
	const struct timespec nap = { .tv_nsec = 200000 };
	unsigned long most = (unsigned long)chains * 16;

	while (__atomic_load_n(&shared->processes, __ATOMIC_RELAXED) -
		       __atomic_load_n(&shared->gone, __ATOMIC_RELAXED) >
	       most)
		nanosleep(&nap, NULL);
}

static bool over(double end, const char *file)
{
	return work_now() >= end || (file && !access(file, F_OK));
}

static void run_chain(long chains, double end, const char *file, long leaves, const char *program)
{
	pid_t pid;

	count(&shared->processes);
	while (!over(end, file)) {
		pid = fork();
		if (pid < 0)
			work_die("fork");
		if (pid) {
			count(&shared->gone);
			_exit(0);
		}
		count(&shared->processes);
		await_ends(chains);
	}
	start_leaves(leaves, program);
	_exit(0);
}

int main(int argc, char **argv)
{
	long chains = work_count(argc, argv, 1, 4), leaves = work_count(argc, argv, 3, 5), i;
	double end = work_now() + work_seconds(argc, argv, 2, 1.0);
	pid_t pid;

	if (argc < 5)
		return 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1))
		work_die("start");
	/* children of whatever depth are reaped by the kernel, and wait() below returns when there are none */
	signal(SIGCHLD, SIG_IGN);
	for (i = 0; i < chains; i++) {
		pid = fork();
		if (pid < 0)
			work_die("fork");
		if (!pid)
			run_chain(chains, end, argv[5], leaves, argv[4]);
	}
	while (wait(NULL) > 0)
		;
	printf("processes=%lu leaves=%lu\n", shared->processes, shared->leaves);
	return 0;
}
