/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the workloads share. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "work.h"

void work_die(const char *format, ...)
{
	const char *reason = strerror(errno);
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	fprintf(stderr, ": %s\n", reason);
	va_end(args);
	exit(1);
}

static double clock_seconds(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double work_now(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

double work_cpu_thread(void)
{
	return clock_seconds(CLOCK_THREAD_CPUTIME_ID);
}

double work_cpu_process(void)
{
	return clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double work_seconds(int argc, char **argv, int index, double fallback)
{
	char *end = NULL;
	double value = fallback;

	if (index < argc) {
		value = strtod(argv[index], &end);
		if (end == argv[index] || *end || !(value > 0)) {
			errno = EINVAL;
			work_die("%s", argv[index]);
		}
	}
	return value;
}

long work_count(int argc, char **argv, int index, long fallback)
{
	return (long)work_seconds(argc, argv, index, (double)fallback);
}

static void compute(void)
{
	uint64_t x = 88172645463325252u;
	int i;

	for (i = 0; i < 5000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	__asm__ volatile("" : : "r"(x)); /* keeps the loop */
}

void work_spin(double end)
{
	while (work_now() < end)
		compute();
}

void work_burn(double cpu_seconds)
{
	double end = work_cpu_thread() + cpu_seconds;

	while (work_cpu_thread() < end)
		compute();
}

void work_sleep(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds };

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* Mapped pages are in use and stay cached: unmap them first. */
static void cold_drop(struct cold *c)
{
	size_t bytes = c->pages * WORK_PAGE;
	bool map = c->map;

	if (map)
		munmap(c->map, bytes);
	if (fdatasync(c->fd))
		work_die("fdatasync");
	errno = posix_fadvise(c->fd, 0, 0, POSIX_FADV_DONTNEED);
	if (errno)
		work_die("drop pages");
	if (map) {
		c->map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, c->fd, 0);
		if (c->map == MAP_FAILED || madvise(c->map, bytes, MADV_RANDOM))
			work_die("mmap");
	}
	c->next = 0;
}

void cold_open(struct cold *c, const char *path, bool map)
{
	struct stat st;

	c->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (c->fd < 0 || fstat(c->fd, &st))
		work_die("%s", path);
	/* a power of two, so that every odd step visits each page once */
	for (c->pages = 1; (off_t)(c->pages * 2 * WORK_PAGE) <= st.st_size;)
		c->pages *= 2;
	c->step = (size_t)((double)c->pages * 0.6180339887) | 1;
	errno = posix_fadvise(c->fd, 0, 0, POSIX_FADV_RANDOM);
	if (errno)
		work_die("%s", path);
	c->map = NULL;
	if (map) {
		c->map = mmap(NULL, c->pages * WORK_PAGE, PROT_READ, MAP_SHARED, c->fd, 0);
		if (c->map == MAP_FAILED)
			work_die("mmap %s", path);
	}
	cold_drop(c);
}

void cold_touch(struct cold *c)
{
	unsigned char page[WORK_PAGE];
	size_t index;

	if (c->next == c->pages)
		cold_drop(c);
	index = c->next++ * c->step % c->pages;
	if (c->map)
		(void)*(volatile unsigned char *)&c->map[index * WORK_PAGE];
	else if (pread(c->fd, page, sizeof(page), (off_t)(index * WORK_PAGE)) != sizeof(page))
		work_die("pread");
}

struct job {
	pthread_t id;
	long index;
	void (*body)(long index);
};

static void *job_run(void *arg)
{
	struct job *job = arg;

	job->body(job->index);
	return NULL;
}

void work_threads(long count, void (*body)(long index))
{
	struct job *jobs = calloc((size_t)count, sizeof(*jobs));
	pthread_attr_t attr;
	long i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	if (!jobs)
		work_die("threads");
	for (i = 0; i < count; i++) {
		jobs[i].index = i;
		jobs[i].body = body;
		errno = pthread_create(&jobs[i].id, &attr, job_run, &jobs[i]);
		if (errno)
			work_die("thread %ld", i);
	}
	for (i = 0; i < count; i++)
		pthread_join(jobs[i].id, NULL);
	pthread_attr_destroy(&attr);
	free(jobs);
}
