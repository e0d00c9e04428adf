/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Threads that do one thing together and are gone after it. */
#include "io/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#define STACK_BYTES (128U << 10)

struct member {
	pthread_t thread;
	unsigned int number;
	void (*work)(void *context, unsigned int number);
	void *context;
};

static void *run_member(void *argument)
{
	const struct member *member = argument;

	member->work(member->context, member->number);
	return NULL;
}

/* Returns how many it started. */
static unsigned int start(struct member *members, unsigned int count)
{
	sigset_t all, before;
	pthread_attr_t attr;
	unsigned int n = 0;

	if (pthread_attr_init(&attr))
		return 0;
	pthread_attr_setstacksize(&attr, STACK_BYTES); /* else the default's size, which does as well */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (n < count && !pthread_create(&members[n].thread, &attr, run_member, &members[n]))
		n++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return n;
}

void crew_run(unsigned int threads, void (*work)(void *context, unsigned int number), void *context)
{
	struct member members[CREW_MAX];
	unsigned int others = threads ? threads - 1 : 0, i;

	others = others < CREW_MAX ? others : CREW_MAX;
	for (i = 0; i < others; i++)
		members[i] = (struct member){ .number = i + 1, .work = work, .context = context };
	others = start(members, others);
	work(context, 0);
	for (i = 0; i < others; i++)
		pthread_join(members[i].thread, NULL);
}
