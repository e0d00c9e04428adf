/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Spreading, as a knob: off until the agent does it, and off again when it ends. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/knob.h"
#include "options.h"
#include "util/cleanup.h"

static const char *file(const struct sys_cgroup *group)
{
	(void)group;
	return "spread";
}

/*
 * Whether /proc is of our own pid namespace: it tells our number there and in each namespace from there down to our own.
 */
static bool proc_is_ours(void)
{
	cleanup_file FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	int numbers[2];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "NSpid:", 6))
			return sscanf(line + 6, "%d %d", &numbers[0], &numbers[1]) == 1;
	return false;
}

/* Containers may have a file of somebody else's in its place (lxcfs), who numbers processes in another way. */
static bool loadavg_is_the_kernels(void)
{
	struct stat proc, loadavg;

	return !stat("/proc/self", &proc) && !stat("/proc/loadavg", &loadavg) && proc.st_dev == loadavg.st_dev;
}

/* Threads are moved by the numbers of our own pid namespace, and looked at in /proc. */
static int probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	(void)root, (void)group;
	if (proc_is_ours() && loadavg_is_the_kernels())
		return 0;
	snprintf(why, KNOB_WHY, "/proc, or loadavg in it, does not number processes as the agent's pid namespace does");
	return -ENODEV;
}

static int read_value(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	(void)group;
	snprintf(ret, KNOB_TEXT, "off");
	return 0;
}

const struct knob knob_spread = {
	.name = "spread",
	.controller = "cpu",
	.action = ACTION_CPU,
	.text = true,
	.internal = true,
	.file = file,
	.probe = probe,
	.read = read_value,
};
