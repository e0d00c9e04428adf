/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What could be changed for an app that ran where we do: the same questions that the governor asks, nothing is made. */
#include "doctor/checks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/knob.h"
#include "act/place.h"
#include "options.h"

static bool only_us(void *context, pid_t pid)
{
	(void)context;
	return pid == getpid();
}

static int find(const char *root, const struct config *config, const char *controller, struct place *ret,
		char why[PLACE_WHY])
{
	const struct place_rules rules = { .root = root,
					   .cgroup_root = config->cgroup_root,
					   .kubepods = config->kubepods };

	return place_find(&rules, controller, getpid(), "doctor", only_us, NULL, ret, why);
}

static void check_group(struct findings *f, const char *root, const struct config *config)
{
	struct place place;
	char why[PLACE_WHY] = "";

	if (find(root, config, "cpu", &place, why))
		findings_missing(f, FINDING_PART, "control group", "%s: apps are reported on, and not weighted", why);
	else if (place.ours)
		findings_ok(f, "control group", "an app gets one of its own %s %s",
			    place.group.v2 && sys_cgroup_name(&place.home)[1] ? "beside" : "below",
			    sys_cgroup_name(&place.home));
	else
		findings_ok(f, "control group", "%s has nobody else in it", sys_cgroup_name(&place.home));
}

/* The group where we are stands for the app's. A group of ours would have every file that its hierarchy has. */
static void check_knob(struct findings *f, const char *root, const struct config *config, const struct knob *knob)
{
	struct place place;
	char why[KNOB_WHY > PLACE_WHY ? KNOB_WHY : PLACE_WHY] = "";
	const char *name = knob->name;
	int err = find(root, config, knob->controller, &place, why);
	bool found = !err;

	if (found) {
		name = knob->file(&place.home);
		err = knob->probe(root, &place.home, why);
	}
	if (!err)
		findings_ok(f, name, "can be set in %s", sys_cgroup_name(&place.home));
	else if (found &&
		 (err == -EACCES || err == -EBUSY)) /* of this group; and not of one that is made for the app */
		findings_ok(f, name, "not in %s, but in a group of the app's if the kernel has it there",
			    sys_cgroup_name(&place.home));
	else
		findings_missing(f, FINDING_PART, name, "%s", why);
}

void check_acting(struct findings *f, const char *root, const struct config *config)
{
	size_t i;

	findings_group(f, "Acting");
	check_group(f, root, config);
	for (i = 0; knobs[i]; i++)
		check_knob(f, root, config, knobs[i]);
}
