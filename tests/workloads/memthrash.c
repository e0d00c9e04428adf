/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * memthrash FILE SEC [PAUSE_US]: reads random pages of a file, with a pause after each. Run in a memory cgroup a little
 * smaller than the file: what is evicted is needed again soon. (In a fixed order each page would be evicted just before
 * its turn, and the kernel would take the file for a stream that is used once; through a mapping it would notice the
 * second use only when it looks for victims.)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/work.h"

int main(int argc, char **argv)
{
	unsigned char page[WORK_PAGE];
	unsigned long reads = 0;
	struct stat st;
	uint64_t x = 88172645463325252u;
	size_t pages;
	useconds_t pause_us = (useconds_t)work_count(argc, argv, 3, 0);
	double end;
	int fd;

	if (argc < 2)
		return 2;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		work_die("%s", argv[1]);
	/* pages that somebody else brought in are charged to somebody else */
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (errno)
		work_die("drop pages");
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	if (errno)
		work_die("%s", argv[1]);
	pages = (size_t)st.st_size / WORK_PAGE;
	end = work_now() + work_seconds(argc, argv, 2, 1.0);
	while (work_now() < end) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (pread(fd, page, sizeof(page), (off_t)(x % pages * WORK_PAGE)) != sizeof(page))
			work_die("pread");
		reads++;
		if (pause_us)
			usleep(pause_us);
	}
	printf("reads=%lu cpu=%.6f\n", reads, work_cpu_process());
	return 0;
}
