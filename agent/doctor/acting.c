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
#include "sys/cgroup_tree.h"
#include "util/cleanup.h"

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

/* A group that has the files which one of the app's would have: anyone's, but not the root of the hierarchy. */
struct sample {
	const char *controller;
	struct sys_cgroup *group;
};

static int take_sample(void *context, int dirfd, const char *name)
{
	struct sample *sample = context;
	struct sys_cgroup *group = sample->group;
	char link[64];
	bool root, given = true;
	ssize_t len;
	int err = sys_cgroup_is_root(dirfd, group->v2, &root);

	(void)name;
	if (!err && group->v2)
		err = sys_cgroup_lists(dirfd, "cgroup.controllers", sample->controller, &given);
	if (err || root)
		return 0;
	if (!given)
		return SYS_CGROUP_SKIP; /* nor has any group below it */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	len = readlink(link, group->directory, sizeof(group->directory) - 1);
	if (len < 0)
		return 0;
	group->directory[len] = '\0';
	return -EEXIST; /* one is enough */
}

/* Home if it will do, else the first other one that does: whoever looks after control groups has some. */
static bool find_sample(const struct place *place, const char *controller, struct sys_cgroup *ret)
{
	struct sys_cgroup group = place->home;
	struct sample sample = { .controller = controller, .group = &group };
	cleanup_close int home = sys_cgroup_open(&place->home), top = -1;

	if (home >= 0 && take_sample(&sample, home, "") == -EEXIST) {
		*ret = place->home;
		return true;
	}
	group = place->home;
	group.id = 0;
	group.directory[group.mount_len] = '\0';
	top = sys_cgroup_open(&group);
	if (top < 0 || sys_cgroup_walk(top, take_sample, &sample) != -EEXIST)
		return false;
	*ret = group;
	return true;
}

static void say_lacking(struct findings *f, const struct knob *knob, const char *name, int err, const char *why)
{
	if (err == -ENOENT && knob->needs)
		findings_missing(f, FINDING_PART, name, "%s: needs %s", why, knob->needs);
	else
		findings_missing(f, FINDING_PART, name, "%s", why);
}

/* In the root of a hierarchy, where nobody has made a group so far: some files can be seen there, some cannot. */
static void say_of_root(struct findings *f, const struct knob *knob, const struct sys_cgroup *root, const char *name)
{
	if (!knob->needs || knob_has_file(root, name))
		findings_ok(f, name, "can be set in a group of the app's");
	else
		findings_unknown(f, name, "this kernel shows it in no group yet: an app's own group has it with %s",
				 knob->needs);
}

/* What can be set for an app that is where we are. */
static void check_setting(struct findings *f, const char *root, const struct knob *knob, const struct place *place)
{
	struct sys_cgroup group = place->home;
	bool sampled = find_sample(place, knob->controller, &group);
	char why[KNOB_WHY] = "";
	const char *name = knob->file(&group);
	int err = knob->probe(root, &group, why);

	if (!err && !place->ours)
		findings_ok(f, name, "can be set in %s", sys_cgroup_name(&place->home));
	else if (!err || (err == -EBUSY && place->ours)) /* what is in the way is so of the group that was looked at */
		findings_ok(f, name, "can be set in a group of the app's");
	else if (err == -EACCES && !sampled)
		say_of_root(f, knob, &group, name);
	else
		say_lacking(f, knob, name, err, why);
}

static void check_knob(struct findings *f, const char *root, const struct config *config, const struct knob *knob)
{
	struct place place;
	char why[PLACE_WHY] = "";

	int err = find(root, config, knob->controller, &place, why);

	if (err == -ENOENT)
		findings_missing(f, FINDING_PART, knob->name,
				 "%s: needs it mounted, with cgroup2 where the kernel has it for that only", why);
	else if (err)
		findings_missing(f, FINDING_PART, knob->name, "%s", why);
	else if (place.home.v2 && knob->only_v1)
		findings_elsewhere(f, knob->name, "of cgroup v1: v2 has %s for that", knob->only_v1);
	else if (!place.home.v2 && knob->only_v2)
		findings_elsewhere(f, knob->name, "of cgroup v2: v1 has %s for that", knob->only_v2);
	else
		check_setting(f, root, knob, &place);
}

void check_acting(struct findings *f, const char *root, const struct config *config)
{
	size_t i;

	findings_group(f, "Acting");
	check_group(f, root, config);
	for (i = 0; knobs[i]; i++)
		check_knob(f, root, config, knobs[i]);
}
