/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * memhog MIB [FILE]: touches every page of so much memory, again and again, until it is killed: anonymous memory, which
 * can only go to swap, or the mapped pages of FILE (a block device will do), which the kernel may drop and read again.
 * Prints "touched" after its first pass.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096UL

int main(int argc, char **argv)
{
	volatile unsigned char *memory;
	unsigned long size, i;
	unsigned int sum = 0;
	int fd = -1;

	size = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	if (!size) {
		fprintf(stderr, "usage: memhog MIB [FILE]\n");
		return 2;
	}
	if (argc > 2) {
		fd = open(argv[2], O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			perror(argv[2]);
			return 1;
		}
	}
	memory = mmap(NULL, size, fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ,
		      fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (i = 0; fd < 0 && i < size; i += PAGE) /* no page equals another */
		*(volatile unsigned long *)(memory + i) = i * 0x9e3779b97f4a7c15UL;
	for (;;) {
		for (i = 0; i < size; i += PAGE)
			sum += memory[i];
		if (fd >= -1) {
			printf("touched %u\n", sum);
			fflush(stdout);
			fd = -2;
		}
	}
}
