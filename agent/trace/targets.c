// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* From names, pids and cgroups to marked processes. */
#include "trace/targets.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/process.h"
#include "trace/pattern.h"
#include "util/cleanup.h"
#include "util/log.h"

#define SCAN_PASSES 64
#define QUIET_PASSES 2 /* a process may be born behind a pass, and its parent die before it */

static int pidfd_open(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

/*
 * Passes over all tasks until they mark nothing: a process that was born to an unmarked parent during a pass is found
 * by its parent, or, where that died meanwhile, by the kinship that the programs note.
 */
static int scan_until_quiet(struct tracer *tracer, size_t *ret_found)
{
	uint64_t marked;
	size_t found = 0;
	int i, err, quiet = 0;

	for (i = 0; i < SCAN_PASSES && quiet < QUIET_PASSES; i++) {
		err = tracer_scan(tracer, &marked);
		if (err)
			return err;
		found += marked;
		quiet = marked ? 0 : quiet + 1;
	}
	if (quiet < QUIET_PASSES)
		log_warn("new processes kept appearing during %d scans; some may be missed", SCAN_PASSES);
	log_debug("%zu running threads marked in %d scans", found, i);
	*ret_found = found;
	return 0;
}

static const struct aa_pattern *match_text(const struct aa_pattern *patterns, unsigned int n, const char *path,
					   bool *ret_interpreter)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!pattern_matches(&patterns[i], path))
			continue;
		if (patterns[i].app != AA_PATTERN_INTERPRETER)
			return &patterns[i];
		*ret_interpreter = true;
	}
	return NULL;
}

/*
 * The same rule as at an exec in the kernel: the program's name, a "#!" script's own name (comm), an interpreter's
 * script.
 */
static const struct aa_pattern *match_process(const struct aa_pattern *patterns, unsigned int n,
					      const struct sys_process *process)
{
	const struct aa_pattern *p;
	bool interpreter = false;
	const char *script;

	p = match_text(patterns, n, process->exe, &interpreter);
	if (!p && process->argv_len)
		p = match_text(patterns, n, process->argv, &interpreter);
	if (!p)
		p = match_text(patterns, n, process->stat.comm, &interpreter);
	if (p || !interpreter)
		return p;
	script = pattern_script(process->argv, process->argv_len);
	return script ? match_text(patterns, n, script, &interpreter) : NULL;
}

static bool same_process(pid_t pid, const struct sys_process *process)
{
	uint64_t start;

	return !sys_process_start_time("", pid, &start) && start == process->stat.start_ticks;
}

/*
 * Seeds the process if it matches. It is held by a pidfd before it is read, so that what was read is of what is marked.
 */
static int seed_if_named(struct tracer *tracer, const struct aa_pattern *patterns, unsigned int n, pid_t pid,
			 struct sys_process *process, pid_t first[AA_MAX_APPS])
{
	cleanup_close int pidfd = pidfd_open(pid);
	const struct aa_pattern *p;

	if (pidfd < 0 || pid == getpid())
		return 0;
	if (sys_process_read("", pid, process) || process->stat.kernel_thread)
		return 0;
	p = match_process(patterns, n, process);
	if (!p || !same_process(pid, process))
		return 0;
	if (!first[p->app])
		first[p->app] = pid;
	return tracer_seed(tracer, p->app, pidfd, false);
}

int targets_mark_names(struct tracer *tracer, const struct aa_pattern *patterns, unsigned int npatterns,
		       pid_t ret_first[AA_MAX_APPS])
{
	cleanup_free struct sys_process *process = malloc(sizeof(*process));
	cleanup_free pid_t *pids = NULL;
	size_t i, count, found;
	int err;

	if (!process)
		return -ENOMEM;
	tracer_scan_begin(tracer);
	err = sys_process_list("", &pids, &count);
	for (i = 0; !err && i < count; i++) {
		err = seed_if_named(tracer, patterns, npatterns, pids[i], process, ret_first);
		if (err == -ESRCH)
			err = 0;
	}
	if (!err)
		err = scan_until_quiet(tracer, &found);
	tracer_scan_end(tracer);
	return err;
}

int targets_mark_pid(struct tracer *tracer, unsigned int app, pid_t pid)
{
	cleanup_close int pidfd = pidfd_open(pid);
	size_t found;
	int err;

	if (pidfd < 0)
		return pidfd == -EINVAL || pidfd == -ENOENT ? -ESRCH :
							      pidfd; /* those two: a thread's id, not a process's */
	tracer_scan_begin(tracer);
	err = tracer_seed(tracer, app, pidfd, false);
	if (!err)
		err = scan_until_quiet(tracer, &found);
	tracer_scan_end(tracer);
	return err ? err : (found ? 0 : -ENODATA);
}

int targets_mark_cgroup(struct tracer *tracer)
{
	size_t found;
	int err;

	tracer_scan_begin(tracer);
	err = scan_until_quiet(tracer, &found);
	tracer_scan_end(tracer);
	return err;
}

enum aa_hierarchy targets_hierarchy(const struct sys_cgroup *cgroup)
{
	static const struct {
		const char *controller;
		enum aa_hierarchy hierarchy;
	} rows[] = {
		{ "cpu", AA_CGROUP_CPU },         { "cpuacct", AA_CGROUP_CPUACCT }, { "cpuset", AA_CGROUP_CPUSET },
		{ "memory", AA_CGROUP_MEMORY },   { "blkio", AA_CGROUP_IO },        { "pids", AA_CGROUP_PIDS },
		{ "freezer", AA_CGROUP_FREEZER }, { "devices", AA_CGROUP_DEVICES },
	};
	size_t i;

	if (cgroup->v2)
		return AA_CGROUP_V2;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(cgroup->controller, rows[i].controller))
			return rows[i].hierarchy;
	return AA_CGROUP_NONE;
}
