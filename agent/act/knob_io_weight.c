/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * io.weight: the share of a disk that a group gets while others want it as well. Two mechanisms heed one, each its own
 * file: iocost (v2 only) io.weight, the BFQ scheduler io.bfq.weight and, in v1, blkio.bfq.weight.
 */
#include "act/knob.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define NORMAL 100
#define MAX_IOCOST 10000
#define MAX_BFQ 1000
#define QOS_MAX_BYTES 65536 /* a line a disk */

/* Whether iocost works on any disk: "8:16 enable=1 ctrl=auto ..." in a file that only the root of the hierarchy has. */
static bool uses_iocost(const struct sys_cgroup *group)
{
	cleanup_free char *text = NULL;
	struct span rest, line, word;
	char path[PATH_MAX];

	if (!group->v2 || group->mount_len >= sizeof(path))
		return false;
	if (sys_path(path, sizeof(path), "", "%.*s/io.cost.qos", (int)group->mount_len, group->directory) ||
	    sys_read("", path, QOS_MAX_BYTES, &text, &rest.len))
		return false;
	rest.text = text;
	while (span_next(&rest, '\n', &line)) {
		while (span_next_word(&line, &word)) {
			if (span_equals(word, "enable=1"))
				return true;
		}
	}
	return false;
}

static const char *io_weight_file(const struct sys_cgroup *group)
{
	if (!group->v2)
		return "blkio.bfq.weight";
	return !uses_iocost(group) && knob_has_file(group, "io.bfq.weight") ? "io.bfq.weight" : "io.weight";
}

static int io_weight_probe(const char *root, const struct sys_cgroup *group, char why[KNOB_WHY])
{
	const char *file = io_weight_file(group), *also = group->v2 ? ", and iocost is not enabled" : "";
	char schedulers[KNOB_TEXT];
	int err;

	/* a root, or a group without the controller, still tells whether it would have an effect below, or with it */
	err = knob_probe_file(group, file, why);
	if ((err && err != -EACCES && err != -EOPNOTSUPP) || uses_iocost(group))
		return err;
	if (knob_schedulers(root, schedulers) || !schedulers[0])
		snprintf(schedulers, sizeof(schedulers), "none found");
	if (!knob_schedulers_have(schedulers, "bfq")) {
		snprintf(why, KNOB_WHY, "no effect here: no disk uses BFQ%s (schedulers: %.150s)", also, schedulers);
		return -ENODEV;
	}
	if (!err && !strcmp(file, "io.weight")) {
		snprintf(why, KNOB_WHY, "no effect here: BFQ has no weights for control groups in this kernel%s", also);
		return -ENODEV;
	}
	return err;
}

/* The first line of v2's files is "default 100"; more follow for disks with a weight of their own, which stay. */
static int io_weight_read(const struct sys_cgroup *group, char ret[KNOB_TEXT])
{
	return knob_read_line(group, io_weight_file(group), ret);
}

static uint64_t max_of(const char *file)
{
	return strcmp(file, "io.weight") ? MAX_BFQ : MAX_IOCOST;
}

static int parse_weight(const struct sys_cgroup *group, const char *file, const char *text, uint64_t *ret)
{
	static const char prefix[] = "default ";

	if (group->v2 && !strncmp(text, prefix, strlen(prefix)))
		text += strlen(prefix);
	return knob_parse_number(text, 1, max_of(file), ret);
}

static int io_weight_parse(const struct sys_cgroup *group, const char *text, uint64_t *ret)
{
	uint64_t weight;
	int err = parse_weight(group, io_weight_file(group), text, &weight);

	if (err)
		return err;
	*ret = knob_weight_from_kernel(weight, NORMAL);
	return 0;
}

static int io_weight_write(const struct sys_cgroup *group, const char *value)
{
	const char *file = io_weight_file(group);
	uint64_t unused;
	int err = parse_weight(group, file, value, &unused);

	return err ? err : knob_write_line(group, file, value);
}

static int io_weight_format(const struct sys_cgroup *group, uint64_t value, char ret[KNOB_TEXT])
{
	uint64_t max = max_of(io_weight_file(group));

	snprintf(ret, KNOB_TEXT, "%s%" PRIu64, group->v2 ? "default " : "",
		 knob_weight_to_kernel(value, NORMAL, 1, max));
	return 0;
}

const struct knob knob_io_weight = {
	.name = "io.weight",
	.controller = "io",
	.action = ACTION_IO,
	.needs = "CONFIG_BLK_CGROUP_IOCOST=y, or BFQ with CONFIG_BFQ_GROUP_IOSCHED=y",
	.file = io_weight_file,
	.probe = io_weight_probe,
	.read = io_weight_read,
	.write = io_weight_write,
	.format = io_weight_format,
	.parse = io_weight_parse,
};
