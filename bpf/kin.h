/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Kinship of processes, for the time of a scan. */
#ifndef BPF_KIN_H
#define BPF_KIN_H

#include "follow.h"

/*
 * Who descends from whom, written while the agent scans: a process that dies then takes the link from its children to
 * the app with it (they are re-parented), unless it is kept here.
 */
struct kin {
	__u32 parent; /* thread group, 0: not known */
	__u32 app; /* index + 1 where it is marked, 0: not */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct kin);
} kin SEC(".maps") __weak;

#define KIN_GENERATIONS 16
#define KIN_CHILDREN 64

/* The app + 1 that a thread group belongs to by descent, or 0. Global functions are verified once, not once a call. */
__weak __noinline int kin_app(__u32 tgid)
{
	struct kin *k;
	int i;

	for (i = 0; i < KIN_GENERATIONS; i++) {
		k = bpf_map_lookup_elem(&kin, &tgid);
		if (!k)
			return 0;
		if (k->app)
			return k->app;
		tgid = k->parent;
	}
	return 0;
}

static __always_inline void kin_note(__u32 tgid, __u32 parent, __u32 app)
{
	struct kin k = { .parent = parent, .app = app };

	bpf_map_update_elem(&kin, &tgid, &k, BPF_ANY);
}

/* The mark of the task's first thread, or of its parent; where this is plain, task may be the current one. */
static __always_inline struct aa_thread *kinsman_of(struct task_struct *task)
{
	struct aa_thread *kinsman;
	struct task_struct *parent;

	if (aa_config.plain) {
		kinsman = plain_thread((__u64)BPF_CORE_READ(task, group_leader), BPF_CORE_READ(task, tgid));
		parent = BPF_CORE_READ(task, real_parent);
		return kinsman ? kinsman : plain_thread((__u64)parent, BPF_CORE_READ(parent, tgid));
	}
	kinsman = bpf_task_storage_get(&threads, task->group_leader, NULL, 0);
	return kinsman ? kinsman : bpf_task_storage_get(&threads, task->real_parent, NULL, 0);
}

/* The app + 1 of a task that has no mark yet, by its relatives, or 0. */
static __always_inline __u32 kin_of(struct task_struct *task)
{
	struct aa_thread *kinsman = kinsman_of(task);

	return kinsman ? kinsman->app + 1 : (__u32)kin_app(BPF_CORE_READ(task, tgid));
}

/* Remembers the parent of a process that is about to lose it. Returns the next of the list that child stands in. */
__weak __noinline __u64 kin_remember(__u64 sibling, __u32 parent)
{
	void *at = (void *)sibling;
	struct task_struct *child = at - bpf_core_field_offset(struct task_struct, sibling);
	__u32 tgid = BPF_CORE_READ(child, tgid);
	struct kin *k = bpf_map_lookup_elem(&kin, &tgid);

	if (k)
		k->parent = parent;
	else
		kin_note(tgid, parent, 0);
	return (__u64)BPF_CORE_READ((struct list_head *)at, next);
}

/* A process dies during a scan: it is remembered with its parent, and its children remember it. */
static __always_inline void kin_bequeath(struct task_struct *task)
{
	__u64 head = (__u64)task + bpf_core_field_offset(struct task_struct, children), at;
	__u32 tgid = task->tgid;
	int i;

	if (!bpf_map_lookup_elem(&kin, &tgid))
		kin_note(tgid, BPF_CORE_READ(task, real_parent, tgid), kin_of(task));
	at = (__u64)BPF_CORE_READ(task, children.next);
	for (i = 0; i < KIN_CHILDREN && at != head && at; i++)
		at = kin_remember(at, tgid);
}

#endif /* BPF_KIN_H */
