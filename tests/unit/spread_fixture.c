/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* In the place of the kernel: the affinity of threads, and what /proc says of them. */
#include "tests/unit/spread_fixture.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/process.h"

struct fake_kernel *kernel;

static struct fake_thread *find_thread(pid_t tid)
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
	const struct fake_thread *t = find_thread(tid);
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
	struct fake_thread *t = find_thread(tid);

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
	const struct fake_thread *t = find_thread(tid);

	errno = ESRCH;
	return t ? t->policy : -1;
}

static const char *root; /* of the fixture, for what happens between the calls */

void put(const char *path, const char *text)
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

void put_stat_group(pid_t tid, pid_t parent, pid_t group, char state, unsigned int cpu)
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

void put_stat(pid_t tid, pid_t parent, char state, unsigned int cpu)
{
	put_stat_group(tid, parent, 77, state, cpu);
}

void put_newest_pid(pid_t pid)
{
	char text[64];

	snprintf(text, sizeof(text), "0.00 0.01 0.05 1/100 %d\n", pid);
	put("/proc/loadavg", text);
}

int spread_setup(void **state)
{
	struct spread_fixture *f = calloc(1, sizeof(*f));
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
	kernel->thread = (struct fake_thread){ .tid = tid, .user_mask = EVERYWHERE };
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

int spread_teardown(void **state)
{
	struct spread_fixture *f = *state;
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

unsigned int step(struct spread_fixture *f, uint64_t now_ns)
{
	return spread_step(f->spread, 1 << 3, now_ns);
}
