/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * The one place that decides: which change, for which app, when, and whether it stays. Knobs read and write, rules say
 * what is due, trials carry a change out and measure it; here is at most one measurement at a time.
 */
#ifndef GOVERNOR_H
#define GOVERNOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "aa_map.h"
#include "act/evidence.h"
#include "model/change.h"

struct governor;

struct governor_config {
	unsigned int actions; /* enum action bits that are allowed */
	bool dry_run; /* plan, write nothing */
	bool keep; /* leave everything as it is at the end */
	unsigned int napps;
	uint32_t cpus; /* online */
	uint64_t memory_bytes;
	const char *journal_dir;
	const char *cgroup_root; /* NULL: where it is mounted */
	bool kubepods;
	bool everything; /* the app is the root control group: there is nobody to be weighed against */
	char *const *background; /* control groups whose work may be slowed; not owned */
	size_t nbackground;
	/* for spreading: watches CPUs for these apps, one bit each; returns 0 or -errno. cpu_states: what is seen there */
	int (*watch_cpus)(void *context, uint64_t apps);
	struct aa_cpus *cpu_states;
	/* whether a process is a background program that may be slowed; NULL: none is */
	bool (*background_process)(void *context, pid_t pid);
	/* whether a process belongs to an app */
	bool (*member)(void *context, unsigned int app, pid_t pid);
	/* reads an app's counters now; returns 0 or -errno */
	int (*sample)(void *context, unsigned int app, struct act_sample *ret);
	/* what the sessions weigh that compete in the root control group, in such of nice 0; NAN: unknown */
	double (*sessions)(void *context);
	void *context;
};

/*
 * First undoes what agents that are gone left behind; then gets ready. config is not copied. Returns 0, -ENOMEM or
 * -errno of the journal; the reason is on stderr. Close with governor_close().
 */
int governor_open(const struct governor_config *config, struct governor **ret);

/*
 * A process of an app is followed from now on: its first, or a further one that started by itself. For a command that
 * is held before its exec, this places it before it runs.
 */
void governor_started(struct governor *governor, unsigned int app, pid_t pid);

/*
 * Does what is due. Returns when it wants to be called again at the latest (CLOCK_MONOTONIC, ns); UINT64_MAX: not before
 * the next start. What the kernel side sends a record for may be due earlier: so call it after each.
 */
uint64_t governor_tick(struct governor *governor);

/*
 * Ends all measurements and, unless told to keep them, undoes all changes. Once.
 */
void governor_finish(struct governor *governor);

/*
 * Copies the changes of an app in the order in which they were made. Returns how many there are (at most max are
 * copied).
 */
size_t governor_changes(const struct governor *governor, unsigned int app, struct change *ret, size_t max);

/*
 * Frees. What was not finished is left to the journal. Accepts NULL.
 */
void governor_close(struct governor *governor);

#endif /* GOVERNOR_H */
