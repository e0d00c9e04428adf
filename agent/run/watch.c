// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Keeps up with the apps while they live. */
#include "run/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/ledger.h"
#include "sys/process.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"

#define LIMITS_EVERY_NS 1000000000ULL

int watch_init(struct watch *watch, unsigned int napps)
{
	struct watch w = { .napps = napps };

	w.apps = calloc(napps, sizeof(*w.apps));
	w.files = files_new();
	w.waits = calloc(1, sizeof(*w.waits));
	w.ledger = malloc(sizeof(*w.ledger));
	if (!w.apps || !w.files || !w.waits || !w.ledger) {
		watch_clear(&w);
		return -ENOMEM;
	}
	*watch = w;
	return 0;
}

void watch_clear(struct watch *watch)
{
	unsigned int i;

	for (i = 0; watch->apps && i < watch->napps; i++)
		free(watch->apps[i].command);
	free(watch->apps);
	files_free(watch->files);
	free(watch->waits);
	free(watch->ledger);
	memset(watch, 0, sizeof(*watch));
}

static void read_command_line(struct watched *w)
{
	cleanup_free struct sys_process *process = malloc(sizeof(*process));
	char line[4096];

	if (!process || sys_process_read("", w->pid, process))
		return;
	sys_process_command_line(process, line, sizeof(line));
	w->command = strdup(line);
}

/* They hardly change, and a machine with a thousand mounts makes each reading cost a millisecond. */
static bool limits_due(struct watched *w)
{
	uint64_t now = clock_monotonic_ns(), start;

	if (w->limits_pid <= 0 || (w->limits_read_ns && now - w->limits_read_ns < LIMITS_EVERY_NS))
		return false;
	if (sys_process_start_time("", w->limits_pid, &start))
		return false;
	if (w->limits_start && start != w->limits_start)
		return false;
	w->limits_start = start;
	w->limits_read_ns = now;
	return true;
}

/* What it read again in the cgroup that it is in now: the agent may have put it there just before. */
static void read_rereads(struct watched *w)
{
	struct sys_reread reread;

	if (sys_reread_read("", w->limits_pid, &reread))
		return;
	if (strcmp(reread.cgroup, w->reread_before.cgroup))
		w->reread_before = reread;
	w->reread = reread;
}

static void read_limits(struct watched *w)
{
	struct sys_memory_limit memory;
	struct sys_quota quota;

	if (!limits_due(w))
		return;
	if (!sys_quota_read("", w->limits_pid, &quota)) {
		if (!w->quota_known)
			w->quota_before = quota;
		w->quota = quota;
		w->quota_known = true;
	}
	if (!sys_memory_limit_read("", w->limits_pid, &memory)) {
		w->memory = memory;
		w->memory_known = true;
	}
	read_rereads(w);
}

/* Whoever races with the app: before anything else. */
static void tell_start(const struct watch *watch, unsigned int app, pid_t pid)
{
	if (pid > 0 && watch->started)
		watch->started(watch->started_context, app, pid);
}

/* Notes what must be read before the app is over. pid is its first process, or 0. */
static void start(struct watch *watch, unsigned int app, pid_t pid)
{
	struct watched *w = &watch->apps[app];

	w->ended = false;
	if (!w->seen) {
		w->seen = true;
		w->started = clock_realtime_seconds();
		w->cpu_known = !sys_cpu_time_read("", &w->cpu_before);
	}
	if (pid <= 0 || w->pid)
		return;
	w->pid = pid;
	if (!w->limits_pid)
		w->limits_pid = pid;
	if (!w->command)
		read_command_line(w);
	read_limits(w);
}

void watch_first(struct watch *watch, unsigned int app, pid_t pid)
{
	/* it may have ended before the scan came to it, or be one that the scan leaves out */
	if (pid <= 0 || tracer_read_ledger(watch->tracer, app, watch->ledger) || !watch->ledger->started)
		return;
	if (watch->recording)
		recording_joined(watch->recording, app);
	tell_start(watch, app, pid);
	start(watch, app, pid);
}

void watch_refresh(struct watch *watch, unsigned int app)
{
	watch->apps[app].limits_read_ns = 0;
	read_limits(&watch->apps[app]);
}

/* Profiles are of commands, and a glob takes many. */
static void name_run(struct watched *w, const char comm[AA_COMM_LEN])
{
	if (strpbrk(w->name, "*?["))
		snprintf(w->run_name, sizeof(w->run_name), "%.*s", AA_COMM_LEN, comm);
	else
		memcpy(w->run_name, w->name, sizeof(w->run_name));
}

void watch_record(void *context, const struct aa_rec *r)
{
	struct watch *watch = context;

	if (r->kind == AA_REC_QUEUED) /* that it woke us is all there is to it */
		return;
	watch->events++;
	if (r->app >= watch->napps && r->kind != AA_REC_CGROUP)
		return;
	if (r->kind == AA_REC_START) {
		name_run(&watch->apps[r->app], ((const struct aa_rec_exec *)r)->comm);
		tell_start(watch, r->app, (pid_t)((const struct aa_rec_exec *)r)->local_pid);
	}
	if (r->kind == AA_REC_COLD && watch->cold)
		watch->cold(watch->started_context, r->app);
	if (watch->recording)
		recording_take(watch->recording, r);
	switch (r->kind) {
	case AA_REC_START:
		log_debug("%s: followed from the exec of process %u (%.16s) on", watch->apps[r->app].name, r->pid,
			  ((const struct aa_rec_exec *)r)->comm);
		start(watch, r->app, (pid_t)((const struct aa_rec_exec *)r)->local_pid);
		break;
	case AA_REC_END:
		log_debug("%s: its last thread ended", watch->apps[r->app].name);
		watch->apps[r->app].ended = true;
		break;
	case AA_REC_MISS:
		files_miss(watch->files, (const struct aa_rec_miss *)r);
		break;
	case AA_REC_FILE:
		files_name(watch->files, (const struct aa_rec_file *)r);
		break;
	case AA_REC_WAIT:
		waits_add(watch->waits, (const struct aa_rec_wait *)r);
		break;
	case AA_REC_CGROUP:
		watch->cgroup_moved = true;
		break;
	}
}

/* Records may be lost, so the ledger has the last word on who lives. */
static unsigned int tick_app(struct watch *watch, unsigned int app)
{
	struct watched *w = &watch->apps[app];
	struct aa_counts counts;

	/* a ledger is large, and of a catalogue's apps most never run */
	if (!w->seen && !tracer_read_counts(watch->tracer, app, &counts) && !counts.processes)
		return LEVEL_KEEP;
	if (tracer_read_ledger(watch->tracer, app, watch->ledger) || !watch->ledger->started)
		return LEVEL_KEEP;
	if (!w->seen)
		start(watch, app, 0);
	w->ended = watch->ledger->ended != 0;
	if (w->ended)
		return LEVEL_KEEP;
	read_limits(w);
	aa_ledger_advance(watch->ledger, clock_monotonic_ns()); /* waits that go on count, too */
	return level_next(&w->level, watch->ledger);
}

void watch_tick(struct watch *watch)
{
	unsigned int app, wanted, level = LEVEL_KEEP;
	bool wakers = false;

	if (!tracer_level(watch->tracer))
		return;
	for (app = 0; app < watch->napps; app++) {
		wanted = tick_app(watch, app);
		if (wanted > level)
			level = wanted;
		wakers |= watch->apps[app].level.wakers && !watch->apps[app].ended;
	}
	if (level != LEVEL_KEEP)
		tracer_set_level(watch->tracer, level);
	if (tracer_set_wakers(watch->tracer, wakers))
		log_debug("who ends long waits is not recorded: the program could not be attached");
}

bool watch_any_lives(const struct watch *watch)
{
	unsigned int app;

	for (app = 0; app < watch->napps; app++)
		if (watch->apps[app].seen && !watch->apps[app].ended)
			return true;
	return false;
}

bool watch_all_ended(const struct watch *watch)
{
	unsigned int app;

	for (app = 0; app < watch->napps; app++)
		if (!watch->apps[app].seen || !watch->apps[app].ended)
			return false;
	return true;
}
