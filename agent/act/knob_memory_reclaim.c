/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* memory.reclaim (v2, since 5.19): takes this much memory from a group now. */
#include "act/knob.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "options.h"

static const char *memory_reclaim_file(const struct sys_cgroup *group)
{
	(void)group;
	return "memory.reclaim";
}

static int memory_reclaim_probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	(void)root;
	if (!group->v2)
		return knob_other_version(group, memory_reclaim_file(group), why);
	return knob_root_tells(group, memory_reclaim_file(group),
			       knob_probe_file(group, memory_reclaim_file(group), why), why);
}

static int memory_reclaim_read(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	(void)group;
	(void)ret;
	return -ENODATA; /* the file is for writing only */
}

static int memory_reclaim_parse(const struct sys_cgroup *group, const char *text, uint64_t *ret)
{
	(void)group;
	/* nothing but a number: older kernels take an empty line for all that the group has */
	return knob_parse_number(text, 1, knob_page_floor(UINT64_MAX), ret);
}

static int memory_reclaim_write(const struct sys_cgroup *group, const char *value)
{
	uint64_t unused;
	int err = memory_reclaim_parse(group, value, &unused);

	if (err)
		return err;
	err = knob_write_line(group, memory_reclaim_file(group), value);
	/* less was there to be taken, or a signal came first: what was taken is taken */
	return err == -EAGAIN || err == -EINTR ? 0 : err;
}

static int memory_reclaim_format(const struct sys_cgroup *group, uint64_t value, char ret[KNOB_TEXT])
{
	uint64_t bytes = knob_page_floor(value);

	(void)group;
	if (!bytes || bytes == knob_page_floor(UINT64_MAX))
		return -ERANGE;
	snprintf(ret, KNOB_TEXT, "%" PRIu64, bytes);
	return 0;
}

const struct knob knob_memory_reclaim = {
	.name = "memory.reclaim",
	.controller = "memory",
	.action = ACTION_MEMORY,
	.one_shot = true,
	.needs = "Linux 5.19 or later",
	.only_v2 = "memory.soft_limit_in_bytes",
	.file = memory_reclaim_file,
	.probe = memory_reclaim_probe,
	.read = memory_reclaim_read,
	.write = memory_reclaim_write,
	.format = memory_reclaim_format,
	.parse = memory_reclaim_parse,
};
