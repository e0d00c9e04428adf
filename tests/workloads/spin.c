/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * spin THREADS SEC [NAP]: CPU work in so many threads; with NAP, each sleeps so many seconds after 20 ms. Prints its CPU
 * seconds.
 */
#include <stdio.h>

#include "lib/work.h"

#define TURN 0.02

static double end, nap;

static void body(long index)
{
	(void)index;
	for (; nap > 0 && work_now() + TURN < end; work_sleep(nap))
		work_spin(work_now() + TURN);
	work_spin(end);
}

int main(int argc, char **argv)
{
	long threads = work_count(argc, argv, 1, 1);

	end = work_now() + work_seconds(argc, argv, 2, 1.0);
	nap = work_seconds(argc, argv, 3, 0);
	if (threads == 1)
		body(0);
	else
		work_threads(threads, body);
	printf("cpu=%.6f\n", work_cpu_process());
	return 0;
}
