/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Brings a thread that waits for a CPU to another one, where none of its app runs. */
#include "act/spread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/journal_dir.h"
#include "sys/machine.h"
#include "sys/process.h"
#include "sys/root.h"
#include "sys/state.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/parse.h"

#define LOOK_NS 10000000ULL /* in case a wake-up was missed */
#define PAUSE_MIN_NS 50000ULL /* after a step that moved nobody; doubles up to: */
#define PAUSE_MAX_NS 1000000ULL
#define ONLINE_NS 1000000000ULL /* between two looks at what is online */
#define PREFIX "moving-"
#define VERSION 3
#define CREATE_TRIES 16
#define LOCK_WAIT_MS 100 /* for a spread_recover() elsewhere that looks at the new file */
#define MOVES_MAX 64 /* in one step */
#define BORN_MAX 1024 /* pids that are looked at after a step */
#define WANTED_MAX 64 /* files of waiting threads that a step reads in its search for free CPUs */

/* In a file, which is written, not mapped: where its disk is full or broken, a write says so. */
struct moving {
	uint32_t version;
	uint32_t valid; /* the thread's affinity is target alone, and is to be every CPU */
	int32_t tid; /* in that pid namespace: */
	uint32_t target;
	uint64_t pid_ns; /* its inode */
	uint64_t start_ticks; /* of the thread */
};

struct move {
	pid_t tid, group; /* process group */
	unsigned int target;
};

struct spread {
	const char *root; /* not owned */
	struct aa_cpus *cpus; /* shared with the kernel, not owned */
	struct sys_cpu_set online;
	uint64_t online_ns; /* when it is read again */
	unsigned int ncpus; /* that are looked at, by number */
	pid_t handled_tid[AA_SPREAD_CPUS];
	uint64_t
		handled[AA_SPREAD_CPUS]; /* the last "since" of each CPU that was dealt with: an entry may outlive it */
	pid_t sent[AA_SPREAD_CPUS]; /* who was moved there last: the kernel side sees it when it runs */
	struct move moves[MOVES_MAX]; /* of the last step */
	unsigned int nmoves;
	uint64_t next_ns; /* when the next step is due */
	uint64_t pause_ns; /* at least until then: we are a realtime process, and threads may queue up all the time */
	unsigned int search,
		searched; /* where the search for a free CPU goes on, and how many this step has behind it */
	unsigned int wanted; /* of WANTED_MAX, in this step */
	bool armed; /* the kernel side was asked for a wake-up */
	bool full; /* somebody waits, and the app has all CPUs */
	pid_t born; /* the last pid that was given out before them */
	int dir;
	int fd; /* of the record, locked; -1: nothing was moved yet */
	char name[JOURNAL_NAME_MAX];
	uint64_t pid_ns; /* ours, as the record has it */
	bool failed; /* there can be no record, so nothing is moved */
	unsigned long total;
};

/* --- affinity --- */

static bool has_cpu(const struct sys_cpu_set *set, unsigned int cpu)
{
	return cpu < SYS_MAX_CPUS && set->bits[cpu / 64] >> (cpu % 64) & 1;
}

static bool get_mask(pid_t tid, struct sys_cpu_set *ret)
{
	return !sched_getaffinity(tid, sizeof(*ret), (cpu_set_t *)ret);
}

static bool set_mask(pid_t tid, const struct sys_cpu_set *mask)
{
	return !sched_setaffinity(tid, sizeof(*mask), (const cpu_set_t *)mask);
}

static bool only_on(const struct sys_cpu_set *mask, unsigned int cpu)
{
	return has_cpu(mask, cpu) && sys_cpu_set_count(mask) == 1;
}

/*
 * Gives a thread back what it had, if it is still as we left it. All bits, also those of CPUs that are not there:
 * for the kernel that is no restriction, and the cpuset's stays in force beside it.
 */
static bool widen(pid_t tid, unsigned int target)
{
	struct sys_cpu_set mask;

	if (!get_mask(tid, &mask) || !only_on(&mask, target))
		return false;
	memset(&mask, 0xff, sizeof(mask));
	return set_mask(tid, &mask);
}

/* --- the record --- */

static uint64_t own_pid_ns(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

int spread_open_below(const char *root, const char *directory, struct aa_cpus *cpus, struct spread **ret)
{
	struct spread *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->root = root;
	s->cpus = cpus;
	s->fd = -1;
	s->pid_ns = own_pid_ns();
	if (state_dir_open(directory, true, &s->dir))
		s->dir = -1;
	*ret = s;
	return 0;
}

int spread_open(const char *directory, struct aa_cpus *cpus, struct spread **ret)
{
	return spread_open_below("", directory, cpus, ret);
}

static int create_locked(struct spread *s)
{
	char boot[JOURNAL_BOOT_MAX];
	int tries, fd;

	journal_dir_boot(boot);
	for (tries = 0; tries < CREATE_TRIES; tries++) {
		snprintf(s->name, sizeof(s->name), PREFIX "%020llu-%d%s", (unsigned long long)clock_monotonic_ns(),
			 getpid(), boot);
		fd = openat(s->dir, s->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return -errno;
		/* spread_recover() of another process may have locked it first, and removed it as nobody's */
		if (!state_claim(fd, LOCK_WAIT_MS) && state_file_names(s->dir, s->name, fd)) {
			s->fd = fd;
			return 0;
		}
		close(fd);
	}
	return -EEXIST;
}

/* Returns 0 or -errno. */
static int write_record(const struct spread *s, const struct moving *moving)
{
	ssize_t n = pwrite(s->fd, moving, sizeof(*moving), 0);

	if (n < 0)
		return -errno;
	return n == sizeof(*moving) ? 0 : -ENOSPC;
}

/* Makes the record's file, locked as long as we live. Returns 0 or -errno. */
static int start_record(struct spread *s)
{
	int err;

	if (s->fd >= 0) /* what is written to a file that somebody removed would be lost */
		return state_file_names(s->dir, s->name, s->fd) ? 0 : -ESTALE;
	if (s->dir < 0)
		return -ENOENT;
	err = create_locked(s);
	if (err)
		return err;
	err = write_record(s, &(struct moving){ .version = VERSION });
	if (err) {
		unlinkat(s->dir, s->name, 0);
		close(s->fd);
		s->fd = -1;
	}
	return err;
}

/* --- what a thread starts between the two calls --- */

/* The last pid that was given out, which is the last word of loadavg. */
static bool newest_pid(const struct spread *s, pid_t *ret)
{
	struct span rest, word;
	cleanup_free char *text = NULL;
	uint64_t pid = 0;
	size_t len;

	if (sys_read(s->root, "/proc/loadavg", 4096, &text, &len))
		return false;
	rest = (struct span){ text, len && text[len - 1] == '\n' ? len - 1 : len };
	while (span_next_word(&rest, &word))
		if (!rest.len && parse_u64(word, INT_MAX, &pid))
			return false;
	*ret = (pid_t)pid;
	return pid > 0;
}

static bool is_thread_of(const struct spread *s, pid_t tid, pid_t pid)
{
	char path[PATH_MAX];

	return !sys_path(path, sizeof(path), s->root, "/proc/%d/task/%d", (int)tid, (int)pid) && !access(path, F_OK);
}

/*
 * Whether a new process with one CPU has that from a thread that we moved: another thread of its process, or one that
 * this started. Shells often end at once, and with them the trace: then it is of the same job, and does not have the
 * one CPU from its present parent.
 */
static bool is_child(const struct spread *s, const struct move *move, const struct sys_process_stat *child)
{
	struct sys_cpu_set mask;

	if (is_thread_of(s, move->tid, child->pid) || is_thread_of(s, move->tid, child->parent))
		return true;
	return child->group && child->group == move->group && get_mask(child->parent, &mask) &&
	       !only_on(&mask, move->target);
}

static void widen_child(struct spread *s, pid_t pid)
{
	struct sys_process_stat stat;
	struct sys_cpu_set mask;
	unsigned int i;

	if (!get_mask(pid, &mask) || sys_cpu_set_count(&mask) != 1 || sys_process_stat_read(s->root, pid, &stat))
		return;
	for (i = 0; i < s->nmoves; i++) {
		struct move move = s->moves[i];

		if (!has_cpu(&mask, move.target) || !is_child(s, &move, &stat) || !widen(pid, move.target))
			continue;
		if (s->nmoves < MOVES_MAX) /* it may have started others itself */
			s->moves[s->nmoves++] = (struct move){ pid, stat.group, move.target };
		return;
	}
}

/*
 * A thread that comes to run, and forks, between the two calls hands the one CPU on. That takes us to be interrupted
 * there, and happens all the same. Called after a step and once more at the next, for a fork that took its time.
 * Children behind a wrap of the pids are missed.
 */
static void widen_children(struct spread *s)
{
	pid_t newest, pid, end;

	if (!s->nmoves || !newest_pid(s, &newest))
		return;
	end = newest - s->born > BORN_MAX ? s->born + BORN_MAX : newest;
	for (pid = s->born + 1; pid <= end; pid++)
		widen_child(s, pid);
}

void spread_close(struct spread *s)
{
	if (!s)
		return;
	widen_children(s);
	if (s->total)
		log_debug("%lu times a thread was brought to a CPU of a neighbour", s->total);
	if (s->fd >= 0) {
		unlinkat(s->dir, s->name, 0);
		close(s->fd);
	}
	if (s->dir >= 0)
		close(s->dir);
	free(s);
}

/* --- moving --- */

/* CPUs come and go. Without the set nothing is moved. */
static void read_online(struct spread *s, uint64_t now_ns)
{
	unsigned int i;

	if (s->ncpus && now_ns < s->online_ns)
		return;
	s->online_ns = now_ns + ONLINE_NS;
	s->ncpus = 0;
	if (sys_cpus_online(s->root, &s->online))
		return;
	for (i = 0; i < AA_SPREAD_CPUS; i++)
		if (has_cpu(&s->online, i))
			s->ncpus = i + 1;
	__atomic_store_n(&s->cpus->online, sys_cpu_set_count(&s->online), __ATOMIC_RELAXED);
}

static uint32_t load(const uint32_t *value)
{
	return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}

static uint64_t load_since(const struct aa_cpu *c)
{
	return __atomic_load_n(&c->since, __ATOMIC_ACQUIRE);
}

/* The thread that waits on a CPU, and was not dealt with since it was queued; 0: none. */
static pid_t waiting(const struct spread *s, unsigned int cpu, uint64_t apps, uint64_t *ret_since)
{
	const struct aa_cpu *c = &s->cpus->cpu[cpu];
	uint64_t since = load_since(c);
	uint32_t tid = load(&c->queued);

	if (!tid || (since == s->handled[cpu] && (pid_t)tid == s->handled_tid[cpu]))
		return 0;
	if (!(apps >> (load(&c->app) & 63) & 1))
		return 0;
	*ret_since = since;
	return since == load_since(c) ? (pid_t)tid : 0; /* or another was queued just now */
}

/* Whether a thread is of the kind that may be moved, and waits on cpu still: its entry there outlives that. */
static bool is_movable(const struct spread *s, pid_t tid, unsigned int cpu, struct sys_process_stat *ret)
{
	int policy = sched_getscheduler(tid);

	if (policy < 0)
		return false;
	policy &= ~SCHED_RESET_ON_FORK;
	if ((policy != SCHED_OTHER && policy != SCHED_BATCH) || sys_process_stat_read(s->root, tid, ret))
		return false;
	return ret->state == 'R' && ret->cpu == cpu && load(&s->cpus->cpu[cpu].queued) == (uint32_t)tid;
}

static bool is_ready_on(struct spread *s, pid_t tid, unsigned int cpu)
{
	struct sys_process_stat stat;

	if (!tid)
		return false;
	s->wanted++;
	return !sys_process_stat_read(s->root, tid, &stat) && stat.state == 'R' && stat.cpu == cpu;
}

/* Whether one of the app waits on a CPU, as noted or because it was sent there. */
static bool is_wanted(struct spread *s, unsigned int cpu, uint64_t apps)
{
	uint64_t since;

	if (is_ready_on(s, s->sent[cpu], cpu))
		return true;
	s->sent[cpu] = 0;
	return is_ready_on(s, waiting(s, cpu, apps, &since), cpu);
}

/*
 * The next online CPU that has none of the app and for which none of it waits; each CPU is looked at once in a step. -1:
 * there is none, or the step has read so much that it has to end (we are a realtime process), and s->searched is less than
 * s->ncpus.
 */
static int free_cpu(struct spread *s, uint64_t apps)
{
	unsigned int cpu;

	while (s->searched < s->ncpus && s->wanted < WANTED_MAX) {
		cpu = s->search % s->ncpus;
		s->search = cpu + 1;
		s->searched++;
		if (has_cpu(&s->online, cpu) && !load(&s->cpus->cpu[cpu].running) && !is_wanted(s, cpu, apps))
			return (int)cpu;
	}
	return -1;
}

/* From the first CPU on, or from where the last search had to end. */
static void begin_search(struct spread *s)
{
	if (s->wanted < WANTED_MAX)
		s->search = 0;
	s->searched = s->wanted = 0;
}

/*
 * What the app itself sets is not overwritten: a thread that has less than all CPUs is left out, and so is one that
 * has anything but ours when we come back. The windows that remain: between looking and either call (a microsecond,
 * unless we are interrupted), and an app that sets exactly target.
 */
static bool move_thread(struct spread *s, pid_t tid, unsigned int target, uint64_t start_ticks)
{
	struct moving m = { .version = VERSION,
			    .valid = 1,
			    .tid = tid,
			    .target = target,
			    .pid_ns = s->pid_ns,
			    .start_ticks = start_ticks };
	struct sys_cpu_set mask, one = { 0 };
	bool moved;

	one.bits[target / 64] |= 1ULL << (target % 64);
	if (!get_mask(tid, &mask) || memcmp(&mask, &s->online, sizeof(mask)) != 0 || write_record(s, &m))
		return false;
	moved = set_mask(tid, &one);
	if (moved)
		widen(tid, target);
	m.valid = 0;
	write_record(s, &m); /* if this fails, restore finds a thread that has its CPUs */
	return moved;
}

/* Whether all is there that moving needs; noted if not, and not tried again. */
static bool is_ready(struct spread *s)
{
	int err = s->failed ? -ESTALE : start_record(s);

	if (err && !s->failed)
		log_debug("threads are not spread, for it cannot be put on record: %s", strerror(-err));
	s->failed = err;
	return !err && s->nmoves < MOVES_MAX && (s->nmoves || newest_pid(s, &s->born));
}

static void due_at(struct spread *s, uint64_t when_ns)
{
	if (when_ns < s->next_ns)
		s->next_ns = when_ns;
}

/* Deals with the thread that waits on a CPU. Returns whether it makes sense to go on to other CPUs. */
static bool step_cpu(struct spread *s, unsigned int cpu, uint64_t apps, uint64_t now_ns)
{
	struct sys_process_stat stat;
	uint64_t since;
	pid_t tid = waiting(s, cpu, apps, &since);
	int target;

	if (!tid)
		return true;
	if (now_ns < since + AA_SPREAD_WAITED_NS) {
		due_at(s, since + AA_SPREAD_WAITED_NS);
		return true;
	}
	target = -1;
	if (is_movable(s, tid, cpu, &stat)) {
		target = free_cpu(s, apps);
		if (target < 0) {
			s->full = s->searched == s->ncpus;
			due_at(s, s->full ? UINT64_MAX : now_ns + PAUSE_MAX_NS);
			return false;
		}
	}
	s->handled[cpu] = since;
	s->handled_tid[cpu] = tid;
	if (target < 0)
		return true;
	if (!is_ready(s))
		return false;
	if (move_thread(s, tid, (unsigned int)target, stat.start_ticks)) {
		s->sent[target] = tid;
		s->moves[s->nmoves++] = (struct move){ tid, stat.group, (unsigned int)target };
	}
	return true;
}

static bool nobody_waits(const struct spread *s, uint64_t apps)
{
	unsigned int i;
	uint64_t since;

	for (i = 0; i < s->ncpus; i++)
		if (waiting(s, i, apps, &since))
			return false;
	return true;
}

/* Whether that for which the kernel side was just asked to wake us was there before it could see the wish. */
static bool came_before(struct spread *s, uint64_t apps, bool moved)
{
	if (!s->full)
		return !nobody_waits(s, apps);
	begin_search(s);
	return !moved && free_cpu(s, apps) >= 0; /* whoever was moved may not run there yet */
}

/*
 * When to come again. While nobody waits, it is the kernel side that sees the next one first, and while the app has all
 * CPUs, that it loses one; what happened while this step was on its way is looked for once more. But two threads that
 * wake each other on one CPU would have us come each time, and some that wait cannot be moved: the less comes of the
 * steps, the rarer they are.
 */
static void plan_next(struct spread *s, uint64_t apps, bool woken, bool moved, uint64_t now_ns)
{
	bool pending = s->next_ns != UINT64_MAX;
	uint32_t wanted = s->full ? AA_WANTED_LEFT : AA_WANTED_QUEUED;

	if (moved || (s->armed && !woken))
		s->pause_ns = 0;
	else if (woken || pending)
		s->pause_ns = s->pause_ns ? s->pause_ns * 2 : PAUSE_MIN_NS;
	if (s->pause_ns > PAUSE_MAX_NS)
		s->pause_ns = PAUSE_MAX_NS;
	s->armed = !pending && (moved || !woken);
	__atomic_store_n(&s->cpus->armed, s->armed ? wanted : AA_WANTED_NOTHING, __ATOMIC_SEQ_CST);
	if (s->armed)
		s->next_ns = now_ns + (came_before(s, apps, moved) ? AA_SPREAD_WAITED_NS : LOOK_NS);
	else if (!pending || s->next_ns < now_ns + s->pause_ns)
		s->next_ns = now_ns + s->pause_ns;
}

unsigned int spread_step(struct spread *s, uint64_t apps, uint64_t now_ns)
{
	bool woken = s->armed && !load(&s->cpus->armed);
	unsigned int i, moved;

	widen_children(s);
	s->nmoves = 0;
	s->full = false;
	begin_search(s);
	s->next_ns = UINT64_MAX;
	read_online(s, now_ns);
	for (i = 0; i < s->ncpus && step_cpu(s, i, apps, now_ns); i++)
		;
	moved = s->nmoves;
	widen_children(s);
	s->total += moved;
	plan_next(s, apps, woken, moved, now_ns);
	return moved;
}

uint64_t spread_next(const struct spread *s)
{
	return s->armed && !load(&s->cpus->armed) ? 0 : s->next_ns;
}

/* --- after an agent that was killed --- */

/* Whether it is of a thread that the agent was killed over. */
static bool read_left(int fd, struct moving *ret)
{
	return pread(fd, ret, sizeof(*ret), 0) == sizeof(*ret) && ret->version == VERSION && ret->valid;
}

static bool still_lives(const struct moving *m)
{
	uint64_t start;

	return !sys_process_start_time("", m->tid, &start) && start == m->start_ticks;
}

/* Returns 1 if a thread got its affinity back, else 0. */
static int recover_one(int dir, const char *name)
{
	cleanup_close int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct moving m;
	int done = 0;
	bool left;

	if (fd < 0 || !state_file_owns(fd) || state_lock_left(fd) || !state_file_names(dir, name, fd))
		return 0;
	left = read_left(fd, &m);
	if (left && m.pid_ns != own_pid_ns())
		return 0; /* its number means another thread here; who has that namespace may come, or the next boot */
	if (left && still_lives(&m) && widen(m.tid, m.target)) {
		done = 1;
		log_debug("thread %d may run on all of its CPUs again", (int)m.tid);
	}
	unlinkat(dir, name, 0);
	return done;
}

int spread_recover(const char *directory)
{
	char boot[JOURNAL_BOOT_MAX];
	struct dirent *entry;
	int fd, err, done = 0;

	err = state_dir_open(directory, false, &fd);
	if (err)
		return err == -ENOENT ? 0 : err;
	cleanup_dir DIR *dir = fdopendir(fd);

	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	journal_dir_boot(boot);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)))
			continue;
		if (journal_dir_outlived(entry->d_name, boot))
			unlinkat(fd, entry->d_name, 0);
		else
			done += recover_one(fd, entry->d_name);
	}
	return done;
}
