/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One app under the governor. */
#include "act/governed.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "act/undone.h"
#include "util/clock.h"
#include "util/log.h"

#define REPEAT_NS 5000000000ULL /* between two rounds of what leaves no value behind */
#define RAISE_NS 500000000ULL /* between two looks at what values are made of, which may be in hundreds of files */
#define SPARE_NS 1000000000ULL /* after which what was given at the start is taken back until it is needed */
#define DUE_LOOKS 3 /* in a row, before a bottleneck counts: one may be chance, and two of it at the same tick */

static bool allowed(struct governing *g, const struct rule *rule)
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

/* What the app has in memory, wherever the knob is; and what a background group itself has. */
static void read_facts(struct governed *a, struct governing *g, const struct rule *rule, const struct sys_cgroup *group,
		       const struct evidence *e, struct rule_facts *ret)
{
	double ready = isfinite(e->others_ready) ? e->others_ready : facts_ready();
	const struct sys_cgroup *memory = NULL;
	struct facts_before none = { 0 };
	unsigned int i;

	if (rule->where == RULE_BACKGROUND) {
		facts_read(&g->machine, group, group, ready, &none, ret);
		return;
	}
	for (i = 0; i < a->nplaces; i++)
		if (a->places[i].usable && (a->places[i].place.group.v2 || !strcmp(a->places[i].controller, "memory")))
			memory = &a->places[i].place.group;
	facts_read(&g->machine, group, memory, ready, &a->memory_before, ret);
}

/* Watching the CPUs begins with the next look, and goes on while spreading is off for a window. */
static void turn_spread(void *context, unsigned int app, bool on)
{
	struct governing *g = context;
	uint64_t bit = 1ULL << app;

	g->spreadable |= bit;
	g->spread = on ? g->spread | bit : g->spread & ~bit;
}

/*
 * Plans a change of a group once more, when no other agent changes it any more: what was there at first may have been the
 * value of an agent that has put back the one before it since, or was killed and could not. Returns as trial_plan().
 */
static int plan_locked(struct trial *t, struct governing *g, const struct evidence *e, const struct rule_facts *facts)
{
	const struct rule *rule = t->rule;
	struct sys_cgroup group = t->group;
	int err = locks_take(&g->locks, group.directory);

	if (err)
		return trial_refuse(t, err, "it could not be locked: %s",
				    err == -EBUSY ? "another agent changes this group" : strerror(-err));
	err = journal_recover_others(g->journal, g->config->journal_dir, undone_tell_left, NULL);
	if (err)
		return trial_refuse(t, err, "what earlier agents left could not be looked through: %s", strerror(-err));
	return trial_plan(t, rule, &group, TRIAL_GROUP_FOREIGN, e, facts);
}

/* Plans a change of rule's knob on one group and, unless it is only to be planned, makes it. Returns whether it was. */
static bool try_rule(struct governed *a, struct governing *g, const struct rule *rule, const struct sys_cgroup *group,
		     enum trial_group kind, const struct evidence *e)
{
	struct trial *t = &a->trials[a->ntrials];
	struct rule_facts facts;
	int err;

	if (a->ntrials == TRIALS_MAX)
		return false;
	read_facts(a, g, rule, group, e, &facts);
	err = trial_plan(t, rule, group, kind, e, &facts);
	if (!err && !g->config->dry_run && kind == TRIAL_GROUP_FOREIGN && !rule->knob->internal)
		err = plan_locked(t, g, e, &facts);
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
	t->made_ns = clock_monotonic_ns();
	t->internal = (struct trial_switch){ .turn = turn_spread, .context = g, .app = a->app };
	return !trial_make(t, g->journal);
}

/* --- the rules --- */

static enum trial_group kind_of(struct governing *g, const struct place *place)
{
	if (!place->ours)
		return TRIAL_GROUP_FOREIGN;
	return g->config->dry_run ? TRIAL_GROUP_PLANNED : TRIAL_GROUP_OURS;
}

/* What an app is given at its start, before anybody moves: the first moment in the group is a weighted one. */
static void apply_start_rules(struct governed *a, struct governing *g)
{
	struct evidence assumed = rule_assumed(g->config->cpus);
	const struct governed_place *p;
	size_t i;

	for (i = 0; i < rules_count; i++) {
		const struct rule *rule = &rules[i];

		if (!rule->at_start || !allowed(g, rule) || find_trial(a, rule, NULL))
			continue;
		p = governed_place(a, g, rule->knob->controller);
		if (p)
			try_rule(a, g, rule, &p->place.group, kind_of(g, &p->place), &assumed);
	}
}

/* Memory is charged to the group that touches it first, and stays there: protecting it later needs it counted now. */
static void count_memory(struct governed *a, struct governing *g)
{
	const struct governed_place *p = governed_place_known(a, "cpu");

	if (p && p->usable && p->place.group.v2 && (g->config->actions & knob_memory_low.action))
		governed_place(a, g, "memory");
}

/* What was taken back in the run before, because nobody competed then. */
static void give_again(struct governed *a)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++)
		trial_again(&a->trials[i], clock_monotonic_ns());
}

void governed_start(struct governed *a, struct governing *g, pid_t pid)
{
	bool first = !a->started, at_home = first || governed_at_home(a, g, pid);
	bool again = !first && !a->alive;

	/* it had ended: what is left of its last run goes, unless it comes from the same place again */
	if (!first && !a->alive && (a->undone || !at_home)) {
		governed_undo(a, g);
		governed_forget(a);
		first = at_home = true;
	}
	a->started = true;
	a->alive = true;
	a->pid = pid;
	if (first) {
		a->starting = pid;
		apply_start_rules(a, g);
		count_memory(a, g);
		a->starting = 0;
	}
	if (g->config->dry_run || !at_home)
		return;
	if (again)
		give_again(a);
	governed_move(a, g, pid);
}

/* Whether the machine has what a rule with a text sets, before any group is made for it. */
static bool has_text(struct governing *g, const struct rule *rule, const struct evidence *e)
{
	const struct rule_facts facts = {
		.fast_cpus = g->machine.fast_cpus,
		.fast_list = g->machine.fast_list,
	};

	return !rule->text || rule->text(e, &facts);
}

/*
 * The app's group for the rule's knob; made only if the knob can be of use where the app is now. Otherwise that is noted,
 * once.
 */
static struct governed_place *place_for(struct governed *a, struct governing *g, const struct rule *rule,
					const struct evidence *e)
{
	const char *controller = rule->knob->controller;
	char why[KNOB_WHY];
	struct sys_cgroup home;
	int err;

	if (governed_place_known(a, controller))
		return governed_place(a, g, controller);
	if (find_trial(a, rule, NULL) || governed_home(a, g, controller, &home))
		return NULL;
	err = rule->knob->probe("", &home, why);
	if (err != -ENOENT && err != -ENODEV)
		return governed_place(a, g, controller);
	if (!rule->support)
		try_rule(a, g, rule, &home, TRIAL_GROUP_FOREIGN, e);
	return NULL;
}

static bool begin_app(struct governed *a, struct governing *g, const struct rule *rule, const struct evidence *e)
{
	struct governed_place *p;

	if (find_trial(a, rule, NULL) || !has_text(g, rule, e))
		return false;
	p = place_for(a, g, rule, e);
	return p && try_rule(a, g, rule, &p->place.group, kind_of(g, &p->place), e);
}

/* From the nearest group up: the first one that has somebody beside it and was not tried yet. */
static bool begin_above(struct governed *a, struct governing *g, const struct rule *rule, const struct evidence *e)
{
	struct governed_place *p = place_for(a, g, rule, e);
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
static void repeat(struct trial *t, struct governing *g, uint64_t now_ns)
{
	if (!t->rule->knob->one_shot || t->change.state != CHANGE_KEPT || now_ns < t->again_ns)
		return;
	t->again_ns = now_ns + REPEAT_NS;
	trial_make(t, g->journal);
}

/* The groups that may be slowed: those that the settings name, then those that background programs were moved to. */
static int background_group(struct governing *g, size_t i, struct sys_cgroup *ret, enum trial_group *ret_kind)
{
	const struct place *place;

	*ret_kind = TRIAL_GROUP_FOREIGN;
	if (i < g->config->nbackground)
		return sys_cgroup_resolve("", g->config->background[i], ret);
	place = &g->demoted.groups[i - g->config->nbackground];
	*ret = place->group;
	if (place->ours)
		*ret_kind = TRIAL_GROUP_OURS;
	return 0;
}

/* Whether the app is in that group or below: then it is no background to it. */
static bool holds_app(const struct governed *a, const struct sys_cgroup *group)
{
	size_t len = strlen(group->directory);
	unsigned int i;

	for (i = 0; i < a->nplaces; i++) {
		const char *home = a->places[i].place.home.directory;

		if (!strncmp(home, group->directory, len) && (!home[len] || home[len] == '/'))
			return true;
	}
	return false;
}

static bool begin_background(struct governed *a, struct governing *g, const struct rule *rule, const struct evidence *e)
{
	size_t i, count = g->config->nbackground + g->demoted.ngroups;
	enum trial_group kind;
	struct sys_cgroup group;
	struct trial *t;
	int err;

	for (i = 0; i < count; i++) {
		err = background_group(g, i, &group, &kind);
		if (err || !same_controller(&group, rule->knob->controller) || holds_app(a, &group))
			continue;
		t = find_trial(a, rule, &group);
		if (t) /* no change that others would have to wait for: it leaves nothing behind */
			repeat(t, g, a->before.now_ns);
		if (!t && try_rule(a, g, rule, &group, kind, e))
			return true;
	}
	return false;
}

static bool begin_rule(struct governed *a, struct governing *g, const struct rule *rule, const struct evidence *e)
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
		t->absent = t->due ? 0 : t->absent + 1;
		t->needed |= t->due >= DUE_LOOKS;
	}
}

/* What was given at the start, in case: it is in force in an app's first second, and from its first need on. */
static void turn_spares(struct governed *a, enum governed_may may)
{
	unsigned int i;

	if (may == GOVERNED_NOTHING)
		return;
	for (i = 0; i < a->ntrials; i++) {
		struct trial *t = &a->trials[i];

		if (t->needed)
			trial_need(t, true);
		else if (may == GOVERNED_ALL && a->before.now_ns > t->made_ns + SPARE_NS)
			trial_need(t, false);
	}
}

static void raise_values(struct governed *a, struct governing *g, const struct evidence *e)
{
	struct rule_facts facts;
	unsigned int i;

	if (a->before.now_ns < a->raise_ns)
		return;
	a->raise_ns = a->before.now_ns + RAISE_NS;
	for (i = 0; i < a->ntrials; i++) {
		struct trial *t = &a->trials[i];

		if (!t->in_force || t->due < DUE_LOOKS)
			continue;
		read_facts(a, g, t->rule, &t->group, e, &facts);
		trial_raise(t, g->journal, a->before.now_ns, e, &facts);
	}
}

static bool wants_measuring(const struct trial *t, uint64_t now_ns)
{
	if (t->due < DUE_LOOKS || !t->rule->measure.window_ns)
		return false;
	if (t->phase == TRIAL_READY)
		return now_ns >= t->made_ns + t->rule->measure_after_ns;
	return (t->phase == TRIAL_PROVEN || t->phase == TRIAL_RESTING) && now_ns >= t->again_ns;
}

/* Neighbours that are gone would make an effect seem small, and in the end useless. */
static void interrupt_idle(struct governed *a)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++)
		if (a->trials[i].absent > DUE_LOOKS)
			trial_interrupt(&a->trials[i], a->before.now_ns);
}

/* What only supports another change is in force as long as that one is. */
static void turn_supports(struct governed *a, const struct knob *knob, bool on)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++)
		if (a->trials[i].rule->support && a->trials[i].rule->knob == knob && a->trials[i].phase != TRIAL_OVER)
			trial_turn(&a->trials[i], on);
}

static void drop_supports(struct governed *a)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++) {
		const struct trial *t = &a->trials[i];

		if (!t->rule->support && t->rule->where == RULE_APP && !t->in_force && t->phase != TRIAL_MEASURING)
			turn_supports(a, t->rule->knob, false);
	}
}

/* Threads that are spread go before the neighbours by their group's weight: without it there is nothing to see. */
static bool lacks_weight(const struct governed *a, const struct trial *t)
{
	unsigned int i;

	for (i = 0; t->rule->knob == &knob_spread && i < a->ntrials; i++)
		if (a->trials[i].rule->knob == &knob_cpu_weight && a->trials[i].phase == TRIAL_RESTING)
			return true;
	return false;
}

static bool begin_measuring(struct governed *a, uint64_t now_ns)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++) {
		if (wants_measuring(&a->trials[i], now_ns) && !lacks_weight(a, &a->trials[i])) {
			turn_supports(a, a->trials[i].rule->knob, true);
			trial_measure(&a->trials[i]);
			return true;
		}
	}
	return false;
}

static bool begin_change(struct governed *a, struct governing *g, const struct evidence *e)
{
	size_t i;

	for (i = 0; i < rules_count; i++)
		if (allowed(g, &rules[i]) && rules[i].due(e) && begin_rule(a, g, &rules[i], e))
			return true;
	return false;
}

enum governed_may governed_may(const struct governed *a)
{
	enum governed_may may = GOVERNED_ALL;
	unsigned int i;

	for (i = 0; i < a->ntrials; i++) {
		if (a->trials[i].phase != TRIAL_MEASURING)
			continue;
		if (!trial_may_wait(&a->trials[i]))
			return GOVERNED_NOTHING;
		may = GOVERNED_CHANGES;
	}
	return may;
}

void governed_interrupt(struct governed *a, uint64_t now_ns)
{
	unsigned int i;

	for (i = 0; i < a->ntrials; i++)
		trial_interrupt(&a->trials[i], now_ns);
}

bool governed_look(struct governed *a, struct governing *g, const struct act_sample *now, enum governed_may may)
{
	struct evidence e = evidence_between(&a->before, now);

	a->before = *now;
	a->crowded = false;
	if (!a->started || !a->alive)
		return false;
	if (!a->members_moved && !g->config->dry_run && may && now->now_ns >= a->members_ns)
		governed_move_members(a, g);
	if (!(e.seconds > 0))
		return false;
	a->crowded = rule_crowded(&e);
	a->was_crowded |= a->crowded;
	a->looked = true;
	note_due(a, &e);
	turn_spares(a, may);
	interrupt_idle(a);
	drop_supports(a);
	if (may == GOVERNED_NOTHING)
		return false;
	if (!g->config->dry_run)
		raise_values(a, g, &e);
	return (may == GOVERNED_ALL && begin_measuring(a, now->now_ns)) || begin_change(a, g, &e);
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
