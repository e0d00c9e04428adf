/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * steps STEP...: reads and writes what the steps say, in their order and without readahead:
 *
 *   r:FILE:PAGE:PAGES   read(2) so many pages
 *   m:FILE:PAGE:PAGES   touch them through a map
 *   w:FILE:BYTES        make the file, and bring it to the disk
 *   a:FILE:BYTES        append to it
 *   d:FILE              drop it from the page cache
 *   u:FILE              remove it
 *   s:MS                sleep
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct step {
	char kind;
	const char *file;
	unsigned long a, b;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The last number after a colon, which is cut off. */
static unsigned long last_number(char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		exit(2);
	*colon = '\0';
	return strtoul(colon + 1, NULL, 10);
}

static struct step parse(char *text)
{
	struct step s = { .kind = text[0], .file = text + 2 };

	if (!text[0] || text[1] != ':')
		exit(2);
	if (s.kind == 'r' || s.kind == 'm')
		s.b = last_number(text + 2);
	if (strchr("rmwa", s.kind))
		s.a = last_number(text + 2);
	return s;
}

static void read_pages(int fd, unsigned long page, unsigned long pages, size_t size)
{
	char *buffer = malloc(pages * size);

	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	if (!buffer || pread(fd, buffer, pages * size, (off_t)(page * size)) < 0)
		fail("pread");
	free(buffer);
}

static void map_pages(int fd, unsigned long page, unsigned long pages, size_t size)
{
	volatile char *map = mmap(NULL, pages * size, PROT_READ, MAP_SHARED, fd, (off_t)(page * size));
	unsigned long i;

	if (map == MAP_FAILED)
		fail("mmap");
	madvise((void *)map, pages * size, MADV_RANDOM);
	for (i = 0; i < pages; i++)
		(void)map[i * size];
	munmap((void *)map, pages * size);
}

static void write_bytes(int fd, unsigned long bytes)
{
	char *buffer = calloc(1, bytes + 1);

	if (!buffer || write(fd, buffer, bytes) != (ssize_t)bytes || fsync(fd))
		fail("write");
	free(buffer);
}

static void do_step(const struct step *s)
{
	int flags = s->kind == 'w' ? O_RDWR | O_CREAT | O_TRUNC : s->kind == 'a' ? O_WRONLY | O_APPEND : O_RDONLY;
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int fd;

	if (s->kind == 's') {
		usleep((useconds_t)atoi(s->file) * 1000);
		return;
	}
	if (s->kind == 'u') {
		unlink(s->file);
		return;
	}
	fd = open(s->file, flags | O_CLOEXEC, 0644);
	if (fd < 0)
		fail(s->file);
	if (s->kind == 'r')
		read_pages(fd, s->a, s->b, size);
	else if (s->kind == 'm')
		map_pages(fd, s->a, s->b, size);
	else if (s->kind == 'd')
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	else
		write_bytes(fd, s->a);
	close(fd);
}

int main(int argc, char **argv)
{
	struct step s;
	int i;

	for (i = 1; i < argc; i++) {
		s = parse(argv[i]);
		do_step(&s);
	}
	return 0;
}
