/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The process that reads a profile's files into the page cache, and what it tells the agent by shared memory. */
#ifndef REPLAY_PROCESS_H
#define REPLAY_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profile/profile.h"
#include "profile/replay_judge.h"
#include "profile/replay_rules.h"
#include "sys/view.h"

struct profile_cache;

struct replay_job {
	const char *profiles; /* folder */
	struct profile_key key; /* whose profile; what tells the program apart is yet to be asked of view */
	const struct sys_view *view; /* of the app: with its rights and in its mounts files are opened */
	const struct profile_cache *cache; /* looked into first; NULL: there is none */
	pid_t agent; /* with whose end it ends */
	pid_t app; /* whose control groups it joins; 0: it stays where it is */
	/* 0: key says which profile; else the id of one: what mostly follows that, while nobody else waits for the disk */
	uint64_t last;
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
	/* -errno of what kept it from starting: -ENOENT there is no profile, or none that follows; -ECANCELED it is not due */
	int32_t error;
	enum replay_due due;
	uint32_t nfiles; /* of the profile */
	int64_t recorded_ns; /* when it was last recorded: a later one may have other files */
	uint32_t files, gone, refused, changed; /* looked at; part of them */
	uint64_t planned_bytes; /* of the files looked at */
	uint64_t brought_bytes; /* part of it that was read from the disk */
	uint64_t resident_bytes; /* part of it that was there */
	uint64_t failed_bytes; /* part of it that could not be read */
	uint64_t started_ns, ended_ns; /* CLOCK_MONOTONIC */
	uint32_t cut; /* 1: the budget left something out */
	uint32_t pad;
	uint64_t id; /* of the profile that was looked for; 0: not known yet */
	char command[64]; /* whose profile it is */
	char engine[96];
	/* of each file and range of the profile; only what is written takes memory */
	uint8_t state[PROFILE_FILES_MAX]; /* 1 + enum replay_file; 0: not looked at */
	struct replay_inode inode[PROFILE_FILES_MAX];
	uint8_t brought[PROFILE_RANGES_MAX / 8]; /* bit: some of the range was read from the disk */
};

/*
 * Becomes the process: never returns. Called in a child after fork(), which keeps nothing open but the view
 * of job, and stderr until it reads.
 */
_Noreturn void replay_process(const struct replay_job *job, struct replay_progress *progress);

/*
 * Moves a process into the control groups of app for memory and I/O, as far as that works: the page cache is charged to
 * the group of who reads first, and the disk's limits go by group.
 */
void replay_join(pid_t process, pid_t app);

#endif /* REPLAY_PROCESS_H */
