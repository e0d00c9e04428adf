/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One app under the governor. */
#include "act/governed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"

#define REPEAT_NS 5000000000ULL /* between two rounds of what leaves no value behind */
#define DUE_LOOKS 2 /* in a row, before a bottleneck counts: one may be chance */

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

static const char *below_mount(const struct sys_cgroup *group)
{
	const char *path = group->directory + group->mount_len;

	return *path ? path : "/";
}

static bool allowed(const struct governing *g, const struct rule *rule)
{
	return g->config->actions & rule->knob->action;
}

/* --- trials --- */

static struct trial *find_trial(struct governed *a, const struct rule *rule, const struct sys_cgroup *group)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++)
		if (a->trials[i].rule == rule && (!group || !strcmp(a->trials[i].group.directory, group->directory)))
			return &a->trials[i];
	return NULL;
}

/* Plans a change of rule's knob on one group and, unless it is only to be planned, makes it. Returns whether it was. */
static bool try_rule(struct governed *a, const struct governing *g, const struct rule *rule,
		     const struct sys_cgroup *group, enum trial_group kind, const struct evidence *e)
{
	struct trial *t = &a->trials[a->ntrials];
	struct rule_facts facts;
	int err;

	if (a->ntrials == TRIALS_MAX)
		return false;
	facts_read(&g->machine, group, kind != TRIAL_GROUP_PLANNED, &a->memory_before, &facts);
	err = trial_plan(t, rule, group, kind, e, &facts);
	if (err == -EALREADY) /* nothing to do now; perhaps later */
		return false;
	a->ntrials++;
	t->needed = !rule->at_start;
	if (err)
		return false;
	if (g->config->dry_run) {
		t->phase = TRIAL_OVER;
		return false;
	}
	return !trial_make(t, g->journal);
}

/* --- places --- */

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

static void note_move(struct governed *a, const struct governing *g, const struct place *place)
{
	struct change *c = &a->moved;

	if (!place->ours || c->knob)
		return;
	c->bottleneck = "cpu-neighbour";
	c->knob = "cgroup.procs";
	snprintf(c->target, sizeof(c->target), "%s", below_mount(&place->group));
	snprintf(c->old, sizeof(c->old), "%s", below_mount(&place->home));
	snprintf(c->new, sizeof(c->new), "%s", below_mount(&place->group));
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
		snprintf(c->target, sizeof(c->target), "%s", below_mount(&place->home));
	snprintf(c->reason, sizeof(c->reason), "%s", why);
	c->state = CHANGE_REFUSED;
}

static int find_place(struct governed *a, const struct governing *g, const char *controller, pid_t pid,
		      struct place *ret, char why[PLACE_WHY])
{
	const struct place_rules where = {
		.root = "",
		.cgroup_root = g->config->cgroup_root,
		.kubepods = g->config->kubepods,
	};
	struct member_context m = { g->config, a->app, pid };
	char name[16];

	snprintf(name, sizeof(name), "%u", a->app);
	return place_find(&where, controller, pid, name, is_member, &m, ret, why);
}

/* Finds, and makes, the app's group for a controller. Nobody is moved. Returns it, or NULL. */
static struct governed_place *make_place(struct governed *a, const struct governing *g, const char *controller,
					 pid_t pid)
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
	err = p ? 0 : find_place(a, g, controller, pid, &place, why);
	if (!err && !g->config->dry_run)
		err = p ? place_enable(&place, controller, g->journal, why) :
			  place_make(&place, controller, g->journal, why);
	p = new_place(a, controller);
	p->place = place;
	p->usable = !err;
	if (err) {
		log_debug("%s: %s", controller, why);
		note_refusal(a, &place, why);
		return NULL;
	}
	note_move(a, g, &place);
	return p;
}

static void move_process(struct governed *a, const struct governing *g, pid_t pid)
{
	unsigned int i;
	int err;

	expedite_begin(g->expedite);
	for (i = 0; i < a->nplaces; i++) {
		const struct governed_place *p = &a->places[i];

		if (!p->usable || !p->place.ours || (i && p->place.group.v2))
			continue;
		err = place_move(&p->place, pid);
		if (err && err != -ESRCH)
			log_warn("process %d stays in its control group: %s", (int)pid, strerror(-err));
	}
	expedite_end(g->expedite);
}

/*
 * Whether a process that came later was where the first one was found: a group of ours has one home, and who comes from
 * elsewhere has other limits.
 */
static bool at_home(const struct governed *a, pid_t pid)
{
	struct sys_cgroup at;
	unsigned int i;

	for (i = 0; i < a->nplaces; i++) {
		const struct governed_place *p = &a->places[i];

		if (!p->usable || !p->place.ours || sys_cgroup_of("", pid, p->controller, &at))
			continue;
		if (!strcmp(at.directory, p->place.group.directory))
			return false;
		if (strcmp(at.directory, p->place.home.directory)) {
			log_debug("process %d stays in %s: its app comes from %s", (int)pid, below_mount(&at),
				  below_mount(&p->place.home));
			return false;
		}
	}
	return true;
}

/* The others that belonged to the app before it was placed. */
static void move_members(struct governed *a, const struct governing *g)
{
	struct member_context m = { g->config, a->app, 0 };
	unsigned int i;
	int moved = 0;

	expedite_begin(g->expedite);
	for (i = 0; i < a->nplaces; i++) {
		const struct governed_place *p = &a->places[i];

		if (p->usable && p->place.ours && !(i && p->place.group.v2))
			moved = place_move_members(&p->place, is_member, &m);
		if (moved)
			log_debug("%d more processes moved to %s", moved, below_mount(&p->place.group));
	}
	expedite_end(g->expedite);
	a->members_moved = true;
}

/* --- the rules --- */

static enum trial_group kind_of(const struct governing *g, const struct place *place)
{
	if (!place->ours)
		return TRIAL_GROUP_FOREIGN;
	return g->config->dry_run ? TRIAL_GROUP_PLANNED : TRIAL_GROUP_OURS;
}

/* What an app is given at its start, before anybody moves: the first moment in the group is a weighted one. */
static void apply_start_rules(struct governed *a, const struct governing *g, pid_t pid)
{
	struct evidence assumed = rule_assumed(g->config->cpus);
	const struct governed_place *p;
	size_t i;

	for (i = 0; i < rules_count; i++) {
		const struct rule *rule = &rules[i];

		if (!rule->at_start || !allowed(g, rule) || find_trial(a, rule, NULL))
			continue;
		p = make_place(a, g, rule->knob->controller, pid);
		if (p)
			try_rule(a, g, rule, &p->place.group, kind_of(g, &p->place), &assumed);
	}
}

void governed_start(struct governed *a, const struct governing *g, pid_t pid)
{
	bool first = !a->started;

	a->started = true;
	a->alive = true;
	if (first)
		apply_start_rules(a, g, pid);
	if (g->config->dry_run || (!first && !at_home(a, pid)))
		return;
	move_process(a, g, pid);
}

static bool begin_app(struct governed *a, const struct governing *g, const struct rule *rule, const struct evidence *e)
{
	struct governed_place *p;

	if (find_trial(a, rule, NULL))
		return false;
	p = make_place(a, g, rule->knob->controller, 0);
	return p && try_rule(a, g, rule, &p->place.group, kind_of(g, &p->place), e);
}

/* From the nearest group up: the first one that has somebody beside it and was not tried yet. */
static bool begin_above(struct governed *a, const struct governing *g, const struct rule *rule,
			const struct evidence *e)
{
	struct governed_place *p = make_place(a, g, rule->knob->controller, 0);
	struct sys_cgroup group, above;

	if (!p)
		return false;
	group = p->place.group;
	while (!facts_parent(&group, &above) && above.directory[above.mount_len]) {
		group = above;
		if (find_trial(a, rule, &group) || sys_cgroup_id(group.directory, &group.id))
			continue;
		if (!rule->support && !facts_has_neighbours(&group))
			continue;
		if (try_rule(a, g, rule, &group, TRIAL_GROUP_FOREIGN, e) && !rule->support)
			return true;
	}
	return false;
}

static bool same_controller(const struct sys_cgroup *group, const char *controller)
{
	if (group->v2)
		return true;
	return !strcmp(group->controller, !strcmp(controller, "io") ? "blkio" : controller);
}

/* What does its work at once is done again while there is need, but not all the time. */
static bool repeat(struct trial *t, const struct governing *g, uint64_t now_ns)
{
	if (!t->rule->knob->one_shot || t->change.state != CHANGE_KEPT || now_ns < t->again_ns)
		return false;
	t->again_ns = now_ns + REPEAT_NS;
	return !trial_make(t, g->journal);
}

static bool begin_background(struct governed *a, const struct governing *g, const struct rule *rule,
			     const struct evidence *e)
{
	struct sys_cgroup group;
	struct trial *t;
	size_t i;
	int err;

	for (i = 0; i < g->config->nbackground; i++) {
		err = sys_cgroup_resolve("", g->config->background[i], &group);
		if (err) {
			log_debug("background group %s: %s", g->config->background[i], strerror(-err));
			continue;
		}
		if (!same_controller(&group, rule->knob->controller))
			continue;
		t = find_trial(a, rule, &group);
		if (t && repeat(t, g, a->before.now_ns))
			return true;
		if (t)
			continue;
		if (try_rule(a, g, rule, &group, TRIAL_GROUP_FOREIGN, e))
			return true;
	}
	return false;
}

static bool begin_rule(struct governed *a, const struct governing *g, const struct rule *rule, const struct evidence *e)
{
	switch (rule->where) {
	case RULE_APP:
		return begin_app(a, g, rule, e);
	case RULE_ABOVE:
		return begin_above(a, g, rule, e);
	default:
		return begin_background(a, g, rule, e);
	}
}

/* --- looking --- */

static void note_due(struct governed *a, const struct evidence *e)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++) {
		struct trial *t = &a->trials[i];

		t->due = t->rule->due(e) ? t->due + 1 : 0;
		t->needed |= t->due > 0;
	}
}

static void raise_values(struct governed *a, const struct governing *g, const struct evidence *e)
{
	struct rule_facts facts;
	unsigned int i;

	for (i = 0; i < a->ntrials; i++) {
		struct trial *t = &a->trials[i];

		if (!t->in_force || t->due < DUE_LOOKS || t->phase == TRIAL_MEASURING)
			continue;
		facts_read(&g->machine, &t->group, true, &a->memory_before, &facts);
		trial_raise(t, g->journal, e, &facts);
	}
}

static bool wants_measuring(const struct trial *t, uint64_t now_ns)
{
	if (t->due < DUE_LOOKS || !t->rule->measure.window_ns)
		return false;
	return t->phase == TRIAL_READY ||
	       ((t->phase == TRIAL_PROVEN || t->phase == TRIAL_RESTING) && now_ns >= t->again_ns);
}

static bool begin_measuring(struct governed *a, uint64_t now_ns)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++) {
		if (wants_measuring(&a->trials[i], now_ns)) {
			trial_measure(&a->trials[i]);
			return true;
		}
	}
	return false;
}

static bool begin_change(struct governed *a, const struct governing *g, const struct evidence *e)
{
	size_t i;

	for (i = 0; i < rules_count; i++)
		if (allowed(g, &rules[i]) && rules[i].due(e) && begin_rule(a, g, &rules[i], e))
			return true;
	return false;
}

bool governed_look(struct governed *a, const struct governing *g, const struct act_sample *now, bool may_begin)
{
	struct evidence e = evidence_between(&a->before, now);

	a->before = *now;
	if (!a->started || !a->alive)
		return false;
	if (!a->members_moved && !g->config->dry_run)
		move_members(a, g);
	if (!(e.seconds > 0))
		return false;
	note_due(a, &e);
	if (!g->config->dry_run)
		raise_values(a, g, &e);
	if (!may_begin)
		return false;
	return begin_measuring(a, now->now_ns) || begin_change(a, g, &e);
}

void governed_step(struct governed *a, const struct act_sample *now)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++)
		trial_step(&a->trials[i], now->now_ns, now->run);
}

uint64_t governed_next(const struct governed *a)
{
	uint64_t next = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < a->ntrials; i++)
		if (trial_next(&a->trials[i]) < next)
			next = trial_next(&a->trials[i]);
	return next;
}

void governed_stop(struct governed *a)
{
	unsigned int i;

	a->alive = false;
	for (i = 0; i < a->ntrials; i++)
		trial_stop(&a->trials[i]);
}
