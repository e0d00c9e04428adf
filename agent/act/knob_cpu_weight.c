/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* cpu.weight (v1: cpu.shares): the share of the CPUs that a group gets while its siblings want them as well. */
#include "act/knob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "options.h"

struct bounds {
	const char *file;
	uint64_t normal, min, max;
};

static const struct bounds bounds_v1 = { "cpu.shares", 1024, 2, 262144 };
static const struct bounds bounds_v2 = { "cpu.weight", 100, 1, 10000 };

static const struct bounds *bounds_of(const struct sys_cgroup *group)
{
	return group->v2 ? &bounds_v2 : &bounds_v1;
}

static const char *cpu_weight_file(const struct sys_cgroup *group)
{
	return bounds_of(group)->file;
}

static int cpu_weight_probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	char idle[KNOB_TEXT];
	int err;

	(void)root;
	err = knob_probe_file(group, cpu_weight_file(group), why);
	if (err)
		return err;
	/* the kernel answers a weight for an idle group with EINVAL, and what it shows there could not be written */
	if (!knob_read_line(group, "cpu.idle", idle) && idle[0] == '1') {
		snprintf(why, KNOB_WHY, "the control group is marked idle (cpu.idle), and so takes no weight");
		return -EBUSY;
	}
	return 0;
}

static int cpu_weight_read(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	return knob_read_line(group, cpu_weight_file(group), ret);
}

static int cpu_weight_parse(const struct sys_cgroup *group, const char *text, uint64_t *ret)
{
	const struct bounds *b = bounds_of(group);
	uint64_t weight;
	int err = knob_parse_number(text, b->min, b->max, &weight);

	if (err)
		return err;
	*ret = knob_weight_from_kernel(weight, b->normal);
	return 0;
}

static int cpu_weight_write(const struct sys_cgroup *group, const char *value)
{
	uint64_t unused;
	int err = cpu_weight_parse(group, value, &unused);

	return err ? err : knob_write_line(group, cpu_weight_file(group), value);
}

static int cpu_weight_format(const struct sys_cgroup *group, uint64_t value, char ret[KNOB_TEXT])
{
	const struct bounds *b = bounds_of(group);

	snprintf(ret, KNOB_TEXT, "%" PRIu64, knob_weight_to_kernel(value, b->normal, b->min, b->max));
	return 0;
}

const struct knob knob_cpu_weight = {
	.name = "cpu.weight",
	.controller = "cpu",
	.action = ACTION_CPU,
	.file = cpu_weight_file,
	.probe = cpu_weight_probe,
	.read = cpu_weight_read,
	.write = cpu_weight_write,
	.format = cpu_weight_format,
	.parse = cpu_weight_parse,
};
