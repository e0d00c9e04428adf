/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* memory.low (v2): memory that reclaim leaves to a group as long as it finds any elsewhere. */
#include "act/knob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

static const char *memory_low_file(const struct sys_cgroup *group)
{
	(void)group;
	return "memory.low";
}

static int memory_low_probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	(void)root;
	if (!group->v2)
		return knob_other_version(group, memory_low_file(group), why);
	return knob_probe_file(group, memory_low_file(group), why);
}

static int memory_low_read(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	return knob_read_line(group, memory_low_file(group), ret);
}

static int memory_low_parse(const struct sys_cgroup *group, const char *text, uint64_t *ret)
{
	(void)group;
	if (!strcmp(text, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return knob_parse_number(text, 0, knob_page_floor(UINT64_MAX), ret);
}

static int memory_low_write(const struct sys_cgroup *group, const char *value)
{
	uint64_t unused;
	int err = memory_low_parse(group, value, &unused);

	return err ? err : knob_write_line(group, memory_low_file(group), value);
}

static int memory_low_format(const struct sys_cgroup *group, uint64_t value, char ret[KNOB_TEXT])
{
	uint64_t bytes = knob_page_floor(value);

	(void)group;
	/* the largest number that a counter holds is shown as "max", however it came there */
	if (bytes == knob_page_floor(UINT64_MAX))
		snprintf(ret, KNOB_TEXT, "max");
	else
		snprintf(ret, KNOB_TEXT, "%" PRIu64, bytes);
	return 0;
}

const struct knob knob_memory_low = {
	.name = "memory.low",
	.controller = "memory",
	.action = ACTION_MEMORY,
	.only_v2 = "memory.soft_limit_in_bytes",
	.file = memory_low_file,
	.probe = memory_low_probe,
	.read = memory_low_read,
	.write = memory_low_write,
	.format = memory_low_format,
	.parse = memory_low_parse,
};
