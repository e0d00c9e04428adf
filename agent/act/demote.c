/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Background programs that run anywhere, brought into groups where they can be slowed. */
#include "act/demote.h"

#include <stdio.h>
#include <string.h>

#include "sys/process.h"
#include "util/cleanup.h"
#include "util/log.h"

#define LOOK_NS 5000000000ULL

static void note(struct change *c, const struct place *place)
{
	c->bottleneck = "cpu-neighbour";
	c->knob = "cgroup.procs";
	c->state = CHANGE_KEPT;
	snprintf(c->target, sizeof(c->target), "%s", sys_cgroup_name(&place->group));
	snprintf(c->old, sizeof(c->old), "%s", sys_cgroup_name(&place->home));
	snprintf(c->new, sizeof(c->new), "%s", sys_cgroup_name(&place->group));
	snprintf(c->reason, sizeof(c->reason), "background programs, which the settings allow to be slowed");
}

/* The group for programs that are where place was found; made if there is none yet. NULL: there is no room for more. */
static const struct place *group_for(struct demoted *d, struct place *place, struct journal *journal)
{
	char why[PLACE_WHY];
	unsigned int i;

	for (i = 0; i < d->ngroups; i++)
		if (!strcmp(d->groups[i].home.directory, place->home.directory))
			return &d->groups[i];
	if (d->ngroups == DEMOTE_GROUPS)
		return NULL;
	if (place_make(place, "cpu", journal, why)) {
		log_debug("no group for background programs: %s", why);
		return NULL;
	}
	d->groups[d->ngroups] = *place;
	if (place->ours)
		note(&d->changes[d->ngroups], place);
	return &d->groups[d->ngroups++];
}

static bool is_placed(const struct demoted *d, const struct place *place)
{
	unsigned int i;

	for (i = 0; i < d->ngroups; i++)
		if (!strcmp(d->groups[i].group.directory, place->home.directory))
			return true;
	return false;
}

static void demote(struct demoted *d, const struct place_rules *rules, uint32_t token, place_member background,
		   void *context, struct journal *journal, struct expedite *expedite, pid_t pid)
{
	const struct place *group;
	struct place place;
	char why[PLACE_WHY], name[32];
	int err;

	snprintf(name, sizeof(name), "%08x-background-%u", token, d->ngroups);
	err = place_find(rules, "cpu", pid, name, background, context, &place, why);
	if (err) {
		log_debug("background process %d: %s", (int)pid, why);
		return;
	}
	if (is_placed(d, &place))
		return;
	group = group_for(d, &place, journal);
	if (!group || !group->ours)
		return;
	expedite_begin(expedite);
	err = place_move(group, pid, background, context);
	expedite_end(expedite);
	log_debug("background process %d: to %s%s%s", (int)pid, group->group.directory, err ? ": " : "",
		  err ? strerror(-err) : "");
}

void demote_look(struct demoted *d, const struct place_rules *rules, uint32_t token, place_member background,
		 void *context, struct journal *journal, struct expedite *expedite, uint64_t now_ns)
{
	cleanup_free pid_t *pids = NULL;
	size_t i, count;

	if (now_ns < d->next_ns || sys_process_list(rules->root, &pids, &count))
		return;
	d->next_ns = now_ns + LOOK_NS;
	for (i = 0; i < count; i++)
		if (background(context, pids[i]))
			demote(d, rules, token, background, context, journal, expedite, pids[i]);
}
