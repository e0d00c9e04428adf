/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* memory.soft_limit_in_bytes (v1): reclaim comes first for the groups that are furthest above theirs. */
#include "act/knob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "options.h"

static const char *memory_soft_limit_file(const struct sys_cgroup *group)
{
	(void)group;
	return "memory.soft_limit_in_bytes";
}

static int memory_soft_limit_probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	(void)root;
	if (group->v2)
		return knob_other_version(group, memory_soft_limit_file(group), why);
	return knob_root_tells(group, memory_soft_limit_file(group),
			       knob_probe_file(group, memory_soft_limit_file(group), why), why);
}

static int memory_soft_limit_read(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	return knob_read_line(group, memory_soft_limit_file(group), ret);
}

static int memory_soft_limit_parse(const struct sys_cgroup *group, const char *text, uint64_t *ret)
{
	const uint64_t unlimited = knob_page_floor(UINT64_MAX);
	uint64_t bytes;
	int err;

	(void)group;
	err = knob_parse_number(text, 0, unlimited, &bytes);
	if (err)
		return err;
	*ret = bytes < unlimited ? bytes : UINT64_MAX;
	return 0;
}

static int memory_soft_limit_write(const struct sys_cgroup *group, const char *value)
{
	uint64_t unused;
	int err = memory_soft_limit_parse(group, value, &unused);

	return err ? err : knob_write_line(group, memory_soft_limit_file(group), value);
}

static int memory_soft_limit_format(const struct sys_cgroup *group, uint64_t value, char ret[KNOB_TEXT])
{
	(void)group;
	snprintf(ret, KNOB_TEXT, "%" PRIu64, knob_page_floor(value));
	return 0;
}

const struct knob knob_memory_soft_limit = {
	.name = "memory.soft_limit_in_bytes",
	.controller = "memory",
	.action = ACTION_MEMORY,
	.lowers = true,
	.needs = "a kernel without CONFIG_PREEMPT_RT",
	.only_v1 = "memory.low and memory.reclaim",
	.file = memory_soft_limit_file,
	.probe = memory_soft_limit_probe,
	.read = memory_soft_limit_read,
	.write = memory_soft_limit_write,
	.format = memory_soft_limit_format,
	.parse = memory_soft_limit_parse,
};
