/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* cpu.idle (v1 and v2, since 5.15): a group that runs only on what CPU time nobody else wants. */
#include "act/knob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

static const char *cpu_idle_file(const struct sys_cgroup *group)
{
	(void)group; /* the same in v1 and v2 */
	return "cpu.idle";
}

static int cpu_idle_read(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	return knob_read_line(group, cpu_idle_file(group), ret);
}

static int cpu_idle_probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	const char *file = knob_cpu_weight.file(group);
	char idle[KNOB_TEXT], text[KNOB_TEXT];
	uint64_t weight;
	int err;

	(void)root;
	err = knob_probe_file(group, cpu_idle_file(group), why);
	if (!group->v2)
		err = knob_root_tells(group, cpu_idle_file(group), err, why);
	if (err)
		return err;
	/*
	 * sched_group_set_idle() forgets the weight: back at 0, the group has the default, whatever it had before. A
	 * group that is idle already has nothing left to lose.
	 */
	if (!cpu_idle_read(group, idle) && !strcmp(idle, "1"))
		return 0;
	err = knob_cpu_weight.read(group, text);
	if (!err)
		err = knob_cpu_weight.parse(group, text, &weight);
	if (err) {
		snprintf(why, KNOB_WHY, "%s, which cpu.idle changes as well, cannot be read: %s", file, strerror(-err));
		return -EBUSY;
	}
	if (strcmp(text, group->v2 ? "100" : "1024")) {
		snprintf(why, KNOB_WHY, "its %s of %.32s would be lost: the kernel forgets it with cpu.idle", file,
			 text);
		return -EBUSY;
	}
	return 0;
}

static int cpu_idle_parse(const struct sys_cgroup *group, const char *text, uint64_t *ret)
{
	(void)group;
	return knob_parse_number(text, 0, 1, ret);
}

static int cpu_idle_write(const struct sys_cgroup *group, const char *value)
{
	uint64_t unused;
	int err = cpu_idle_parse(group, value, &unused);

	return err ? err : knob_write_line(group, cpu_idle_file(group), value);
}

static int cpu_idle_format(const struct sys_cgroup *group, uint64_t value, char ret[KNOB_TEXT])
{
	(void)group;
	if (value > 1)
		return -ERANGE;
	snprintf(ret, KNOB_TEXT, "%" PRIu64, value);
	return 0;
}

const struct knob knob_cpu_idle = {
	.name = "cpu.idle",
	.controller = "cpu",
	.action = ACTION_CPU,
	.needs = "Linux 5.15 or later",
	.file = cpu_idle_file,
	.probe = cpu_idle_probe,
	.read = cpu_idle_read,
	.write = cpu_idle_write,
	.format = cpu_idle_format,
	.parse = cpu_idle_parse,
};
