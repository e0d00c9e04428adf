/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Spreading, as a knob: off until the agent does it, and off again when it ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/knob.h"
#include "options.h"

static const char *file(const struct sys_cgroup *group)
{
	(void)group;
	return "spread";
}

/* Threads are moved by the numbers of our own pid namespace, and looked at in /proc, which may be mounted for another. */
static int probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	char self[16], own[16];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	(void)root, (void)group;
	self[n > 0 ? n : 0] = 0;
	snprintf(own, sizeof(own), "%d", getpid());
	if (!strcmp(self, own))
		return 0;
	snprintf(why, KNOB_WHY, "/proc is of another pid namespace than the agent, which cannot look at threads there");
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
