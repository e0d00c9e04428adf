/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Who is followed, and what every program does with a followed thread: change its state, send a record. */
#ifndef BPF_FOLLOW_H
#define BPF_FOLLOW_H

#include "plain.h"
#include "ledger.h"

/* Whole bytes, because bits would need a lock: 5.10 refuses a program that has an atomic "or" in it. */
static __always_inline void pid_change(__u32 pid, __u8 noted)
{
	__u32 row = pid / AA_PID_ROW;
	__u8 *bytes = bpf_map_lookup_elem(&marked, &row);

	if (bytes)
		bytes[pid % AA_PID_ROW] = noted;
}

static __always_inline void pid_note(__u32 pid)
{
	pid_change(pid, 1);
}

static __always_inline void pid_forget(__u32 pid)
{
	pid_change(pid, 0);
}

/* Where there is no byte for it, as kernel.pid_max has grown since, the mark itself has to be looked for. */
static __always_inline bool pid_noted(__u32 pid)
{
	__u32 row = pid / AA_PID_ROW;
	__u8 *bytes = bpf_map_lookup_elem(&marked, &row);

	return !bytes || bytes[pid % AA_PID_ROW];
}

#define NO_SYSCALL 0xffff /* in an exception: a page fault */

/* The mark of a task, or NULL if it is not followed. */
static __always_inline struct aa_thread *thread_of(struct task_struct *task)
{
	return pid_noted(task->pid) ? thread_find(task) : NULL;
}

static __always_inline struct aa_thread *thread_of_current(void)
{
	__u64 id;

	if (!aa_config.plain)
		return thread_of(bpf_get_current_task_btf());
	id = bpf_get_current_pid_tgid();
	return pid_noted(id) ? plain_thread(bpf_get_current_task(), id >> 32) : NULL;
}

/*
 * Whether the thread frees memory. The kernel says so by events, of which one can be left out where programs can be
 * preempted (7.2), and by a flag that is set in between, and elsewhere.
 */
static __always_inline bool in_reclaim(struct aa_thread *t, struct task_struct *task)
{
	return (t->flags & AA_THREAD_RECLAIM) && (task->flags & PF_MEMALLOC);
}

static __always_inline __u32 state_on_cpu(struct aa_thread *t, struct task_struct *task)
{
	return in_reclaim(t, task) ? AA_RUN_RECLAIM : AA_RUN;
}

static __always_inline long task_state(struct task_struct *task)
{
	struct task_struct___state_long *old = (void *)task;

	return bpf_core_field_exists(task->__state) ? task->__state : old->state;
}

static __always_inline struct aa_app *app_get(__u32 index)
{
	return bpf_map_lookup_elem(&apps, &index);
}

static __always_inline struct aa_counts *counts_get(__u32 index)
{
	return bpf_map_lookup_elem(&counts, &index);
}

/* Moves t to a state, with an aa_turn. The app's lock is held, the clocks stand at now. */
static __always_inline void thread_move(struct aa_ledger *l, struct aa_thread *t, __u32 state, __u32 turn)
{
	__u64 from = aa_opaque(t->state), to = aa_opaque(state), cell = aa_opaque(t->cell);
	struct aa_cell *c;

	if (cell >= AA_MAX_COMMANDS || to >= AA_STATES)
		return;
	c = &l->command[cell];
	if (from == AA_GONE)
		return;
	if (from < AA_STATES)
		aa_ledger_leave(l, c, from, &t->queued, turn);
	else
		aa_ledger_born(l);
	aa_ledger_enter(l, c, to, &t->queued);
	t->state = to;
	t->since = l->now;
}

static __always_inline void thread_change(struct aa_app *app, struct aa_thread *t, __u32 to, __u64 now)
{
	__u32 index = t->app;

	if (!app_lock(app, index))
		return;
	aa_ledger_advance(&app->ledger, now);
	thread_move(&app->ledger, t, to, AA_TURN_ANY);
	app_unlock(app, index);
}

/*
 * Marks task as a thread of the app, in no state yet: the scheduler programs, or the caller, enter it in the ledger.
 * Returns the mark, or NULL if there is no memory for it (counted) or it has one already.
 */
static __always_inline struct aa_thread *thread_mark(struct task_struct *task, __u32 app, __u32 cell, __u8 flags)
{
	struct aa_plain_thread init = {
		.tgid = (__u32)task->tgid,
		.thread = {
			.app = app,
			.cell = cell,
			.state = AA_NO_STATE,
			.flags = flags,
			.exec = task->self_exec_id,
		},
	};
	struct aa_thread *t;
	struct aa_counts *c;

	t = thread_make(task, &init);
	if (!t) {
		c = counts_get(app);
		if (c && !task->exit_state) /* a scan may come upon one that is all but gone */
			__sync_fetch_and_add(&c->unfollowed, 1);
		return NULL;
	}
	pid_note(task->pid);
	t->faults = task->maj_flt;
	t->ran = task->se.sum_exec_runtime;
	aa_control.live = 1;
	return t;
}

/* Marks a new thread; a new process counts from now on. Returns false if it cannot be followed. */
static __always_inline bool thread_born(struct task_struct *task, __u32 index, __u32 cell, bool process)
{
	struct aa_counts *c;
	struct aa_app *app;
	__u64 at;

	if (!thread_mark(task, index, cell, process ? AA_THREAD_NO_EXEC : 0))
		return false;
	if (!process)
		return true;
	c = counts_get(index);
	if (c)
		__sync_fetch_and_add(&c->processes, 1);
	app = app_get(index);
	if (app && app_lock(app, index)) {
		at = aa_opaque(cell);
		if (at < AA_MAX_COMMANDS)
			app->ledger.command[at].processes++;
		app_unlock(app, index);
	}
	return true;
}

static __always_inline __u32 allowed_cpus(struct task_struct *task)
{
	__u32 n = task->nr_cpus_allowed;

	if (n > aa_config.cpus)
		n = aa_config.cpus;
	return n ? n : 1;
}

/*
 * The cell of a command, whose name comes as two words; AA_MAX_COMMANDS if the lock is not to be had. A global function,
 * with the lock for itself: inside another program the verifier would follow the search once for each way that leads
 * there, which took half of the time in which all programs are loaded.
 */
__weak __noinline int command_cell(__u32 index, __u64 first, __u64 second)
{
	const __u64 name[2] = { first, second };
	struct aa_app *app = app_get(index);
	__u32 cell;

	if (!app || !app_lock_at_last(app, index))
		return AA_MAX_COMMANDS;
	cell = aa_ledger_command(&app->ledger, (const char *)name);
	app_unlock(app, index);
	return cell;
}

static __always_inline __u32 command_of(__u32 index, const char *comm)
{
	__u64 name[AA_COMM_LEN / sizeof(__u64)] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), comm);
	return command_cell(index, name[0], name[1]);
}

/* The cell of the command of a running process. */
static __always_inline __u32 running_command(struct aa_app *app, __u32 index, struct task_struct *task, bool leader)
{
	__u32 cell = command_of(index, BPF_CORE_READ(task, group_leader)->comm), cpus = allowed_cpus(task);
	struct aa_ledger *l = &app->ledger;
	__u64 at;

	if (cell >= AA_MAX_COMMANDS || !app_lock(app, index))
		return 0;
	at = aa_opaque(cell);
	if (leader && at < AA_MAX_COMMANDS)
		l->command[at].processes++;
	if (cpus > l->cpus)
		l->cpus = cpus;
	app_unlock(app, index);
	return cell;
}

/* Wakes the reader only when a ring is a quarter full: one wake-up a batch. The reader also looks by the clock. */
#define RING_FLAGS(ring) \
	(bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) * 4 >= bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) ? \
		 BPF_RB_FORCE_WAKEUP : \
		 BPF_RB_NO_WAKEUP)

static __always_inline void record_lost(__u32 kind)
{
	if (kind < AA_RECORD_KINDS)
		__sync_fetch_and_add(&aa_control.lost[kind], 1);
}

/* id: task_id() or current_id(); 0: of nobody */
static __always_inline void record_head(struct aa_rec *h, __u32 kind, __u32 app, __u64 now, __u64 id)
{
	h->version = AA_RECORD_VERSION;
	h->kind = kind;
	h->app = app;
	h->time_ns = now;
	h->pid = id >> 32;
	h->tid = id;
}

/* The pid of the current task as the agent sees it, or 0 where its namespace does not show it. */
static __always_inline __u32 local_pid(void)
{
	struct bpf_pidns_info info = {};

	if (bpf_get_ns_current_pid_tgid(aa_config.pid_ns_dev, aa_config.pid_ns_ino, &info, sizeof(info)))
		return 0;
	return info.tgid;
}

/* Sends a record of a task's life. urgent wakes the reader at once. */
static __always_inline void record_life(__u32 kind, __u32 app, __u64 now, struct task_struct *task, bool urgent)
{
	struct aa_rec_exec *r = bpf_ringbuf_reserve(&ring_life, sizeof(*r), 0);

	if (!r) {
		record_lost(kind);
		return;
	}
	record_head(&r->h, kind, app, now, task_id(task));
	r->cgroup_id = 0;
	r->parent = BPF_CORE_READ(task, real_parent, tgid);
	r->local_pid = kind == AA_REC_START ? local_pid() : 0;
	__builtin_memcpy(r->comm, task->comm, AA_COMM_LEN);
	bpf_ringbuf_submit(r, urgent ? BPF_RB_FORCE_WAKEUP : RING_FLAGS(&ring_life));
}

#endif /* BPF_FOLLOW_H */
