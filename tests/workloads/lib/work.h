/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the workloads share: arguments, clocks, pure CPU work, cold files, threads. */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WORK_PAGE 4096

/* Prints "NAME: message: errno" to stderr and exits with status 1. */
void work_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Seconds on the monotonic clock; CPU seconds of this thread; CPU seconds of this process. */
double work_now(void);
double work_cpu_thread(void);
double work_cpu_process(void);

/* argv[index] as a positive number, or fallback where there is no such argument. Exits on anything else. */
double work_seconds(int argc, char **argv, int index, double fallback);
long work_count(int argc, char **argv, int index, long fallback);

/* Computes, without a system call but the clock's, until work_now() reaches end. */
void work_spin(double end);
/* Computes for so many seconds of this thread's CPU time. */
void work_burn(double cpu_seconds);
/* Sleeps on a timer. */
void work_sleep(double seconds);

/* A file of which the page cache holds nothing; pages are handed out in an order that read-ahead cannot guess. */
struct cold {
	int fd;
	size_t pages;
	size_t next; /* how many pages were handed out since the cache was last dropped */
	size_t step; /* odd, about 0.618 of the pages: page i is i * step modulo the pages */
	unsigned char *map; /* NULL: read with pread */
};

/* Opens path and drops its pages from the cache. Exits on failure. */
void cold_open(struct cold *c, const char *path, bool map);
/* Reads one byte or one page that is not in the cache; drops the whole file again after each pass. */
void cold_touch(struct cold *c);

/* Runs body(index) in so many threads with small stacks and waits for all of them. */
void work_threads(long count, void (*body)(long index));

#endif /* WORK_H */
