/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The one place that decides. */
#include "act/governor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "act/governed.h"
#include "act/systemd.h"
#include "act/undone.h"
#include "sys/topology.h"
#include "util/clock.h"
#include "util/log.h"

#define LOOK_NS 100000000ULL /* between two looks at an app that lives; but while one is young: */
#define YOUNG_LOOK_NS 40000000ULL
#define YOUNG_NS 1000000000ULL
#define FIRST_LOOK_NS 10000000ULL /* after a start: for what it forked before it was placed */
#define LINGER_NS 5000000000ULL /* that an app's group outlives it: builds call the same tools again and again */
#define FAST_LIST 1024

struct governor {
	struct governing governing;
	struct governed *apps; /* owned */
	uint64_t look_ns; /* when the next look is due */
	uint64_t young_ns; /* until then an app is young */
	bool finished;
	char fast_list[FAST_LIST];
};

/* On a machine with CPUs of two kinds, which are the fast ones. */
static void read_topology(struct governor *g)
{
	struct sys_topology topology;
	struct facts_machine *m = &g->governing.machine;

	if (sys_topology_read("", &topology) || !topology.hybrid)
		return;
	if (sys_cpu_set_print(&topology.fast, g->fast_list, sizeof(g->fast_list)))
		return;
	m->fast_cpus = sys_cpu_set_count(&topology.fast);
	m->fast_list = g->fast_list;
}

static int open_journal(struct governor *g)
{
	const struct governor_config *c = g->governing.config;
	unsigned int live;
	int err;

	spread_recover(c->journal_dir);
	err = journal_recover(c->journal_dir, false, undone_tell_left, NULL, &live);
	if (err < 0)
		log_warn("%s: what earlier agents left could not be looked through: %s", c->journal_dir,
			 strerror(-err));
	err = journal_open(c->journal_dir, &g->governing.journal);
	if (err) {
		log_warn("%s: no journal can be kept there, so nothing will be changed: %s", c->journal_dir,
			 strerror(-err));
		return err;
	}
	err = expedite_open("", c->journal_dir, &g->governing.expedite);
	return err ? err : spread_open(c->journal_dir, c->cpu_states, &g->governing.spreader);
}

/* A group that is not there may come later; but more likely its name is wrong. */
static void check_background(const struct governor_config *c)
{
	struct sys_cgroup group;
	size_t i;
	int err;

	for (i = 0; i < c->nbackground; i++) {
		err = sys_cgroup_resolve("", c->background[i], &group);
		if (err)
			log_warn("%s: no such background group now (%s); going on", c->background[i], strerror(-err));
	}
}

int governor_open(const struct governor_config *config, struct governor **ret)
{
	struct governor *g = calloc(1, sizeof(*g));
	unsigned int i;
	int err = 0;

	if (!g)
		return -ENOMEM;
	g->governing.config = config;
	if (getrandom(&g->governing.token, sizeof(g->governing.token), 0) < 0)
		g->governing.token = (uint32_t)clock_monotonic_ns();
	g->governing.machine = (struct facts_machine){
		.memory_bytes = config->memory_bytes,
		.autogroup = sys_autogroup(""),
		.sessions = config->sessions,
		.context = config->context,
	};
	g->apps = calloc(config->napps, sizeof(*g->apps));
	if (!g->apps)
		err = -ENOMEM;
	for (i = 0; !err && i < config->napps; i++)
		g->apps[i].app = i;
	if (!err && !config->dry_run)
		err = open_journal(g);
	if (err) {
		governor_close(g);
		return err;
	}
	read_topology(g);
	check_background(config);
	if (!config->dry_run && systemd_runs(""))
		systemd_prepare();
	*ret = g;
	return 0;
}

void governor_started(struct governor *g, unsigned int app, pid_t pid)
{
	if (g->finished || app >= g->governing.config->napps || pid <= 0)
		return;
	governed_start(&g->apps[app], &g->governing, pid);
	g->look_ns = clock_monotonic_ns() + FIRST_LOOK_NS;
	g->young_ns = clock_monotonic_ns() + YOUNG_NS;
}

static int sample(const struct governor *g, unsigned int app, struct act_sample *ret)
{
	const struct governor_config *c = g->governing.config;

	return c->sample(c->context, app, ret);
}

/* One measurement at a time, for all apps: two would measure each other. */
static enum governed_may may_begin(const struct governor *g)
{
	enum governed_may may = GOVERNED_ALL, one;
	unsigned int i;

	for (i = 0; i < g->governing.config->napps; i++) {
		one = governed_may(&g->apps[i]);
		if (one < may)
			may = one;
	}
	return may;
}

static void interrupt(struct governor *g, uint64_t now_ns)
{
	unsigned int i;

	for (i = 0; i < g->governing.config->napps; i++)
		governed_interrupt(&g->apps[i], now_ns);
}

/* Background programs are looked for only while somebody is held back. */
static void demote(struct governor *g, uint64_t now_ns)
{
	const struct governor_config *c = g->governing.config;
	const struct place_rules where = { .root = "", .cgroup_root = c->cgroup_root, .kubepods = c->kubepods };

	if (c->background_process && !c->dry_run && (c->actions & knob_cpu_idle.action))
		demote_look(&g->governing.demoted, &where, g->governing.token, c->background_process, c->context,
			    g->governing.journal, g->governing.expedite, now_ns);
}

/* What could not be attached is not tried again at every look. */
static void refuse_spreading(struct governor *g, int err)
{
	unsigned int i, j;

	log_debug("CPUs cannot be watched, so no threads are spread: %s", strerror(-err));
	for (i = 0; i < g->governing.config->napps; i++) {
		for (j = 0; j < g->apps[i].ntrials; j++) {
			struct trial *t = &g->apps[i].trials[j];

			if (t->rule->knob != &knob_spread || t->phase == TRIAL_OVER)
				continue;
			trial_turn(t, false);
			trial_refuse(t, err, "CPUs cannot be watched: %s", strerror(-err));
		}
	}
	g->governing.spreadable = 0;
}

/* CPUs are watched for the apps that live, and cost nothing for the others. */
static void watch_cpus(struct governor *g)
{
	const struct governor_config *c = g->governing.config;
	uint64_t wanted = 0;
	unsigned int i;
	int err;

	for (i = 0; i < c->napps; i++)
		if (g->apps[i].alive && g->apps[i].was_crowded)
			wanted |= g->governing.spreadable & (1ULL << i);
	if (wanted == g->governing.watched)
		return;
	err = c->watch_cpus(c->context, wanted);
	if (err)
		refuse_spreading(g, err);
	g->governing.watched = err ? 0 : wanted;
}

/* Apps whose threads are to be spread now: where nobody competes, the kernel does that. */
static uint64_t to_spread(const struct governor *g)
{
	uint64_t apps = 0;
	unsigned int i;

	for (i = 0; i < g->governing.config->napps; i++)
		if (g->apps[i].crowded)
			apps |= g->governing.spread & g->governing.watched & (1ULL << i);
	return apps;
}

static void spread(struct governor *g, uint64_t now_ns)
{
	uint64_t apps = to_spread(g);

	if (apps && now_ns >= spread_next(g->governing.spreader))
		spread_step(g->governing.spreader, apps, now_ns);
}

/* An app that has ended needs nothing more; another run of it begins anew. */
static void finish_app(struct governor *g, struct governed *a)
{
	if (a->undone || g->governing.config->keep)
		return;
	governed_settle(a, false);
	governed_undo(a, &g->governing);
}

static void look(struct governor *g)
{
	struct act_sample now;
	enum governed_may may = may_begin(g);
	unsigned int i;

	for (i = 0; i < g->governing.config->napps; i++) {
		struct governed *a = &g->apps[i];

		if (!a->started || sample(g, i, &now))
			continue;
		if (a->alive && !now.alive) {
			governed_stop(a);
			a->ended_ns = now.now_ns;
		}
		a->alive = now.alive;
		if (!a->alive && now.now_ns - a->ended_ns > LINGER_NS)
			finish_app(g, a);
		if (governed_look(a, &g->governing, &now, may)) {
			if (may == GOVERNED_CHANGES)
				interrupt(g, now.now_ns);
			may = GOVERNED_NOTHING;
		}
		if (a->crowded && may) /* what is moved meanwhile would be in the windows */
			demote(g, now.now_ns);
	}
}

static void step(struct governor *g, uint64_t now_ns)
{
	struct act_sample now;
	unsigned int i;

	for (i = 0; i < g->governing.config->napps; i++)
		if (governed_next(&g->apps[i]) <= now_ns && !sample(g, i, &now))
			governed_step(&g->apps[i], &now);
}

uint64_t governor_tick(struct governor *g)
{
	uint64_t now = clock_monotonic_ns(), next = UINT64_MAX;
	unsigned int i;

	if (g->finished)
		return UINT64_MAX;
	step(g, now);
	spread(g, now);
	if (now >= g->look_ns) {
		look(g);
		watch_cpus(g);
		g->look_ns = now + (now < g->young_ns ? YOUNG_LOOK_NS : LOOK_NS);
	}
	if (to_spread(g))
		next = spread_next(g->governing.spreader);
	for (i = 0; i < g->governing.config->napps; i++) {
		if (g->apps[i].alive && g->look_ns < next)
			next = g->look_ns;
		if (governed_next(&g->apps[i]) < next)
			next = governed_next(&g->apps[i]);
	}
	return next;
}

/* What serves all apps, and the journal's file itself. What remains then was not put back, whatever the apps think. */
static void undo_rest(struct governor *g)
{
	const struct governor_config *c = g->governing.config;
	unsigned int i;
	int err = journal_undo(g->governing.journal, undone_tell, NULL);

	for (i = 0; i < g->governing.demoted.ngroups; i++)
		g->governing.demoted.changes[i].restored = !err;
	for (i = 0; err && i < c->napps; i++)
		g->apps[i].moved.restored = false;
}

void governor_finish(struct governor *g)
{
	const struct governor_config *c = g->governing.config;
	unsigned int i;
	int err;

	if (g->finished)
		return;
	g->finished = true;
	for (i = 0; i < c->napps; i++)
		if (!g->apps[i].undone)
			governed_settle(&g->apps[i], c->keep);
	if (!g->governing.journal)
		return;
	if (c->keep) {
		err = journal_keep(g->governing.journal);
		if (err)
			log_warn("what was changed stays, but \"accel-agent restore\" will not find it: %s",
				 strerror(-err));
		return;
	}
	for (i = 0; i < c->napps; i++)
		governed_undo(&g->apps[i], &g->governing);
	undo_rest(g);
}

static void add(struct change *ret, size_t max, size_t *n, const struct change *c)
{
	if (*n == max || !c->knob)
		return;
	ret[*n] = *c;
	snprintf(ret[*n].id, sizeof(ret[*n].id), "a%zu", *n + 1);
	++*n;
}

size_t governor_changes(const struct governor *g, unsigned int app, struct change *ret, size_t max)
{
	const struct governed *a = &g->apps[app];
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < a->nhistory; i++)
		add(ret, max, &n, &a->history[i]);
	add(ret, max, &n, &a->moved);
	for (i = 0; i < a->ntrials; i++)
		if (a->trials[i].needed || !a->trials[i].rule->knob->internal) /* spreading does nothing until then */
			add(ret, max, &n, &a->trials[i].change);
	for (i = 0; i < g->governing.demoted.ngroups; i++)
		add(ret, max, &n, &g->governing.demoted.changes[i]);
	return n;
}

void governor_close(struct governor *g)
{
	if (!g)
		return;
	expedite_close(g->governing.expedite);
	spread_close(g->governing.spreader);
	journal_close(g->governing.journal);
	locks_release(&g->governing.locks);
	free(g->apps);
	free(g);
}
