/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* coldread FILE SEC: one thread reads pages that the page cache does not have. Prints how many. */
#include <stdio.h>

#include "lib/work.h"

int main(int argc, char **argv)
{
	unsigned long reads = 0;
	struct cold cold;
	double end;

	if (argc < 2)
		return 2;
	cold_open(&cold, argv[1], false);
	end = work_now() + work_seconds(argc, argv, 2, 1.0);
	for (; work_now() < end; reads++)
		cold_touch(&cold);
	printf("reads=%lu cpu=%.6f\n", reads, work_cpu_process());
	return 0;
}
