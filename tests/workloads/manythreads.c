/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * manythreads PROCESSES THREADS SEC [NAP]: so many processes of so many threads each. When all of them are there, which
 * takes a busy machine its time, it prints "ready"; then they sleep and wake for SEC, each after NAP seconds (0.05) and a
 * little more, so that not all do at once. At 0.05, ten thousand take all of two CPUs, and nobody else gets a turn. Nobody waits for anybody but by the
 * clock: thousands that are woken at once would be as many long waits to record.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/work.h"

/* In memory that all processes share. */
struct crowd {
	long started, all; /* threads */
	double deadline; /* on the monotonic clock; 0: not all are there */
};

static struct crowd *crowd;
static double seconds, nap;

static void make_crowd(long threads)
{
	crowd = mmap(NULL, sizeof(*crowd), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crowd == MAP_FAILED)
		work_die("mmap");
	crowd->all = threads;
}

static void join_in(void)
{
	double deadline;

	if (__atomic_add_fetch(&crowd->started, 1, __ATOMIC_ACQ_REL) < crowd->all)
		return;
	deadline = work_now() + seconds;
	__atomic_store(&crowd->deadline, &deadline, __ATOMIC_RELEASE);
	puts("ready");
	fflush(stdout);
}

static double deadline(void)
{
	double ret;

	__atomic_load(&crowd->deadline, &ret, __ATOMIC_ACQUIRE);
	return ret;
}

static void body(long index)
{
	join_in();
	while (!(deadline() > 0)) /* seldom: whoever starts the others needs the CPUs */
		work_sleep(0.5 + (double)(index % 7) * 0.1);
	while (work_now() < deadline())
		work_sleep(nap * (1 + (double)(index % 7) / 5));
}

int main(int argc, char **argv)
{
	long processes = work_count(argc, argv, 1, 10), threads = work_count(argc, argv, 2, 10), i;
	int status;
	pid_t pid;

	seconds = work_seconds(argc, argv, 3, 1.0);
	nap = work_seconds(argc, argv, 4, 0.05);
	make_crowd(processes * (threads - 1));
	for (i = 0; i < processes; i++) {
		pid = fork();
		if (pid < 0)
			work_die("fork");
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work_threads(threads - 1, body);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		if (status) /* the others would wait for its threads for ever: they end with us */
			return 1;
	return 0;
}
