/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The governor at work in a run. */
#include "run/tuning.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act/journal.h"
#include "act/place_realtime.h"
#include "bpf/ledger.h"
#include "catalogue.h"
#include "sys/cgroup_tree.h"
#include "run/replaying.h"
#include "sys/machine.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"

#define MACHINE_NS 1000000ULL /* what the machine as a whole does is not read anew sooner */
#define SESSIONS_NS 400000000ULL /* nor what its sessions weigh */

/* --- what the governor asks --- */

static bool member(void *context, unsigned int app, pid_t pid)
{
	const struct tuning *t = context;
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	/* one that reads ahead for the app belongs to it as well: it makes nobody a stranger in their groups */
	return (pidfd >= 0 && tracer_app_of(t->watch->tracer, pidfd) == (int)app) ||
	       (t->replaying && replaying_helps(t->replaying, app, pid));
}

static int watch_cpus(void *context, uint64_t apps)
{
	const struct tuning *t = context;

	return tracer_set_spread(t->watch->tracer, apps);
}

/* By its command's name; but never one that an app runs itself. */
static bool background_process(void *context, pid_t pid)
{
	const struct tuning *t = context;
	char path[32], comm[AA_COMM_LEN + 1];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (read_file_start_at(AT_FDCWD, path, comm, sizeof(comm) - 1, &len) || !len)
		return false;
	comm[len - 1] = '\0'; /* a newline */
	if (!catalogue_background(t->known, comm))
		return false;
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	return pidfd >= 0 && tracer_app_of(t->watch->tracer, pidfd) < 0;
}

/* Sum over the commands of the thread time (ns) in one state, up to l->now. */
static double thread_seconds(const struct aa_ledger *l, __u32 state)
{
	__u64 sum = 0;
	__u32 c;

	for (c = 0; c < l->commands; c++)
		sum += l->command[c].t[state] + l->command[c].n[state] * l->now;
	return (double)sum / 1e9;
}

static double wall_seconds(const struct aa_ledger *l, __u32 state)
{
	__u64 sum = 0;
	__u32 c;

	for (c = 0; c < l->commands; c++)
		sum += l->command[c].v[state] + l->command[c].n[state] * l->v;
	return (double)sum / 1e9 / (1 << AA_WALL_SHIFT);
}

static double neighbour_seconds(const struct aa_ledger *l)
{
	__u64 sum = 0;
	__u32 c;

	for (c = 0; c < l->commands; c++)
		sum += l->command[c].w;
	return (double)sum / 1e9 / (1 << AA_WALL_SHIFT);
}

/* Threads on the machine that run or want to, less the one that asks; NAN: unknown. */
static double machine_ready(void)
{
	char text[64];
	size_t len;
	double n;

	if (read_file_start_at(AT_FDCWD, "/proc/loadavg", text, sizeof(text) - 1, &len))
		return NAN;
	text[len] = '\0';
	return sscanf(text, "%*s %*s %*s %lf/", &n) == 1 ? n - 1 : NAN;
}

/* CPU seconds since boot that nobody wanted; NAN: unknown. */
static double machine_idle(void)
{
	struct sys_cpu_time time;

	return sys_cpu_time_read("", &time) ? NAN : (double)time.idle / (double)sysconf(_SC_CLK_TCK);
}

/* Once for all apps that are looked at just then. */
static void read_machine(struct tuning *t, uint64_t now_ns)
{
	if (t->machine_ns && now_ns < t->machine_ns + MACHINE_NS)
		return;
	t->machine_ns = now_ns;
	t->machine_ready = machine_ready();
	t->machine_idle = machine_idle();
}

/* Threads on the machine that run or want to, less those of the app. */
static double others_ready(const struct tuning *t, const struct aa_ledger *l)
{
	double n = t->machine_ready - (double)l->running - l->n[AA_RUNQ];

	return n < 0 ? 0 : n;
}

static int sample(void *context, unsigned int app, struct act_sample *ret)
{
	struct tuning *t = context;
	struct aa_ledger *l = t->ledger;
	struct act_sample s = { 0 };
	int err = tracer_read_ledger(t->watch->tracer, app, l);

	if (err)
		return err;
	s.alive = l->started && !l->ended;
	aa_ledger_advance(l, clock_monotonic_ns());
	s.now_ns = l->now;
	s.cpus = l->cpus;
	s.run = thread_seconds(l, AA_RUN); /* what goes into freeing memory is no progress */
	s.runq = thread_seconds(l, AA_RUNQ);
	s.wall_neighbour = neighbour_seconds(l);
	s.wall_reclaim = wall_seconds(l, AA_RECLAIM) + wall_seconds(l, AA_RUN_RECLAIM);
	s.wall_disk = wall_seconds(l, AA_DISK_READ) + wall_seconds(l, AA_DISK_WRITE);
	s.wall_fault = wall_seconds(l, AA_FAULT);
	read_machine(t, s.now_ns);
	s.others_ready = others_ready(t, l);
	s.machine_idle = t->machine_idle;
	*ret = s;
	return 0;
}

/* Once for all values that are made of it just then: it is a pass over all tasks. */
static double sessions(void *context)
{
	struct tuning *t = context;
	uint64_t now_ns = clock_monotonic_ns();
	double weight;

	if (!t->sessions_ns || now_ns >= t->sessions_ns + SESSIONS_NS) {
		t->sessions_ns = now_ns;
		t->sessions = tracer_sessions(t->watch->tracer, &weight) ? NAN : weight;
	}
	return t->sessions;
}

/* --- the agent's own urgency --- */

#define REALTIME_MIN 0.5 /* of the time: where realtime gets less, loading would take longer than behind neighbours */

static bool may_be_realtime(void)
{
	struct sys_cgroup own;
	cleanup_close int fd = sys_cgroup_of("", getpid(), "cpu", &own) ? -1 : sys_cgroup_open(&own);

	return fd < 0 || place_realtime_share(fd) >= REALTIME_MIN;
}

/*
 * A governor that waits its turn behind the neighbours comes too late. It needs microseconds at a time, and whatever
 * it starts begins as usual. Where that is not permitted, the best place among the ordinary will do.
 */
void tuning_urgent(struct tuning *t, const struct config *config)
{
	const struct sched_param first = { .sched_priority = 1 }, usual = { .sched_priority = 0 };

	if (config->dry_run || t->off || sched_getscheduler(0) != SCHED_OTHER)
		return;
	t->urgent = true;
	t->nice = getpriority(PRIO_PROCESS, 0);
	if (may_be_realtime() && !sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &first))
		return;
	/* the nice value as well is reset then, if it is negative */
	if (!sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &usual))
		setpriority(PRIO_PROCESS, 0, -20);
}

void tuning_calm(struct tuning *t)
{
	const struct sched_param usual = { .sched_priority = 0 };

	if (!t->urgent)
		return;
	t->urgent = false;
	sched_setscheduler(0, SCHED_OTHER, &usual);
	setpriority(PRIO_PROCESS, 0, t->nice);
}

/* --- life --- */

/* Whether the app is the root control group. */
static bool is_everything(const struct config *config)
{
	struct sys_cgroup group;
	cleanup_close int fd = -1;
	bool root = false;

	if (!config->cgroup || sys_cgroup_resolve("", config->cgroup, &group))
		return false;
	fd = sys_cgroup_open(&group);
	return fd >= 0 && !sys_cgroup_is_root(fd, group.v2, &root) && root;
}

void tuning_start(struct tuning *t, const struct config *config, const struct host *host, struct watch *watch)
{
	t->watch = watch;
	t->known = config->known;
	t->ledger = malloc(sizeof(*t->ledger));
	t->config = (struct governor_config){
		.actions = config->actions,
		.dry_run = config->dry_run,
		.keep = config->on_exit == ON_EXIT_KEEP,
		.napps = watch->napps,
		.cpus = host->cpus,
		.memory_bytes = host->memory_bytes,
		.journal_dir = JOURNAL_DIR,
		.cgroup_root = config->cgroup_root,
		.everything = is_everything(config),
		.kubepods = config->kubepods,
		.background = config->background,
		.nbackground = config->nbackground,
		.background_process = config->demote_background && config->known ? background_process : NULL,
		.watch_cpus = watch_cpus,
		.cpu_states = tracer_cpus(watch->tracer),
		.member = member,
		.sample = sample,
		.sessions = sessions,
		.context = t,
	};
	if (!t->ledger) {
		t->off = "out of memory";
		return;
	}
	if (governor_open(&t->config, &t->governor))
		t->off = "no journal could be kept";
}

void tuning_started(struct tuning *t, unsigned int app, pid_t pid)
{
	if (t->governor)
		governor_started(t->governor, app, pid);
}

uint64_t tuning_tick(struct tuning *t)
{
	return t->governor ? governor_tick(t->governor) : UINT64_MAX;
}

void tuning_finish(struct tuning *t)
{
	if (t->governor)
		governor_finish(t->governor);
}

size_t tuning_changes(const struct tuning *t, unsigned int app, struct change *ret, size_t max)
{
	return t->governor ? governor_changes(t->governor, app, ret, max) : 0;
}

void tuning_stop(struct tuning *t)
{
	tuning_finish(t);
	governor_close(t->governor);
	t->governor = NULL;
	free(t->ledger);
	t->ledger = NULL;
}
