/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* coldmmap FILE SEC: one thread touches mapped pages that the page cache does not have. Prints how many. */
#include <stdio.h>
#include <sys/resource.h>

#include "lib/work.h"

int main(int argc, char **argv)
{
	struct rusage usage;
	struct cold cold;
	double end;

	if (argc < 2)
		return 2;
	cold_open(&cold, argv[1], true);
	end = work_now() + work_seconds(argc, argv, 2, 1.0);
	while (work_now() < end)
		cold_touch(&cold);
	getrusage(RUSAGE_SELF, &usage);
	printf("faults=%ld cpu=%.6f\n", usage.ru_majflt, work_cpu_process());
	return 0;
}
