/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A realtime thread that follows an app to its CPU. */
#include "act/nudge.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "sys/process.h"

#define NAP_NS 100000L

struct nudge {
	const char *root; /* not owned */
	pid_t pid;
	bool over;
	pthread_t thread;
};

static void follow(const struct nudge *n)
{
	struct sys_process_stat stat;
	cpu_set_t cpu;

	if (sys_process_stat_read(n->root, n->pid, &stat) || (int)stat.cpu == sched_getcpu() || stat.cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&cpu);
	CPU_SET(stat.cpu, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu); /* where it may not run, it does no harm elsewhere */
}

static void *run(void *context)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	struct nudge *n = context;

	while (!__atomic_load_n(&n->over, __ATOMIC_ACQUIRE)) {
		follow(n);
		nanosleep(&nap, NULL);
	}
	return NULL;
}

/* As urgent as the caller, who waits for what it is to make room for. */
static int create(struct nudge *n, int policy)
{
	struct sched_param param;
	pthread_attr_t attr;
	int err;

	if (sched_getparam(0, &param) || pthread_attr_init(&attr))
		return -1;
	err = pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED) ||
	      pthread_attr_setschedpolicy(&attr, policy) || pthread_attr_setschedparam(&attr, &param) ||
	      pthread_create(&n->thread, &attr, run, n);
	pthread_attr_destroy(&attr);
	return err ? -1 : 0;
}

struct nudge *nudge_start(const char *root, pid_t pid)
{
	int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	struct nudge *n;

	if (policy != SCHED_RR)
		return NULL;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->root = root;
	n->pid = pid;
	if (!create(n, policy))
		return n;
	free(n);
	return NULL;
}

void nudge_stop(struct nudge *n)
{
	if (!n)
		return;
	__atomic_store_n(&n->over, true, __ATOMIC_RELEASE);
	pthread_join(n->thread, NULL);
	free(n);
}
