/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Spreading, as a knob: off until the agent does it, and off again when it ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/knob.h"
#include "options.h"

#define INIT_PID_NS_INO 0xeffffffcU /* PROC_PID_INIT_INO: fixed in the kernel's include/linux/proc_ns.h */

static const char *file(const struct sys_cgroup *group)
{
	(void)group;
	return "spread";
}

/* The kernel side knows threads by their number in the first pid namespace. */
static int probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	struct stat ns;

	(void)root, (void)group;
	if (!stat("/proc/self/ns/pid", &ns) && ns.st_ino == INIT_PID_NS_INO)
		return 0;
	snprintf(why, KNOB_WHY, "in a pid namespace of its own the agent cannot name the threads that the kernel sees");
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
