/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Bringing a thread to another CPU, on a machine with CPUs 0, 2 and 3 online, and 1 not; and what is left if the agent
 * dies at it. The threads are processes that sleep; their affinity is kept here, as the kernel would.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "act/spread.h"
#include "sys/process.h"

#define MS 1000000ULL
#define ONLINE 0xdULL /* CPUs 0, 2 and 3 */
#define EVERYWHERE UINT64_MAX
#define HOME 2 /* the CPU that the thread waits on; 3 is the one to go to, where a test says no other */
#define TARGET 3

struct thread {
	pid_t tid;
	uint64_t user_mask; /* what it asked for: the kernel shows what of it is online */
	int policy;
};

/* The kernel's side, in memory that an agent that is killed shares with the test. */
static struct kernel {
	struct thread thread, child, parent;
	int calls; /* of sched_setaffinity() */
	int die_at; /* the call that is not lived to make; -1: none */
	bool real; /* all goes to the kernel itself */
	void (*after_first)(void); /* something that happens between the two calls */
} * kernel;

static struct thread *find_thread(pid_t tid)
{
	if (tid == kernel->thread.tid)
		return &kernel->thread;
	if (tid && tid == kernel->parent.tid)
		return &kernel->parent;
	return tid && tid == kernel->child.tid ? &kernel->child : NULL;
}

/* These three take the place of the C library's. */
int sched_getaffinity(pid_t tid, size_t size, cpu_set_t *mask)
{
	const struct thread *t = find_thread(tid);
	uint64_t shown;

	memset(mask, 0, size);
	if (kernel->real)
		return syscall(SYS_sched_getaffinity, tid, size, mask) < 0 ? -1 : 0;
	if (!t) {
		errno = ESRCH;
		return -1;
	}
	shown = t->user_mask & ONLINE;
	memcpy(mask, &shown, sizeof(shown));
	return 0;
}

int sched_setaffinity(pid_t tid, size_t size, const cpu_set_t *mask)
{
	struct thread *t = find_thread(tid);

	if (kernel->calls == kernel->die_at)
		raise(SIGKILL);
	kernel->calls++;
	if (kernel->real)
		return (int)syscall(SYS_sched_setaffinity, tid, size, mask);
	if (!t) {
		errno = ESRCH;
		return -1;
	}
	memcpy(&t->user_mask, mask, sizeof(t->user_mask));
	if (kernel->calls == 1 && kernel->after_first)
		kernel->after_first();
	return 0;
}

int sched_getscheduler(pid_t tid)
{
	const struct thread *t = find_thread(tid);

	errno = ESRCH;
	return t ? t->policy : -1;
}

struct fixture {
	char root[64], directory[80];
	struct aa_cpus cpus;
	struct spread *spread;
};

static const char *root; /* of the fixture, for what happens between the calls */

static void put(const char *path, const char *text)
{
	char full[128], *slash;
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* The line of a thread in /proc, and itself among those of its process. */
static void put_stat_group(pid_t tid, pid_t parent, pid_t group, char state, unsigned int cpu)
{
	char path[64], text[256];
	uint64_t start = 0;

	sys_process_start_time("", tid, &start);
	snprintf(text, sizeof(text),
		 "%d (cc1) %c %d %d 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %llu 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 %u 0 0\n",
		 tid, state, parent, group, (unsigned long long)start, cpu);
	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	put(path, text);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", tid, tid);
	put(path, text);
}

static void put_stat(pid_t tid, pid_t parent, char state, unsigned int cpu)
{
	put_stat_group(tid, parent, 77, state, cpu);
}

static void put_newest_pid(pid_t pid)
{
	char text[64];

	snprintf(text, sizeof(text), "0.00 0.01 0.05 1/100 %d\n", pid);
	put("/proc/loadavg", text);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	pid_t tid;

	kernel = mmap(NULL, sizeof(*kernel), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!f || kernel == MAP_FAILED)
		return -1;
	snprintf(f->root, sizeof(f->root), "/var/tmp/test_spread.XXXXXX");
	if (!mkdtemp(f->root))
		return -1;
	root = f->root;
	snprintf(f->directory, sizeof(f->directory), "%s/state", f->root);
	kernel->die_at = -1;
	tid = fork();
	if (!tid)
		for (;;)
			pause();
	if (tid < 0)
		return -1;
	kernel->thread = (struct thread){ .tid = tid, .user_mask = EVERYWHERE };
	put("/sys/devices/system/cpu/online", "0,2-3\n");
	put_stat(kernel->thread.tid, 1, 'R', HOME);
	put_newest_pid(kernel->thread.tid);
	/* two of the app on HOME, one on CPU 0, none on the others */
	f->cpus.cpu[0] = (struct aa_cpu){ .running = 1, .app = 3 };
	f->cpus.cpu[HOME] =
		(struct aa_cpu){ .running = 1, .queued = (uint32_t)kernel->thread.tid, .app = 3, .since = MS };
	*state = f;
	return spread_open_below(f->root, f->directory, &f->cpus, &f->spread);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[96];
	int left;

	spread_close(f->spread);
	left = rmdir(f->directory); /* nothing is left in it */
	kill(kernel->thread.tid, SIGKILL);
	waitpid(kernel->thread.tid, NULL, 0);
	snprintf(command, sizeof(command), "rm -r %s", f->root);
	left |= system(command);
	munmap(kernel, sizeof(*kernel));
	free(f);
	return left;
}

static unsigned int step(struct fixture *f, uint64_t now_ns)
{
	return spread_step(f->spread, 1 << 3, now_ns);
}

static void go_to_target(void)
{
	assert_int_equal(kernel->thread.user_mask, 1 << TARGET);
}

/* A thread that waited is moved, to a CPU that is online, and may then run everywhere: also where no CPU is yet. */
static void test_moves(void **state)
{
	struct fixture *f = *state;

	kernel->after_first = go_to_target;
	assert_int_equal(step(f, 2 * MS), 1);
	assert_int_equal(kernel->calls, 2); /* there and back */
	assert_int_equal(kernel->thread.user_mask, EVERYWHERE);
}

/* Not one that came a moment ago, nor one of another app, nor one on a CPU where none of its app runs. */
static void test_leaves_others(void **state)
{
	struct fixture *f = *state;

	f->cpus.cpu[HOME].since = 5 * MS;
	assert_int_equal(step(f, 5 * MS + SPREAD_WAITED_NS - 1), 0);
	assert_int_equal(spread_step(f->spread, 1 << 2, 10 * MS), 0);
	f->cpus.cpu[HOME].running = 0;
	assert_int_equal(step(f, 10 * MS), 0);
	assert_int_equal(kernel->calls, 0);
}

/* Where the app has all CPUs that are online, the thread stays; until one becomes free. */
static void test_no_cpu_to_go_to(void **state)
{
	struct fixture *f = *state;

	f->cpus.cpu[TARGET].running = 1;
	assert_int_equal(step(f, 10 * MS), 0);
	assert_int_equal(kernel->calls, 0);
	f->cpus.cpu[TARGET].running = 0;
	assert_int_equal(step(f, 14 * MS), 1);
}

/* When the next step is due: once a thread has waited long enough. */
static void test_says_when(void **state)
{
	struct fixture *f = *state;

	f->cpus.cpu[HOME].since = 5 * MS;
	step(f, 5 * MS + 1);
	assert_int_equal(spread_next(f->spread), 5 * MS + SPREAD_WAITED_NS);
	assert_int_equal(f->cpus.armed, AA_WANTED_NOTHING);
}

/* Where there is no CPU for one that waits, the kernel side says when there is one: nobody comes to look meanwhile. */
static void test_waits_for_a_cpu(void **state)
{
	struct fixture *f = *state;

	f->cpus.cpu[TARGET].running = 1;
	step(f, 6 * MS);
	assert_int_equal(f->cpus.armed, AA_WANTED_LEFT);
	assert_in_range(spread_next(f->spread), 16 * MS, 100 * MS);
	f->cpus.cpu[TARGET].running = 0;
	f->cpus.armed = AA_WANTED_NOTHING;
	assert_int_equal(spread_next(f->spread), 0);
	assert_int_equal(step(f, 7 * MS), 1);
	assert_int_equal(f->cpus.armed, AA_WANTED_QUEUED);
	assert_int_equal(f->cpus.online, 3);
}

/* While nobody waits the kernel side is asked for a wake-up; once it has seen somebody, the next step is due at once. */
static void test_asks_to_be_woken(void **state)
{
	struct fixture *f = *state;

	f->cpus.cpu[HOME].queued = 0;
	step(f, 5 * MS);
	assert_true(f->cpus.armed);
	assert_in_range(spread_next(f->spread), 6 * MS, 100 * MS);
	f->cpus.armed = 0;
	assert_int_equal(spread_next(f->spread), 0);
}

/* Wake-ups that come to nothing are not answered at once: the agent is a realtime process. */
static void test_paces_itself(void **state)
{
	struct fixture *f = *state;
	uint64_t now = 5 * MS, steps = 0;

	f->cpus.cpu[HOME].queued = 0;
	for (; now < 105 * MS; steps++) {
		step(f, now);
		f->cpus.armed = 0; /* a thread queues up, and is gone again */
		if (spread_next(f->spread) > now)
			now = spread_next(f->spread);
	}
	assert_in_range(steps, 40, 230);
}

/* One that cannot be moved does not stand for the other one with which it takes turns. */
static void test_moves_the_other(void **state)
{
	struct fixture *f = *state;

	f->cpus.cpu[HOME].queued = 0x7ffffff0;
	assert_int_equal(step(f, 10 * MS), 0);
	f->cpus.cpu[HOME].queued = (uint32_t)kernel->thread.tid;
	assert_int_equal(step(f, 14 * MS), 1);
}

/* A CPU that goes offline is noticed a second later: the thread has less than all until then. */
static void test_looks_at_online_again(void **state)
{
	struct fixture *f = *state;

	put("/sys/devices/system/cpu/online", "0-3\n");
	assert_int_equal(step(f, 10 * MS), 0);
	put("/sys/devices/system/cpu/online", "0,2-3\n");
	f->cpus.cpu[HOME].since = 11 * MS;
	assert_int_equal(step(f, 500 * MS), 0);
	assert_int_equal(kernel->calls, 0);
	f->cpus.cpu[HOME].since = 501 * MS;
	assert_int_equal(step(f, 1100 * MS), 1);
}

/*
 * A thread that may not use every CPU, by its own will or its cpuset's, is left alone: its mask could not be given
 * back.
 */
static void test_leaves_narrow_threads(void **state)
{
	struct fixture *f = *state;

	kernel->thread.user_mask = 1 << HOME | 1 << TARGET;
	assert_int_equal(step(f, 10 * MS), 0);
	assert_int_equal(kernel->calls, 0);
}

static void app_narrows_itself(void)
{
	kernel->thread.user_mask = 1 << 0;
}

static void app_widens_itself(void)
{
	kernel->thread.user_mask = 1 << 0 | 1 << TARGET;
}

/* What the app sets between the two calls stays, whether or not the target is in it. */
static void test_app_decides_meanwhile(void **state)
{
	struct fixture *f = *state;

	kernel->after_first = app_narrows_itself;
	step(f, 10 * MS);
	assert_int_equal(kernel->thread.user_mask, 1 << 0);
	kernel->thread.user_mask = EVERYWHERE;
	kernel->after_first = app_widens_itself;
	kernel->calls = 0;
	f->cpus.cpu[HOME].since = 11 * MS;
	step(f, 14 * MS);
	assert_int_equal(kernel->thread.user_mask, 1 << 0 | 1 << TARGET);
}

/* Each time that it is queued counts once: its entry stays when it was taken elsewhere. */
static void test_moves_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(step(f, 14 * MS), 0);
	assert_int_equal(kernel->calls, 2);
	f->cpus.cpu[HOME].since = 15 * MS;
	assert_int_equal(step(f, 18 * MS), 1);
}

/* An entry that outlived its thread's wait: it is on another CPU by now, or it sleeps. */
static void test_leaves_those_that_do_not_wait(void **state)
{
	struct fixture *f = *state;

	put_stat(kernel->thread.tid, 1, 'R', 0);
	assert_int_equal(step(f, 10 * MS), 0);
	f->cpus.cpu[HOME].since = 11 * MS;
	put_stat(kernel->thread.tid, 1, 'S', HOME);
	assert_int_equal(step(f, 14 * MS), 0);
	assert_int_equal(kernel->calls, 0);
	f->cpus.cpu[HOME].since = 15 * MS;
	put_stat(kernel->thread.tid, 1, 'R', HOME);
	assert_int_equal(step(f, 18 * MS), 1);
}

/* Real-time, deadline and idle threads are placed by other rules; a flag beside the policy changes nothing. */
static void test_policies(void **state)
{
	static const int left[] = { SCHED_FIFO, SCHED_RR, SCHED_IDLE, 6 /* SCHED_DEADLINE */ };
	static const int moved[] = { SCHED_OTHER, SCHED_BATCH, SCHED_BATCH | SCHED_RESET_ON_FORK };
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		f->cpus.cpu[HOME].since++;
		kernel->thread.policy = left[i];
		assert_int_equal(step(f, 10 * MS), 0);
	}
	for (i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		f->cpus.cpu[HOME].since++;
		kernel->thread.policy = moved[i];
		assert_int_equal(step(f, 10 * MS), 1);
	}
}

/* A thread that has ended meanwhile does no harm. */
static void test_thread_gone(void **state)
{
	struct fixture *f = *state;

	f->cpus.cpu[HOME].queued = 0x7ffffff0;
	assert_int_equal(step(f, 10 * MS), 0);
}

/* --- what a thread starts between the two calls --- */

static void start_child(void)
{
	kernel->child = kernel->thread;
	kernel->child.tid = kernel->thread.tid + 1;
}

static void fork_quickly(void)
{
	start_child();
	put_stat_group(kernel->child.tid, kernel->thread.tid, 78, 'R', TARGET);
	put_newest_pid(kernel->child.tid);
}

/* A child that was forked between the two calls has inherited the one CPU: it gets all of them, too. */
static void test_child_is_widened(void **state)
{
	struct fixture *f = *state;

	kernel->after_first = fork_quickly;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, EVERYWHERE);
}

static void start_thread(void)
{
	char path[64];

	start_child();
	put_stat_group(kernel->child.tid, 1, 78, 'R', TARGET);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", kernel->thread.tid, kernel->child.tid);
	put(path, "");
	put_newest_pid(kernel->child.tid);
}

/* So does a thread of the same process. */
static void test_sibling_is_widened(void **state)
{
	struct fixture *f = *state;

	kernel->after_first = start_thread;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, EVERYWHERE);
}

/* One whose fork took longer is found at the next step, or at the end. */
static void test_late_child_is_widened(void **state)
{
	struct fixture *f = *state;

	kernel->after_first = start_child;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, 1 << TARGET);
	put_stat(kernel->child.tid, kernel->thread.tid, 'R', TARGET);
	put_newest_pid(kernel->child.tid);
	assert_int_equal(step(f, 14 * MS), 0);
	assert_int_equal(kernel->child.user_mask, EVERYWHERE);
	kernel->child.user_mask = 1 << TARGET; /* its own will: a step later, nobody looks at it */
	assert_int_equal(step(f, 18 * MS), 0);
	assert_int_equal(kernel->child.user_mask, 1 << TARGET);
}

static void somebody_forks(void)
{
	start_child();
	put_stat_group(kernel->child.tid, getpid(), 78, 'R', TARGET);
	put_newest_pid(kernel->child.tid);
	kernel->parent = (struct thread){ .tid = getpid(), .user_mask = EVERYWHERE };
}

/* Somebody else's child that has only that CPU has it for reasons of its own. */
static void test_other_children_are_left(void **state)
{
	struct fixture *f = *state;

	kernel->after_first = somebody_forks;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, 1 << TARGET);
}

static void fork_and_end(void)
{
	start_child();
	put_stat(kernel->child.tid, getpid(), 'R', TARGET);
	put_newest_pid(kernel->child.tid);
	kernel->parent = (struct thread){ .tid = getpid(), .user_mask = 1 << TARGET };
}

/*
 * A child whose parent has ended is known by its process group, unless it has the CPU from whoever is its parent
 * now.
 */
static void test_orphan_is_widened(void **state)
{
	struct fixture *f = *state;

	kernel->after_first = fork_and_end;
	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(kernel->child.user_mask, 1 << TARGET);
	kernel->parent.user_mask = EVERYWHERE;
	assert_int_equal(step(f, 14 * MS), 0);
	assert_int_equal(kernel->child.user_mask, EVERYWHERE);
}

/* --- the record --- */

static void die_between(struct fixture *f)
{
	pid_t agent = fork();
	int status;

	if (!agent) {
		kernel->die_at = 1;
		step(f, 10 * MS);
		_exit(0);
	}
	assert_int_equal(waitpid(agent, &status, 0), agent);
	assert_true(WIFSIGNALED(status));
	kernel->die_at = -1;
}

/* Killed between the two calls: the thread is stuck on one CPU until somebody looks at the record. */
static void test_killed_between(void **state)
{
	struct fixture *f = *state;

	die_between(f);
	assert_int_equal(kernel->thread.user_mask, 1 << TARGET);
	assert_int_equal(spread_recover(f->directory), 1);
	assert_int_equal(kernel->thread.user_mask, EVERYWHERE);
	assert_int_equal(spread_recover(f->directory), 0);
}

/* Somebody else has decided about its CPUs since: that stays. */
static void test_recover_hands_off(void **state)
{
	struct fixture *f = *state;

	die_between(f);
	kernel->thread.user_mask = 1 << 0;
	assert_int_equal(spread_recover(f->directory), 0);
	assert_int_equal(kernel->thread.user_mask, 1 << 0);
}

/* Killed at another time than between the calls: that the app now has the target alone is its own will. */
static void test_recover_needs_a_move(void **state)
{
	struct fixture *f = *state;
	pid_t agent = fork();

	if (!agent) {
		step(f, 10 * MS);
		_exit(0);
	}
	assert_int_equal(waitpid(agent, NULL, 0), agent);
	assert_int_equal(kernel->calls, 2);
	kernel->thread.user_mask = 1 << TARGET;
	assert_int_equal(spread_recover(f->directory), 0);
	assert_int_equal(kernel->thread.user_mask, 1 << TARGET);
}

/* A record whose agent lives is not touched. */
static void test_recover_spares_the_living(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(step(f, 10 * MS), 1);
	assert_int_equal(spread_recover(f->directory), 0);
	f->cpus.cpu[HOME].since = 11 * MS;
	assert_int_equal(step(f, 20 * MS), 1);
}

static const char *stolen; /* the folder where every new record is taken for a dead agent's at once */

/* Takes the place of the C library's: another agent comes between open() and this, as often as stolen says. */
int flock(int fd, int operation)
{
	if (stolen) {
		const char *directory = stolen;

		stolen = NULL;
		assert_int_equal(spread_recover(directory), 0);
	}
	return (int)syscall(SYS_flock, fd, operation);
}

/* A record that a recovery removed before it was locked is none: another is made. */
static void test_record_survives_recovery(void **state)
{
	struct fixture *f = *state;
	pid_t agent = fork();
	int status;

	if (!agent) {
		stolen = f->directory;
		kernel->die_at = 1;
		step(f, 10 * MS);
		_exit(0);
	}
	assert_int_equal(waitpid(agent, &status, 0), agent);
	assert_true(WIFSIGNALED(status));
	kernel->die_at = -1;
	assert_int_equal(spread_recover(f->directory), 1);
}

/* Without a place for the record, or once somebody removed it, nothing is moved any more. */
static void test_no_record_no_move(void **state)
{
	struct fixture *f = *state;
	char command[128];

	assert_int_equal(step(f, 10 * MS), 1);
	snprintf(command, sizeof(command), "rm %s/moving-*", f->directory);
	assert_int_equal(system(command), 0);
	f->cpus.cpu[HOME].since = 11 * MS;
	assert_int_equal(step(f, 20 * MS), 0);
	assert_int_equal(kernel->calls, 2);
}

/* Nor where the disk takes no more, at the start or later; no half of a record is left. */
static void test_full_disk_no_move(void **state)
{
	struct rlimit before, none;
	struct fixture *f = *state;
	char command[128];

	getrlimit(RLIMIT_FSIZE, &before);
	none = (struct rlimit){ 0, before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(step(f, 10 * MS), 1);
	f->cpus.cpu[HOME].since = 11 * MS;
	setrlimit(RLIMIT_FSIZE, &none);
	assert_int_equal(step(f, 20 * MS), 0);
	spread_close(f->spread);
	assert_int_equal(spread_open_below(root, f->directory, &f->cpus, &f->spread), 0);
	f->cpus.cpu[HOME].since = 21 * MS;
	assert_int_equal(step(f, 30 * MS), 0);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(kernel->calls, 2);
	snprintf(command, sizeof(command), "ls %s/moving-* 2>/dev/null", f->directory);
	assert_int_not_equal(system(command), 0);
}

/* The running kernel takes the mask with all bits, and shows the same CPUs as before. */
static void test_real_kernel(void **state)
{
	struct fixture *f = *state;
	cpu_set_t before, after;
	char list[4096];
	unsigned int i, first = CPU_SETSIZE;
	FILE *online;

	kernel->real = true;
	sched_getaffinity(kernel->thread.tid, sizeof(before), &before);
	for (i = 0; i < CPU_SETSIZE && first == CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &before))
			first = i;
	online = fopen("/sys/devices/system/cpu/online", "r");
	assert_non_null(online);
	assert_non_null(fgets(list, sizeof(list), online));
	fclose(online);
	put("/sys/devices/system/cpu/online", list);
	memset(&f->cpus, 0, sizeof(f->cpus));
	f->cpus.cpu[first] =
		(struct aa_cpu){ .running = 1, .queued = (uint32_t)kernel->thread.tid, .app = 3, .since = MS };
	put_stat(kernel->thread.tid, 1, 'R', first);
	if (!step(f, 10 * MS)) {
		print_message("one CPU only, or this test may not use all of them\n");
		skip();
	}
	assert_int_equal(kernel->calls, 2);
	sched_getaffinity(kernel->thread.tid, sizeof(after), &after);
	assert_true(CPU_EQUAL(&before, &after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leaves_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_cpu_to_go_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_says_when, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits_for_a_cpu, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asks_to_be_woken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paces_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moves_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(test_looks_at_online_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leaves_narrow_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_app_decides_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moves_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leaves_those_that_do_not_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(test_policies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thread_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_child_is_widened, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sibling_is_widened, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_child_is_widened, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_children_are_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_orphan_is_widened, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_between, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recover_hands_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recover_needs_a_move, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recover_spares_the_living, setup, teardown),
		cmocka_unit_test_setup_teardown(test_record_survives_recovery, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_record_no_move, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk_no_move, setup, teardown),
		cmocka_unit_test_setup_teardown(test_real_kernel, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
