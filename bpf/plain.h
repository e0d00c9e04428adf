/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What tracing programs have since 5.13, and how they do without it before: task storage (a10787e6d58c), spin locks,
 * the current task as a pointer whose fields can be read directly (5.11, 3ca1032ab7ab). aa_config.plain is a constant
 * when the programs are verified, so that one of the two ways is all that is left of them. Can go when 5.10 has gone.
 */
#ifndef BPF_PLAIN_H
#define BPF_PLAIN_H

#include "maps.h"
#include "opaque.h"

/*
 * Together about 50 us: a hundred times what others have it for. The verifier's time grows with the square of the tries,
 * and hardly with what is done in each.
 */
#define LOCK_TRIES 128
#define LOCK_PAUSES 16

/*
 * Takes a lock made of what 5.10 has: additions that do not return what was there, but are whole, and on x86 keep order
 * between what is before and after them. Only who sees itself alone after its addition has it; those who tried and saw
 * more take theirs back. Returns 1, or 0 if it was not to be had: in the end, or because this CPU has it already, and was
 * interrupted. A global function, because the verifier would walk the loop once a call.
 */
__weak __noinline int plain_lock(__u32 index)
{
	__u32 self = bpf_get_smp_processor_id() + 1;
	volatile struct aa_plain_lock *l;
	__u64 at = aa_opaque(index) & (AA_PLAIN_LOCKS - 1);
	int i, k;

	if (!aa_config.plain)
		return 0;
	l = &aa_plain_lock[at];
	for (i = 0; i < LOCK_TRIES; i++) {
		if (!l->takers) {
			__sync_fetch_and_add(&l->takers, 1);
			if (l->takers == 1) {
				l->cpu = self;
				l->changes++;
				barrier();
				return 1;
			}
			__sync_fetch_and_add(&l->takers, -1);
		} else if (l->cpu == self) {
			break;
		}
#pragma unroll
		for (k = 0; k < LOCK_PAUSES; k++)
			bpf_ktime_get_ns(); /* to wait a little */
	}
	return 0;
}

#define LOCK_ROUNDS 64

/* The same for 3 ms, and for 200 ms (then what is left out is counted): loops of loops, because of the verifier's time. */
__weak __noinline int plain_lock_long(__u32 index)
{
	int i;

	if (!aa_config.plain)
		return 0;
	for (i = 0; i < LOCK_ROUNDS; i++)
		if (plain_lock(index))
			return 1;
	return 0;
}

__weak __noinline int plain_lock_at_last(__u32 index)
{
	int i;

	if (!aa_config.plain)
		return 0;
	for (i = 0; i < LOCK_ROUNDS; i++)
		if (plain_lock_long(index))
			return 1;
	__sync_fetch_and_add(&aa_control.unlocked, 1);
	return 0;
}

static __always_inline void plain_unlock(__u32 index)
{
	volatile struct aa_plain_lock *l;
	__u64 at = aa_opaque(index) & (AA_PLAIN_LOCKS - 1);

	l = &aa_plain_lock[at];
	barrier();
	l->changes++;
	l->cpu = 0;
	__sync_fetch_and_add(&l->takers, -1);
}

/* Takes the lock of an app's ledger. Returns whether it has it: what is left out for want of it is counted. */
static __always_inline bool app_lock(struct aa_app *app, __u32 index)
{
	if (!aa_config.plain)
		bpf_spin_lock(&app->lock);
	else if (!plain_lock(index)) {
		__sync_fetch_and_add(&aa_control.unlocked, 1);
		return false;
	}
	return true;
}

/*
 * The same for a change that would never be made up for: a thread leaves a CPU, or executes something. A virtual CPU
 * that has the lock may not be run by its host for a while: then this waits for up to 200 ms, as everybody would for a
 * lock of the kernel's.
 */
static __always_inline bool app_lock_at_last(struct aa_app *app, __u32 index)
{
	return aa_config.plain ? plain_lock_at_last(index) : app_lock(app, index);
}

static __always_inline void app_unlock(struct aa_app *app, __u32 index)
{
	if (aa_config.plain)
		plain_unlock(index);
	else
		bpf_spin_unlock(&app->lock);
}

/* The current task. Where this is plain, its fields can only be read with BPF_CORE_READ(). */
static __always_inline struct task_struct *current_task(void)
{
	return aa_config.plain ? (struct task_struct *)bpf_get_current_task() : bpf_get_current_task_btf();
}

/* The pid and thread group of the current task, as task_id() has those of another. */
static __always_inline __u64 current_id(void)
{
	return bpf_get_current_pid_tgid();
}

static __always_inline __u64 task_id(struct task_struct *task)
{
	return (__u64)(__u32)task->tgid << 32 | (__u32)task->pid;
}

static __always_inline struct aa_thread *plain_thread(__u64 task, __u32 tgid)
{
	struct aa_plain_thread *p = bpf_map_lookup_elem(&plain_threads, &task);

	return p && p->tgid == tgid ? &p->thread : NULL;
}

/* The mark of a task, or NULL. */
static __always_inline struct aa_thread *thread_find(struct task_struct *task)
{
	if (aa_config.plain)
		return plain_thread((__u64)task, task->tgid);
	return bpf_task_storage_get(&threads, task, NULL, 0);
}

static __always_inline struct aa_thread *plain_thread_make(__u64 task, const struct aa_plain_thread *init)
{
	__u32 tgid = init->tgid, app = init->thread.app;
	struct aa_plain_thread *p;

	bpf_map_update_elem(&plain_threads, &task, init, BPF_NOEXIST);
	p = bpf_map_lookup_elem(&plain_threads, &task);
	if (p && p->tgid != tgid) {
		bpf_map_update_elem(&plain_threads, &task, init, BPF_ANY);
		p = bpf_map_lookup_elem(&plain_threads, &task);
	}
	if (!p)
		return NULL;
	bpf_map_update_elem(&plain_apps, &tgid, &app, BPF_ANY);
	return &p->thread;
}

/* The mark of a task, made if there is none. NULL: there is no room for it. */
static __always_inline struct aa_thread *thread_make(struct task_struct *task, struct aa_plain_thread *init)
{
	if (aa_config.plain)
		return plain_thread_make((__u64)task, init);
	return bpf_task_storage_get(&threads, task, &init->thread, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* The task has left its last CPU: task storage goes with it, a hash table has to be told. */
static __always_inline void thread_drop(struct task_struct *task)
{
	__u64 key = (__u64)task;
	__u32 tgid = task->tgid;

	if (!aa_config.plain)
		return;
	bpf_map_delete_elem(&plain_threads, &key);
	if (!BPF_CORE_READ(task, signal, live.counter))
		bpf_map_delete_elem(&plain_apps, &tgid);
}

/* The seed of the process of a task that is its first thread, or NULL. */
static __always_inline struct aa_seed *seed_find(struct task_struct *task)
{
	struct aa_plain_seed *p;
	__u32 tgid;

	if (!aa_config.plain)
		return bpf_task_storage_get(&seeds, task, NULL, 0);
	tgid = BPF_CORE_READ(task, tgid);
	p = bpf_map_lookup_elem(&plain_seeds, &tgid);
	return p && BPF_CORE_READ(task, start_time) <= p->since ? &p->seed : NULL;
}

#endif /* BPF_PLAIN_H */
