/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The apps of one run: what is remembered of each while it lives, and the model of it when a report is due. */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "model/files.h"
#include "model/model.h"
#include "model/waits.h"
#include "run/level.h"
#include "run/recording.h"
#include "sys/limits.h"
#include "sys/machine.h"
#include "trace/tracer.h"

struct watched {
	char name[sizeof(((struct app *)0)->name)];
	char run_name[sizeof(
		((struct app *)0)->name)]; /* of the present run: name, or what matched it if it is a glob */
	char *command; /* command line of its first process, owned; NULL: not known yet */
	pid_t pid; /* of its first process; 0: not known */
	pid_t limits_pid; /* whose cgroup tells the limits: the first process, or the agent where it is the app's parent */
	uint64_t limits_start; /* its start time, in ticks: the pid alone may come to be somebody else's */
	uint64_t limits_read_ns; /* when they were read last */
	bool seen, ended;
	double started; /* seconds since the epoch */
	struct sys_cpu_time cpu_before;
	bool cpu_known;
	struct sys_quota quota_before, quota; /* at the start; last reading */
	bool quota_known;
	struct sys_memory_limit memory;
	struct sys_reread reread_before, reread; /* since it is in that cgroup; cgroup "": not known */
	bool memory_known;
	struct level level;
};

struct watch {
	struct tracer *tracer;
	struct watched *apps; /* owned */
	unsigned int napps;
	struct files *files; /* owned */
	struct waits *waits; /* owned */
	struct aa_ledger *ledger; /* room for one, owned */
	uint64_t events; /* records read */
	double start_seconds; /* until the command began, or watching did */
	double start_cpu_seconds; /* CPU time of the agent before it began to watch */
	/* told of each process that begins to be followed by itself: not of those that others forked; may be NULL */
	void (*started)(void *context, unsigned int app, pid_t pid);
	/* told of the first miss of an app since it started, if a profile is recorded; may be NULL */
	void (*cold)(void *context, unsigned int app);
	void *started_context; /* of both */
	struct recording *recording; /* of profiles, not owned; NULL: nothing is recorded */
	bool cgroup_moved; /* somebody moved into a cgroup since the last look */
};

/*
 * Makes room for napps apps without names. Returns 0 or -ENOMEM. Free with watch_clear().
 */
int watch_init(struct watch *watch, unsigned int napps);
void watch_clear(struct watch *watch);

/*
 * Reads an app's limits again, where its process is still there to ask.
 */
void watch_refresh(struct watch *watch, unsigned int app);

/*
 * Takes in one record: the callback of struct tracer_config, context is the watch.
 */
void watch_record(void *watch, const struct aa_rec *record);

/*
 * Names the first process of an app that runs already: its command line and limits are read from it. 0: none is known.
 */
void watch_first(struct watch *watch, unsigned int app, pid_t pid);

/*
 * Looks at the ledgers: notes apps that started or ended, reads their limits again, chooses the level of detail.
 */
void watch_tick(struct watch *watch);

/*
 * Whether every app was seen and has ended.
 */
bool watch_all_ended(const struct watch *watch);

/*
 * Whether one of the apps runs, as far as its records have told.
 */
bool watch_any_lives(const struct watch *watch);

/*
 * Fills ret with all that is known of an app now. Returns 0, -ENOMEM or -errno of reading a map. Clear with
 * app_clear().
 */
int watch_gather(struct watch *watch, unsigned int app, enum ending ending, struct app *ret);

#endif /* WATCH_H */
