/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* io.prio.class (v1: blkio.prio.class; with CONFIG_BLK_CGROUP_IOPRIO): the I/O priority of a group's requests. */
#include "act/knob.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

static const char *const classes[] = { "no-change", KNOB_IO_PRIO_FIRST, KNOB_IO_PRIO_FIRST_OLD, "restrict-to-be",
				       "idle" };

static const char *io_prio_file(const struct sys_cgroup *group)
{
	return group->v2 ? "io.prio.class" : "blkio.prio.class";
}

static int io_prio_probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	char schedulers[KNOB_TEXT];
	int err;

	err = knob_probe_file(group, io_prio_file(group), why);
	err = knob_root_tells(group, io_prio_file(group), err, why);
	if (err && err != -EACCES && err != -EOPNOTSUPP)
		return err;
	if (knob_schedulers(root, schedulers) || !schedulers[0])
		snprintf(schedulers, sizeof(schedulers), "none found");
	/* the class is put on the request: mq-deadline looks there, BFQ at the I/O context of the process instead */
	if (!knob_schedulers_have(schedulers, "mq-deadline")) {
		snprintf(why, KNOB_WHY, "no effect here: no disk uses mq-deadline (schedulers: %.150s)", schedulers);
		return -ENODEV;
	}
	return err;
}

static int io_prio_read(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	return knob_read_line(group, io_prio_file(group), ret);
}

static int io_prio_write(const struct sys_cgroup *group, const char *value)
{
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (!strcmp(classes[i], value))
			return knob_write_line(group, io_prio_file(group), value);
	}
	return -EINVAL;
}

const struct knob knob_io_prio = {
	.name = "io.prio.class",
	.controller = "io",
	.action = ACTION_IO,
	.text = true,
	.needs = "Linux 5.14 or later with CONFIG_BLK_CGROUP_IOPRIO=y",
	.file = io_prio_file,
	.probe = io_prio_probe,
	.read = io_prio_read,
	.write = io_prio_write,
};
