/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * mmaplock THREADS SEC: threads of one process change the protection of their own populated mappings. Each change walks
 * thousands of page table entries under the write side of the one mmap_lock, for which the other threads wait.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/work.h"

#define BYTES ((size_t)16 << 20)

static double end;

static void body(long index)
{
	char *map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)index;
	if (map == MAP_FAILED || madvise(map, BYTES, MADV_NOHUGEPAGE))
		work_die("mmap");
	memset(map, 1, BYTES);
	while (work_now() < end) {
		if (mprotect(map, BYTES, PROT_READ) || mprotect(map, BYTES, PROT_READ | PROT_WRITE))
			work_die("mprotect");
	}
}

int main(int argc, char **argv)
{
	end = work_now() + work_seconds(argc, argv, 2, 1.0);
	work_threads(work_count(argc, argv, 1, 16), body);
	printf("cpu=%.6f\n", work_cpu_process());
	return 0;
}
