// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Looks at pages of a file that is in memory, for some seconds, and prints what one look takes, in ns: at first, and in the
 * second half of that time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define BATCH 512 /* looks between two looks at the clock */
#define BATCHES_MAX 1000000
#define AROUND 16 /* pages that one fault maps */

struct looks {
	int fd;
	uint64_t pages;
	uint64_t at; /* the next one, or what the next random one comes from */
	volatile char *map; /* of the whole file; NULL: not mapped at present */
};

static void fail(const char *what)
{
	fprintf(stderr, "use: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void read_page(const struct looks *l, uint64_t page)
{
	char buffer[PAGE];

	if (pread(l->fd, buffer, sizeof(buffer), (off_t)(page * PAGE)) < 0)
		fail("read");
}

static void look_hot(struct looks *l)
{
	read_page(l, 0);
}

static void look_sequential(struct looks *l)
{
	read_page(l, l->at++ % l->pages);
}

static void look_random(struct looks *l)
{
	l->at ^= l->at << 13;
	l->at ^= l->at >> 7;
	l->at ^= l->at << 17;
	read_page(l, l->at % l->pages);
}

/* Each look is a fault: never two in what one maps, and a new map when the file is through. */
static void look_fault(struct looks *l)
{
	size_t bytes = l->pages * PAGE;

	if (l->at + AROUND > l->pages || !l->map) {
		if (l->map)
			munmap((void *)l->map, bytes);
		l->map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, l->fd, 0);
		if (l->map == MAP_FAILED)
			fail("mmap");
		l->at = 0;
	}
	(void)l->map[l->at * PAGE];
	l->at += AROUND;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nanoseconds of one look: the mean of all batches but the slowest and the fastest tenth, in which others had the CPU. */
static double look_for(struct looks *l, void (*look)(struct looks *), double seconds)
{
	static double batch[BATCHES_MAX];
	double end = now() + seconds, began = 0, sum = 0;
	size_t n = 0, i;

	while (n < BATCHES_MAX && began < end) {
		began = now();
		for (i = 0; i < BATCH; i++)
			look(l);
		batch[n++] = (now() - began) * 1e9 / BATCH;
	}
	qsort(batch, n, sizeof(*batch), by_value);
	for (i = n / 10; i < n - n / 10; i++)
		sum += batch[i];
	return sum / (double)(n - n / 10 * 2);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*look)(struct looks *);
	} patterns[] = {
		{ "hot", look_hot },
		{ "sequential", look_sequential },
		{ "random", look_random },
		{ "fault", look_fault },
	};
	struct looks l = { .at = 88172645463325252 };
	double seconds, first;
	struct stat st;
	size_t i;

	if (argc != 4) {
		fprintf(stderr, "usage: use PATTERN FILE SECONDS\n");
		return 2;
	}
	l.fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (l.fd < 0 || fstat(l.fd, &st))
		fail(argv[2]);
	l.pages = (uint64_t)st.st_size / PAGE;
	seconds = atof(argv[3]);
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (strcmp(patterns[i].name, argv[1]) != 0)
			continue;
		look_for(&l, patterns[i].look, seconds * 0.05); /* until the agent has done what it does at a start */
		first = look_for(&l, patterns[i].look, seconds * 0.15);
		look_for(&l, patterns[i].look, seconds * 0.30);
		printf("%.1f %.1f\n", first, look_for(&l, patterns[i].look, seconds * 0.50));
		return 0;
	}
	fprintf(stderr, "use: unknown pattern '%s'\n", argv[1]);
	return 2;
}
