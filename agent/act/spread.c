/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Brings a thread that waits for another of its app to a CPU that a neighbour has. */
#include "act/spread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/journal_dir.h"
#include "sys/process.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"

#define WAITED_NS 1000000ULL
#define PREFIX "moving-"
#define VERSION 1

_Static_assert(CPU_SETSIZE == AA_SPREAD_CPUS, "a bit for each CPU that is watched");

/* In a mapped file: what the kernel has of it outlives us. */
struct moving {
	uint32_t version;
	uint32_t valid; /* the thread's affinity is target alone, and is to be mask */
	int32_t tid;
	uint32_t target;
	uint64_t start_ticks; /* of the thread */
	cpu_set_t mask;
};

struct spread {
	const struct aa_cpu *cpus; /* the kernel's, not owned */
	unsigned int ncpus;
	int dir, fd;
	char name[JOURNAL_NAME_MAX];
	struct moving *moving; /* mapped; NULL: nothing was moved yet */
	unsigned long moves;
};

int spread_open(const char *directory, const struct aa_cpu *cpus, struct spread **ret)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);
	struct spread *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->cpus = cpus;
	s->ncpus = n < 0 || n > AA_SPREAD_CPUS ? AA_SPREAD_CPUS : (unsigned int)n;
	s->dir = s->fd = -1;
	if (journal_dir_open(directory, true, &s->dir))
		s->dir = -1;
	*ret = s;
	return 0;
}

void spread_close(struct spread *s)
{
	if (!s)
		return;
	if (s->moves)
		log_debug("%lu times a thread was brought to a CPU of a neighbour", s->moves);
	if (s->moving) {
		munmap(s->moving, sizeof(*s->moving));
		unlinkat(s->dir, s->name, 0);
	}
	if (s->fd >= 0)
		close(s->fd);
	if (s->dir >= 0)
		close(s->dir);
	free(s);
}

/* Makes the record's file, locked as long as we live. Returns 0 or -errno. */
static int start_record(struct spread *s)
{
	char boot[JOURNAL_BOOT_MAX];
	int err;

	if (s->moving)
		return 0;
	if (s->dir < 0)
		return -ENOENT;
	journal_dir_boot(boot);
	snprintf(s->name, sizeof(s->name), PREFIX "%020llu-%d%s", (unsigned long long)clock_monotonic_ns(), getpid(),
		 boot);
	s->fd = openat(s->dir, s->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return -errno;
	err = journal_dir_lock(s->fd, 0);
	if (!err && ftruncate(s->fd, sizeof(*s->moving)) < 0)
		err = -errno;
	if (!err) {
		s->moving = mmap(NULL, sizeof(*s->moving), PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
		if (s->moving == MAP_FAILED) {
			s->moving = NULL;
			err = -errno;
		}
	}
	if (err) {
		unlinkat(s->dir, s->name, 0);
		close(s->fd);
		s->fd = -1;
		return err;
	}
	s->moving->version = VERSION;
	return 0;
}

/*
 * What to give back: a thread that may run everywhere gets all CPUs there can be, those that come online later included.
 */
static void widen(const struct spread *s, cpu_set_t *mask)
{
	if (CPU_COUNT(mask) == (int)s->ncpus)
		memset(mask, 0xff, sizeof(*mask));
}

static bool move_thread(struct spread *s, pid_t tid, unsigned int target)
{
	struct moving *m = s->moving;
	cpu_set_t mask, one;
	bool moved;

	if (sched_getaffinity(tid, sizeof(mask), &mask) || !CPU_ISSET(target, &mask))
		return false;
	if (sys_process_start_time("", tid, &m->start_ticks))
		return false;
	widen(s, &mask);
	CPU_ZERO(&one);
	CPU_SET(target, &one);
	m->tid = tid;
	m->target = target;
	m->mask = mask;
	__atomic_store_n(&m->valid, 1, __ATOMIC_SEQ_CST);
	moved = !sched_setaffinity(tid, sizeof(one), &one);
	if (moved)
		sched_setaffinity(tid, sizeof(mask), &mask);
	__atomic_store_n(&m->valid, 0, __ATOMIC_SEQ_CST);
	return moved;
}

static uint32_t load(const uint32_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

/* The next CPU that has none of the app, taken being a set of those that were given away already. */
static int free_cpu(const struct spread *s, const cpu_set_t *taken)
{
	unsigned int i;

	for (i = 0; i < s->ncpus; i++)
		if (!load(&s->cpus[i].running) && !CPU_ISSET(i, taken))
			return (int)i;
	return -1;
}

unsigned int spread_step(struct spread *s, uint64_t apps, uint64_t now_ns)
{
	unsigned int i, moved = 0;
	cpu_set_t taken;
	int target;

	CPU_ZERO(&taken);
	for (i = 0; i < s->ncpus; i++) {
		const struct aa_cpu *c = &s->cpus[i];
		uint32_t tid = load(&c->queued);

		if (!tid || !load(&c->running) || !(apps >> (load(&c->app) & 63) & 1))
			continue;
		if (now_ns < __atomic_load_n(&c->since, __ATOMIC_RELAXED) + WAITED_NS)
			continue;
		target = free_cpu(s, &taken);
		if (target < 0 || start_record(s))
			break;
		CPU_SET((unsigned int)target, &taken);
		moved += move_thread(s, (pid_t)tid, (unsigned int)target);
	}
	s->moves += moved;
	return moved;
}

/* --- after an agent that was killed --- */

/* Whether the thread is still as it was left: alone on target, by nobody else's will. */
static bool is_left(const struct moving *m)
{
	uint64_t start;
	cpu_set_t now;

	return m->version == VERSION && m->valid && !sys_process_start_time("", m->tid, &start) &&
	       start == m->start_ticks && !sched_getaffinity(m->tid, sizeof(now), &now) && CPU_COUNT(&now) == 1 &&
	       m->target < CPU_SETSIZE && CPU_ISSET(m->target, &now);
}

/* Returns 1 if a thread got its affinity back, else 0. */
static int recover_one(int dir, const char *name)
{
	cleanup_close int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct moving m;
	int done = 0;

	if (fd < 0 || !journal_dir_owns(fd) || journal_dir_lock(fd, 0))
		return 0;
	if (pread(fd, &m, sizeof(m), 0) == sizeof(m) && is_left(&m)) {
		done = !sched_setaffinity(m.tid, sizeof(m.mask), &m.mask);
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

	err = journal_dir_open(directory, false, &fd);
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
