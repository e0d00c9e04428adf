// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Marks what runs already: one pass over all tasks, as often as the agent asks. */
#include "cgroup.h"
#include "kin.h"
#include "wait.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A process, with all its threads, moves into the followed cgroup: the agent scans for them. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach_task, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	if (!thread_of(task) && cgroup_followed(cgroup))
		record_life(AA_REC_CGROUP, 0, bpf_ktime_get_ns(), task, true);
	return 0;
}

/* The app + 1 that an unmarked task belongs to, or 0. */
static __always_inline __u32 scan_app(struct task_struct *task, struct aa_seed *seed)
{
	if (in_followed_cgroup(task))
		return 1;
	if (seed && !seed->at_exec)
		return seed->app;
	return kin_of(task);
}

/* Enters a thread that runs or sleeps already into the ledger, unless the scheduler programs were faster. */
static __always_inline void scan_enter(struct aa_app *app, struct aa_thread *t, struct task_struct *task)
{
	long state = task_state(task);
	__u32 to, index = t->app;
	__u64 now;

	if (state & TASK_DEAD) { /* it left its last CPU before it was marked */
		thread_drop(task);
		return;
	}
	if (!state)
		to = wait_any(t, task->on_cpu ? AA_RUN : wait_runnable(task));
	else
		to = wait_any(t, wait_state(task, t, state, false));
	now = bpf_ktime_get_ns();
	if (!app_lock(app, index))
		return;
	aa_ledger_advance(&app->ledger, now);
	if (t->state == AA_NO_STATE)
		thread_move(&app->ledger, t, to, AA_TURN_ANY);
	app_unlock(app, index);
}

#define WATCHERS 8

/*
 * Whether the task is the agent, or waits for it (a shell, sudo): it would be followed for as long as the agent runs,
 * and the agent would run for as long as it is followed. Named by the user, it is followed all the same.
 */
static __always_inline bool watches(struct task_struct *task, struct aa_seed *seed)
{
	struct task_struct *watcher = (void *)bpf_get_current_task();
	int i, tgid = task->tgid;

	for (i = 0; i < WATCHERS && watcher; i++) {
		if (BPF_CORE_READ(watcher, tgid) == tgid)
			return !seed;
		watcher = BPF_CORE_READ(watcher, real_parent);
	}
	return false;
}

/* One pass over all tasks. The agent repeats it until passes mark nothing. */
SEC("iter/task")
int scan(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct aa_seed *seed;
	struct aa_counts *c;
	struct aa_thread *t;
	struct aa_app *app;
	bool leader;
	__u32 index;

	if (!task || task->exit_state || thread_of(task))
		return 0;
	seed = seed_find(task->group_leader);
	if (watches(task, seed))
		return 0;
	index = scan_app(task, seed);
	if (!index)
		return 0;
	index--;
	app = app_get(index);
	c = counts_get(index);
	if (!app || !c)
		return 0;
	leader = task->pid == task->tgid;
	/*
	 * the cell first: from the mark on, the scheduler programs may enter the thread, and charge what the mark names
	 */
	t = thread_mark(task, index, running_command(app, index, task, leader), 0);
	if (!t)
		return 0;
	if (leader) {
		kin_note(task->tgid, BPF_CORE_READ(task, real_parent, tgid), index + 1);
		__sync_fetch_and_add(&c->processes, 1);
	}
	scan_enter(app, t, task);
	if (!aa_control.level)
		aa_control.level = 2;
	__sync_fetch_and_add(&aa_control.marked, 1);
	return 0;
}
