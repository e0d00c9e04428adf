/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What an app leaves behind when it, or the run, is over. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/governed.h"
#include "util/log.h"

/* A change that was made at the start, and that nobody needed: the reason that the rule has does not hold. */
static void explain(const struct governed *a, struct trial *t)
{
	struct change *c = &t->change;

	if (t->needed || a->was_crowded || c->state == CHANGE_REFUSED ||
	    (t->phase == TRIAL_OVER && c->state != CHANGE_PLANNED))
		return;
	snprintf(c->reason, sizeof(c->reason), "given at its start, in case others want its CPUs%s",
		 c->state == CHANGE_PLANNED ? "" :
		 a->looked                  ? "; nobody did" :
					      "; it ended too soon to tell");
}

/* Takes back one value, by its own entry in the journal: what somebody else wrote since stays. */
static void undo_value(struct governing *g, struct trial *t)
{
	struct change *c = &t->change;
	int err = journal_undo_value(g->journal, t->group.directory, c->knob);

	c->restored = !err;
	if (err == -EBUSY)
		snprintf(c->reason, sizeof(c->reason), "%s; then somebody else changed it, so it is left alone",
			 t->rule->reason);
}

/* Values in groups of ours go with their groups. */
static void undo_trial(struct governing *g, struct trial *t)
{
	struct change *c = &t->change;

	if (c->state == CHANGE_REFUSED)
		return;
	if (t->rule->knob->one_shot || t->rule->knob->internal)
		c->restored = true; /* nothing of it is left */
	else if (!t->ours)
		undo_value(g, t);
	else if (t->rule->where == RULE_BACKGROUND)
		c->restored = !t->in_force || !trial_turn(t, false);
	t->phase = TRIAL_OVER;
}

/* The group goes, and all of its values with it. */
static void undo_places(struct governed *a, struct governing *g)
{
	unsigned int i;
	bool gone = true;
	int err;

	for (i = 0; i < a->nplaces; i++) {
		const struct governed_place *p = &a->places[i];

		if (!p->usable || !p->place.ours || (i && p->place.group.v2))
			continue;
		expedite_begin(g->expedite); /* the app may live on, and is moved back then */
		err = journal_undo_group(g->journal, p->place.group.directory);
		expedite_end(g->expedite);
		if (err)
			log_warn("%s: could not be removed: %s", p->place.group.directory, strerror(-err));
		gone &= !err;
	}
	for (i = 0; i < a->ntrials; i++)
		if (a->trials[i].ours && a->trials[i].rule->where == RULE_APP)
			a->trials[i].change.restored = gone;
	a->moved.restored = gone && a->moved.state == CHANGE_KEPT;
}

void governed_settle(struct governed *a, bool stays)
{
	unsigned int i;

	governed_stop(a);
	for (i = 0; i < a->ntrials; i++) {
		struct trial *t = &a->trials[i];

		explain(a, t);
		if (stays && (t->rule->knob->one_shot || t->rule->knob->internal))
			t->change.restored = true;
	}
}

void governed_undo(struct governed *a, struct governing *g)
{
	unsigned int i;

	if (!g->journal || a->undone)
		return;
	a->undone = true;
	for (i = a->ntrials; i > 0; i--)
		undo_trial(g, &a->trials[i - 1]);
	undo_places(a, g);
}

static void remember(struct governed *a, const struct change *c)
{
	if (a->nhistory == HISTORY_MAX) {
		memmove(&a->history[0], &a->history[1], sizeof(a->history[0]) * (HISTORY_MAX - 1));
		a->nhistory--;
	}
	a->history[a->nhistory++] = *c;
}

void governed_forget(struct governed *a)
{
	unsigned int i;

	if (a->moved.knob)
		remember(a, &a->moved);
	for (i = 0; i < a->ntrials; i++)
		if (a->trials[i].needed || !a->trials[i].rule->knob->internal)
			remember(a, &a->trials[i].change);
	a->moved = (struct change){ 0 };
	a->ntrials = a->nplaces = 0;
	a->memory_before = (struct facts_before){ 0 };
	a->undone = a->members_moved = a->was_crowded = a->looked = false;
}
