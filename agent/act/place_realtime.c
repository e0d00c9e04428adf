/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Realtime in groups of ours, where the kernel gives each v1 group a share of its own (CONFIG_RT_GROUP_SCHED). */
#include "act/place_realtime.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sys/cgroup_tree.h"
#include "util/log.h"
#include "util/parse.h"

#define RUNTIME "cpu.rt_runtime_us" /* in each period; "-1": all of it */
#define PERIOD "cpu.rt_period_us"
#define UNLIMITED "-1"
#define LEAST_US 1000

static int read_us(int dirfd, const char *file, uint64_t *ret)
{
	char text[32];
	int err = sys_cgroup_line(dirfd, file, text, sizeof(text));

	if (!err && !strcmp(text, UNLIMITED))
		*ret = UINT64_MAX;
	else if (!err)
		err = parse_u64((struct span){ text, strlen(text) }, INT64_MAX, ret);
	return err;
}

static int write_us(int dirfd, const char *file, uint64_t us)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)us);
	return sys_cgroup_write(dirfd, file, text);
}

double place_realtime_share(int group)
{
	uint64_t runtime, period;

	if (read_us(group, RUNTIME, &runtime) || read_us(group, PERIOD, &period) || runtime >= period)
		return 1;
	return (double)runtime / (double)period;
}

void place_realtime(int home, int group)
{
	uint64_t runtime, period, given, share;
	int err;

	if (read_us(home, RUNTIME, &runtime) || read_us(home, PERIOD, &period) || read_us(group, RUNTIME, &given))
		return;
	if (!runtime || given)
		return;
	if (runtime > period)
		runtime = period;
	err = write_us(group, PERIOD, period);
	/* the groups below home may together have no more than home: -EINVAL, as long as it is too much */
	for (share = runtime / 2; !err && share >= LEAST_US; share /= 2) {
		err = write_us(group, RUNTIME, share);
		if (!err)
			return;
		if (err == -EINVAL)
			err = 0;
	}
	log_debug("the new group has no realtime share: %s", err ? strerror(-err) : "none is left");
}
