/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A followed thread becomes another command. */
#ifndef BPF_EXEC_H
#define BPF_EXEC_H

#include "follow.h"

/* Whether task has executed something since its mark was last told. Somebody else may tell it meanwhile. */
static __always_inline bool exec_is_news(struct aa_thread *t, struct task_struct *task)
{
	return t->exec != (__u32)task->self_exec_id;
}

/*
 * Moves t, the mark of task, which runs now, to the cell of the command that it has become. root: the app begins with
 * it. Returns false if the mark was told before: where programs can be preempted (7.2), the one on the exec and the one on
 * the switch that does so may both be here, and each exec counts once.
 */
static __always_inline bool exec_note(struct aa_app *app, struct aa_counts *c, struct aa_thread *t,
				      struct task_struct *task, bool root, __u64 now)
{
	__u32 index = t->app, old = t->cell, cpus = allowed_cpus(task), exec = task->self_exec_id;
	__u32 cell = command_of(index, task->comm);
	struct aa_ledger *l = &app->ledger;
	__u64 at;

	if (cell >= AA_MAX_COMMANDS || !app_lock_at_last(app, index))
		return true;
	if (!root && t->exec == exec) {
		app_unlock(app, index);
		return false;
	}
	t->exec = exec;
	aa_ledger_advance(l, now);
	if (t->state == AA_NO_STATE)
		aa_ledger_born(l);
	else if (old < AA_MAX_COMMANDS && t->state < AA_STATES)
		aa_ledger_leave(l, &l->command[old], t->state, &t->queued, AA_TURN_ANY);
	if ((t->flags & AA_THREAD_NO_EXEC) && old < AA_MAX_COMMANDS)
		l->command[old].processes--;
	at = aa_opaque(
		cell); /* checked where it is used: until 6.1 the verifier forgets what it knew of a spilled number */
	if (at < AA_MAX_COMMANDS) {
		l->command[at].processes++;
		aa_ledger_enter(l, &l->command[at], AA_RUN, &t->queued);
	}
	if (cpus > l->cpus || root)
		l->cpus = cpus;
	t->cell = cell;
	t->state = AA_RUN;
	t->since = l->now;
	t->flags = 0;
	app_unlock(app, index);
	__sync_fetch_and_add(&c->execs, 1);
	return true;
}

#endif /* BPF_EXEC_H */
