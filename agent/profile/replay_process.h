/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The process that reads a profile's files into the page cache, and what it tells the agent by shared memory. */
#ifndef REPLAY_PROCESS_H
#define REPLAY_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profile/profile.h"
#include "profile/replay_rules.h"

struct replay_job {
	const char *profiles; /* folder */
	uint64_t id; /* of the profile */
	pid_t agent; /* with whose end it ends */
	pid_t app; /* whose control groups it joins; 0: it stays where it is */
	bool next; /* not that, but what mostly follows it, and only while nobody else waits for the disk */
};

/* Which file it was, for those who see only that: the kernel's dev_t and inode number; ino 0: not known. */
struct replay_inode {
	uint64_t ino;
	uint32_t dev; /* major << 20 | minor */
	uint32_t pad;
};

/* Written by the process, read by the agent at any time. */
struct replay_progress {
	uint32_t stopped; /* enum replay_stop; REPLAY_GOING while it runs */
	int32_t error; /* -errno of what kept it from starting: -ENOENT there is no profile, or none that follows; -ECANCELED it is disabled */
	uint32_t nfiles; /* of the profile */
	uint32_t files, gone, refused, changed; /* looked at; part of them */
	uint64_t planned_bytes; /* of the files looked at */
	uint64_t brought_bytes; /* part of it that was read from the disk */
	uint64_t resident_bytes; /* part of it that was there */
	uint64_t failed_bytes; /* part of it that could not be read */
	uint64_t started_ns, ended_ns; /* CLOCK_MONOTONIC */
	uint32_t cut; /* 1: the budget left something out */
	uint32_t pad;
	char command[64]; /* whose profile it is */
	char engine[96];
	/* of each file and range of the profile; only what is written takes memory */
	uint8_t state[PROFILE_FILES_MAX]; /* 1 + enum replay_file; 0: not looked at */
	struct replay_inode inode[PROFILE_FILES_MAX];
	uint8_t brought[PROFILE_RANGES_MAX / 8]; /* bit: some of the range was read from the disk */
};

/*
 * Becomes the process: never returns. Called in a child after fork(), which keeps nothing open but stdin, stdout and
 * stderr.
 */
_Noreturn void replay_process(const struct replay_job *job, struct replay_progress *progress);

/*
 * Moves a process into the control groups of app for memory and I/O, as far as that works: the page cache is charged to
 * the group of who reads first, and the disk's limits go by group.
 */
void replay_join(pid_t process, pid_t app);

#endif /* REPLAY_PROCESS_H */
