/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Where an app under the governor is, and who of it is to be moved there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "act/governed.h"
#include "act/nudge.h"
#include "act/place_name.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"

#define MEMBERS_AGAIN_NS 500000000ULL /* others must come to run, too */

struct member_context {
	const struct governor_config *config;
	unsigned int app;
	pid_t starting; /* belongs to the app, though its exec is still to come */
};

static bool is_member(void *context, pid_t pid)
{
	const struct member_context *m = context;

	return pid == m->starting || m->config->member(m->config->context, m->app, pid);
}

static struct governed_place *new_place(struct governed *a, const char *controller)
{
	struct governed_place *p = &a->places[a->nplaces++];

	*p = (struct governed_place){ .controller = controller };
	return p;
}

/* In v2 one group serves all controllers. */
static struct governed_place *unified_place(struct governed *a)
{
	unsigned int i;

	for (i = 0; i < a->nplaces; i++)
		if (a->places[i].usable && a->places[i].place.group.v2)
			return &a->places[i];
	return NULL;
}

static void note_move(struct governed *a, struct governing *g, const struct place *place)
{
	struct change *c = &a->moved;

	if (!place->ours || c->knob)
		return;
	c->bottleneck = "cpu-neighbour";
	c->knob = "cgroup.procs";
	snprintf(c->target, sizeof(c->target), "%s", sys_cgroup_name(&place->group));
	snprintf(c->old, sizeof(c->old), "%s", sys_cgroup_name(&place->home));
	snprintf(c->new, sizeof(c->new), "%s", sys_cgroup_name(&place->group));
	snprintf(c->reason, sizeof(c->reason), "weights count among control groups, so it gets one of its own");
	c->state = g->config->dry_run ? CHANGE_PLANNED : CHANGE_KEPT;
}

static void note_refusal(struct governed *a, const struct place *place, const char *why)
{
	struct change *c = &a->moved;

	if (c->knob)
		return;
	c->bottleneck = "cpu-neighbour";
	c->knob = "cgroup.procs";
	if (place->home.directory[0])
		snprintf(c->target, sizeof(c->target), "%s", sys_cgroup_name(&place->home));
	snprintf(c->reason, sizeof(c->reason), "%s", why);
	c->state = CHANGE_REFUSED;
}

static int find_place(struct governed *a, struct governing *g, const char *controller, pid_t pid, struct place *ret,
		      char why[PLACE_WHY])
{
	const struct place_rules where = {
		.root = "",
		.cgroup_root = g->config->cgroup_root,
		.kubepods = g->config->kubepods,
	};
	struct member_context m = { g->config, a->app, a->starting };
	char name[32];

	if (g->config->everything) {
		snprintf(why, PLACE_WHY, "it is the root group: there is nobody beside it");
		return -EPERM;
	}
	snprintf(name, sizeof(name), "%08x-%u", g->token, a->app);
	return place_find(&where, controller, pid, name, is_member, &m, ret, why);
}

/* A process of the app that lives: the first one may be gone by now. 0: none was found. */
static pid_t some_process(const struct governed *a)
{
	char path[PATH_MAX + 16];
	int pid = 0;

	if (!a->nplaces)
		return a->pid;
	snprintf(path, sizeof(path), "%s/cgroup.procs", a->places[0].place.group.directory);
	cleanup_file FILE *f = fopen(path, "re");

	return f && fscanf(f, "%d", &pid) == 1 ? pid : a->pid;
}

const struct governed_place *governed_place_known(const struct governed *a, const char *controller)
{
	unsigned int i;

	for (i = 0; i < a->nplaces; i++)
		if (!strcmp(a->places[i].controller, controller))
			return &a->places[i];
	return NULL;
}

int governed_home(struct governed *a, struct governing *g, const char *controller, struct sys_cgroup *ret)
{
	const struct governed_place *p = unified_place(a);
	struct place place = { 0 };
	char why[PLACE_WHY];
	int err;

	if (p) {
		*ret = p->place.group;
		return 0;
	}
	err = find_place(a, g, controller, some_process(a), &place, why);
	if (!err)
		*ret = place.home;
	return err;
}

/* Whether the app was found alone in a group that an agent made: it goes away when that agent ends. */
static bool is_agents(const struct place *place)
{
	const char *name = strrchr(place->home.directory, '/');

	return !place->ours && name && !strncmp(name + 1, PLACE_PREFIX, strlen(PLACE_PREFIX));
}

struct governed_place *governed_place(struct governed *a, struct governing *g, const char *controller)
{
	struct governed_place *p;
	struct place place = { 0 };
	char why[PLACE_WHY] = "";
	unsigned int i;
	int err;

	for (i = 0; i < a->nplaces; i++)
		if (!strcmp(a->places[i].controller, controller))
			return a->places[i].usable ? &a->places[i] : NULL;
	if (a->nplaces == sizeof(a->places) / sizeof(a->places[0]))
		return NULL;
	p = unified_place(a);
	place = p ? p->place : place;
	err = p ? 0 : find_place(a, g, controller, some_process(a), &place, why);
	if (!err && is_agents(&place)) {
		err = -EBUSY;
		snprintf(why, sizeof(why), "another agent has the app already, in a group of its own");
	}
	if (!err && !g->config->dry_run)
		err = p ? place_enable(&place, controller, g->journal, why) :
			  place_make(&place, controller, g->journal, why);
	if (err == -ESRCH) /* it was gone before it could be looked at: another process may do */
		return NULL;
	p = new_place(a, controller);
	p->place = place;
	p->usable = !err;
	if (err) {
		log_debug("%s: %s", controller, why);
		note_refusal(a, &place, why);
		return NULL;
	}
	note_move(a, g, &place);
	a->members_moved = false;
	return p;
}

static const char *move_error(int err)
{
	return err == -EXDEV ? "its threads are in control groups of their own" : strerror(-err);
}

/* The kernel refused to move what the app is so far: then it has no group, whatever was made for it. */
static void note_failure(struct governed *a, int err)
{
	struct change *c = &a->moved;

	snprintf(c->reason, sizeof(c->reason), "its process cannot go there: %s", move_error(err));
	c->state = CHANGE_REFUSED;
}

/* A command that is held before its exec is no member yet; and while it is our child, nobody else can have its pid. */
static bool is_child(pid_t pid)
{
	siginfo_t info;

	return !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
}

/* Whether the app's processes are moved there: not into its own group, and once where one group serves all. */
static bool takes_processes(const struct governed *a, unsigned int i)
{
	const struct governed_place *p = &a->places[i];

	return p->usable && p->place.ours && !(i && p->place.group.v2);
}

void governed_move(struct governed *a, struct governing *g, pid_t pid)
{
	struct member_context m = { g->config, a->app, 0 };
	struct nudge *nudge;
	unsigned int i;
	int err;

	for (i = 0; i < a->nplaces && !takes_processes(a, i); i++)
		;
	if (i == a->nplaces)
		return;
	nudge = is_child(pid) ? NULL : nudge_start("", pid); /* a child of ours is held */
	expedite_begin(g->expedite);
	for (i = 0; i < a->nplaces; i++) {
		const struct governed_place *p = &a->places[i];

		if (!takes_processes(a, i))
			continue;
		err = place_move(&p->place, pid, is_child(pid) ? NULL : is_member, &m);
		if (err && err != -ESRCH) {
			log_warn("process %d stays in its control group: %s", (int)pid, move_error(err));
			if (pid == a->pid)
				note_failure(a, err);
		}
	}
	expedite_end(g->expedite);
	nudge_stop(nudge);
}

bool governed_at_home(struct governed *a, struct governing *g, pid_t pid)
{
	char why[PLACE_WHY];
	struct place at;
	unsigned int i;

	for (i = 0; i < a->nplaces; i++) {
		const struct governed_place *p = &a->places[i];

		if (!takes_processes(a, i))
			continue;
		if (find_place(a, g, p->controller, pid, &at, why))
			return false;
		if (strcmp(at.home.directory, p->place.home.directory)) {
			log_debug("process %d is in %s, its app came from %s", (int)pid, sys_cgroup_name(&at.home),
				  sys_cgroup_name(&p->place.home));
			return false;
		}
	}
	return true;
}

void governed_move_members(struct governed *a, struct governing *g)
{
	struct member_context m = { g->config, a->app, 0 };
	unsigned int i;
	int moved;

	a->members_moved = true;
	expedite_begin(g->expedite);
	for (i = 0; i < a->nplaces; i++) {
		const struct governed_place *p = &a->places[i];

		if (!takes_processes(a, i))
			continue;
		moved = place_move_members(&p->place, is_member, &m);
		if (moved > 0)
			log_debug("%d more processes moved to %s", moved, sys_cgroup_name(&p->place.group));
		else if (moved < 0)
			log_debug("processes stay outside of %s: %s", sys_cgroup_name(&p->place.group),
				  strerror(-moved));
		if (moved == -EAGAIN) {
			a->members_moved = false;
			a->members_ns = clock_monotonic_ns() + MEMBERS_AGAIN_NS;
		}
	}
	expedite_end(g->expedite);
}
