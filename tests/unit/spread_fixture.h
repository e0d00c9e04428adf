/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * A machine with CPUs 0, 2 and 3 online, and 1 not, for tests of spreading. The threads are processes that sleep; their
 * affinity is kept here, as the kernel would. Failures end the test.
 */
#ifndef SPREAD_FIXTURE_H
#define SPREAD_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "act/spread.h"

#define MS 1000000ULL
#define ONLINE 0xdULL /* CPUs 0, 2 and 3 */
#define EVERYWHERE UINT64_MAX
#define HOME 2 /* the CPU that the thread waits on; 3 is the one to go to, where a test says no other */
#define TARGET 3

struct fake_thread {
	pid_t tid;
	uint64_t user_mask; /* what it asked for: the kernel shows what of it is online */
	int policy;
};

/* The kernel's side, in memory that an agent that is killed shares with the test. */
struct fake_kernel {
	struct fake_thread thread, child, parent;
	int calls; /* of sched_setaffinity() */
	int die_at; /* the call that is not lived to make; -1: none */
	bool real; /* all goes to the kernel itself */
	void (*after_first)(void); /* something that happens between the two calls */
};

extern struct fake_kernel *kernel;

struct spread_fixture {
	char root[64], directory[80];
	struct aa_cpus cpus;
	struct spread *spread;
};

/*
 * Setup and teardown for cmocka: *state is a struct spread_fixture, in which two threads of app 3 are on HOME, of which
 * one has waited since MS, and one on CPU 0.
 */
int spread_setup(void **state);
int spread_teardown(void **state);

/*
 * spread_step() for app 3.
 */
unsigned int step(struct spread_fixture *f, uint64_t now_ns);

/*
 * Writes a file below the fixture's root, with the folders above it.
 */
void put(const char *path, const char *text);

/*
 * The line of a thread in /proc, and itself among those of its process; without a group, 77.
 */
void put_stat_group(pid_t tid, pid_t parent, pid_t group, char state, unsigned int cpu);
void put_stat(pid_t tid, pid_t parent, char state, unsigned int cpu);

/*
 * The last pid that was given out.
 */
void put_newest_pid(pid_t pid);

#endif /* SPREAD_FIXTURE_H */
