/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Who is followed, and what every program does with a followed thread: change its state, send a record. */
#ifndef BPF_FOLLOW_H
#define BPF_FOLLOW_H

#include "maps.h"
#include "ledger.h"

static __always_inline __u64 *pid_word(__u32 pid)
{
	__u32 zero = 0;
	struct aa_pid_bits *bits = bpf_map_lookup_elem(&marked, &zero);

	return bits ? &bits->word[(pid >> 6) & (AA_PIDS / 64 - 1)] : NULL;
}

static __always_inline void pid_note(__u32 pid)
{
	__u64 *word = pid_word(pid);

	if (word)
		__sync_fetch_and_or(word, 1ULL << (pid & 63));
}

static __always_inline void pid_forget(__u32 pid)
{
	__u64 *word = pid_word(pid);

	if (word)
		__sync_fetch_and_and(word, ~(1ULL << (pid & 63)));
}

#define NO_SYSCALL 0xffff /* in an exception: a page fault */

/* The mark of a task, or NULL if it is not followed. */
static __always_inline struct aa_thread *thread_of(struct task_struct *task)
{
	__u32 pid = task->pid;
	__u64 *word = pid_word(pid);

	if (!word || !(*word >> (pid & 63) & 1))
		return NULL;
	return bpf_task_storage_get(&threads, task, NULL, 0);
}

static __always_inline struct aa_app *app_get(__u32 index)
{
	return bpf_map_lookup_elem(&apps, &index);
}

static __always_inline struct aa_counts *counts_get(__u32 index)
{
	return bpf_map_lookup_elem(&counts, &index);
}

/* Moves t to a state, perhaps onto a CPU that was idle. The app's lock is held, the clocks stand at now. */
static __always_inline void thread_move(struct aa_ledger *l, struct aa_thread *t, __u32 to, bool cpu_idle)
{
	__u32 from = t->state, cell = t->cell;
	struct aa_cell *c;

	if (cell >= AA_MAX_COMMANDS || to >= AA_STATES)
		return;
	c = &l->command[cell];
	if (from == AA_GONE)
		return;
	if (from < AA_STATES)
		aa_ledger_leave(l, c, from, &t->queued, cpu_idle);
	else
		aa_ledger_born(l);
	aa_ledger_enter(l, c, to, &t->queued);
	t->state = to;
	t->since = l->now;
}

static __always_inline void thread_change(struct aa_app *app, struct aa_thread *t, __u32 to, bool cpu_idle, __u64 now)
{
	bpf_spin_lock(&app->lock);
	aa_ledger_advance(&app->ledger, now);
	thread_move(&app->ledger, t, to, cpu_idle);
	bpf_spin_unlock(&app->lock);
}

/*
 * Marks task as a thread of the app, in no state yet: the scheduler programs, or the caller, enter it in the ledger.
 * Returns the mark, or NULL if there is no memory for it (counted) or it has one already.
 */
static __always_inline struct aa_thread *thread_mark(struct task_struct *task, __u32 app, __u32 cell, __u8 flags)
{
	struct aa_thread init = {
		.app = app,
		.cell = cell,
		.state = AA_NO_STATE,

		.flags = flags,
	};
	struct aa_thread *t;
	struct aa_counts *c;

	t = bpf_task_storage_get(&threads, task, &init, BPF_LOCAL_STORAGE_GET_F_CREATE);
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

static __always_inline __u32 allowed_cpus(struct task_struct *task)
{
	__u32 n = task->nr_cpus_allowed;

	if (n > aa_config.cpus)
		n = aa_config.cpus;
	return n ? n : 1;
}
/* The cell of the command of a running process. */
static __always_inline __u32 running_command(struct aa_app *app, struct task_struct *task, bool leader)
{
	char name[AA_COMM_LEN] __attribute__((aligned(8))) = {};
	struct aa_ledger *l = &app->ledger;
	__u32 cell, cpus = allowed_cpus(task);

	bpf_probe_read_kernel_str(name, sizeof(name), task->group_leader->comm);
	bpf_spin_lock(&app->lock);
	cell = aa_ledger_command(l, name);
	if (leader && cell < AA_MAX_COMMANDS)
		l->command[cell].processes++;
	if (cpus > l->cpus)
		l->cpus = cpus;
	bpf_spin_unlock(&app->lock);
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

static __always_inline void record_head(struct aa_rec *h, __u32 kind, __u32 app, __u64 now, struct task_struct *task)
{
	h->version = AA_RECORD_VERSION;
	h->kind = kind;
	h->app = app;
	h->time_ns = now;
	h->pid = task ? task->tgid : 0;
	h->tid = task ? task->pid : 0;
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
	record_head(&r->h, kind, app, now, task);
	r->cgroup_id = 0;
	r->parent = task->real_parent->tgid;
	r->local_pid = kind == AA_REC_START ? local_pid() : 0;
	__builtin_memcpy(r->comm, task->comm, AA_COMM_LEN);
	bpf_ringbuf_submit(r, urgent ? BPF_RB_FORCE_WAKEUP : RING_FLAGS(&ring_life));
}

#endif /* BPF_FOLLOW_H */
