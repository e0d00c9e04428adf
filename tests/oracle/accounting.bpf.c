/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Sums the scheduler's own accounting of every thread below one process, read when the thread leaves the CPU for the
 * last time. sched_process_exit is too early for that: the thread still runs through its exit.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "accounting.h"

#define TASK_DEAD 0x80

struct rq {
	__u64 clock;
} __attribute__((preserve_access_index));

struct cfs_rq {
	struct rq *rq;
} __attribute__((preserve_access_index));

struct sched_entity {
	__u64 sum_exec_runtime;
	struct cfs_rq *cfs_rq;
} __attribute__((preserve_access_index));

struct sched_info {
	unsigned long long run_delay;
} __attribute__((preserve_access_index));

struct task_struct {
	unsigned int __state;
	int pid;
	int tgid;
	struct sched_entity se;
	struct sched_info sched_info;
} __attribute__((preserve_access_index));

/* Before 5.14 (2f064a59a11f) */
struct task_struct___state_long {
	long state;
} __attribute__((preserve_access_index));

const volatile int root_tgid = 0;

struct accounting_sums sums = {};

/* Threads of the tree but the root's own, by address: an exec may give a thread another's number, never its address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u8);
} members SEC(".maps");

/* What the kernel's clock for a CPU is behind ours. */
struct clock_age {
	__u64 least; /* ns; that much always */
	__u64 at_switch; /* beyond it, at the switch to the member that runs there, + 1; 0: no member does */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clock_age);
} clock_ages SEC(".maps");

static __always_inline bool is_member(__u64 address, __u32 tgid)
{
	return tgid == (__u32)root_tgid || bpf_map_lookup_elem(&members, &address);
}

/*
 * By its parent, who has a run queue locked: in 7.2 a task can be preempted in a program on sched_process_fork, and the
 * run of another task on the same CPU is left out.
 */
SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_birth, struct task_struct *child)
{
	__u64 address = (__u64)child;
	__u8 one = 1;

	if (!is_member(bpf_get_current_task(), bpf_get_current_pid_tgid() >> 32))
		return 0;
	if (child->tgid != root_tgid && bpf_map_update_elem(&members, &address, &one, BPF_ANY)) {
		__sync_fetch_and_add(&sums.dropped, 1);
		return 0;
	}
	__sync_fetch_and_add(&sums.live, 1);
	return 0;
}

/*
 * A wake-up spares the switch that it asks for a look at the clock (rq_clock_skip_update()). Where the switch comes late,
 * because the kernel without preemption is busy, what ran meanwhile is charged to the next thread, which has waited less, up to a
 * tick of it (seen: 6.18, 3 ms of a change of mappings that took 19). That is made good here, for members; but not to
 * one that an idle CPU is woken for: that CPU works for it from the wake-up on. stays: prev goes on waiting.
 */
static __always_inline void correct(struct task_struct *prev, bool stays, struct task_struct *next)
{
	struct clock_age *clock;
	__u64 age;
	__u32 zero = 0;

	if (!bpf_core_field_exists(next->se.cfs_rq) || !bpf_core_field_exists(next->se.cfs_rq->rq))
		return; /* there is no way to the clock without group scheduling */
	clock = bpf_map_lookup_elem(&clock_ages, &zero);
	if (!clock || !next->se.cfs_rq || !next->se.cfs_rq->rq)
		return;
	age = bpf_ktime_get_ns() - next->se.cfs_rq->rq->clock;
	if (!clock->least || (__s64)(age - clock->least) < 0)
		clock->least = age;
	age -= clock->least;
	if (clock->at_switch && is_member((__u64)prev, prev->tgid)) {
		__sync_fetch_and_add(&sums.run_late_ns, age - (clock->at_switch - 1));
		if (stays)
			__sync_fetch_and_sub(&sums.runq_late_ns, age);
	}
	clock->at_switch = 0;
	if (!is_member((__u64)next, next->tgid))
		return;
	if (!prev->pid)
		age = 0;
	__sync_fetch_and_add(&sums.runq_late_ns, age);
	clock->at_switch = age + 1;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct task_struct___state_long *old = (void *)prev;
	__u64 address = (__u64)prev, state;

	/* from the task, for 5.10 does not tell the state; nobody wakes who is dead */
	state = bpf_core_field_exists(prev->__state) ? prev->__state : old->state;
	correct(prev, preempt || !state, next);
	if (!(state & TASK_DEAD) || !is_member(address, prev->tgid))
		return 0;
	bpf_map_delete_elem(&members, &address);
	__sync_fetch_and_add(&sums.run_ns, prev->se.sum_exec_runtime);
	__sync_fetch_and_add(&sums.runq_ns, prev->sched_info.run_delay);
	__sync_fetch_and_add(&sums.threads, 1);
	if (prev->pid == prev->tgid)
		__sync_fetch_and_add(&sums.processes, 1);
	__sync_fetch_and_sub(&sums.live, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
