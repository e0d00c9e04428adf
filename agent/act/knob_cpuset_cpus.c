/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* cpuset.cpus: the CPUs that a group may run on, as a list. */
#include "act/knob.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "sys/machine.h"
#include "sys/root.h"
#include "util/cleanup.h"

#define LIST_MAX_BYTES 65536 /* every other one of SYS_MAX_CPUS */

static const char *cpuset_cpus_file(const struct sys_cgroup *group)
{
	(void)group; /* the same in v1 and v2 */
	return "cpuset.cpus";
}

static int cpuset_cpus_probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	char mems[KNOB_TEXT];
	int err;

	(void)root;
	err = knob_probe_file(group, cpuset_cpus_file(group), why);
	if (err || group->v2)
		return err;
	/* v1 starts a group with both sets empty, and keeps processes out (ENOSPC) until both are filled */
	err = knob_read_line(group, "cpuset.mems", mems);
	if (!err && !mems[0]) {
		snprintf(why, KNOB_WHY, "no process can be in this control group: its cpuset.mems is empty");
		return -EBUSY;
	}
	return err && err != -EFBIG ? knob_refusal(err, "cpuset.mems", why) : 0;
}

static int cpuset_cpus_read(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	return knob_read_line(group, cpuset_cpus_file(group), ret);
}

static int cpuset_cpus_write(const struct sys_cgroup *group, const char *value)
{
	struct sys_cpu_set set;

	if (sys_cpu_list_parse(value, strlen(value), &set))
		return -EINVAL;
	return knob_write_line(group, cpuset_cpus_file(group), value);
}

int knob_cpuset_effective(const struct sys_cgroup *group, struct sys_cpu_set *ret)
{
	cleanup_free char *text = NULL;
	char path[PATH_MAX];
	size_t len;
	int err;

	err = sys_path(path, sizeof(path), group->directory, "/%s",
		       group->v2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus");
	if (!err)
		err = sys_read("", path, LIST_MAX_BYTES, &text, &len);
	return err ? err : sys_cpu_list_parse(text, len, ret);
}

const struct knob knob_cpuset_cpus = {
	.name = "cpuset.cpus",
	.controller = "cpuset",
	.action = ACTION_CPU,
	.text = true,
	.file = cpuset_cpus_file,
	.probe = cpuset_cpus_probe,
	.read = cpuset_cpus_read,
	.write = cpuset_cpus_write,
};
