// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Who of an app waits on a CPU for another of the same app: what the agent needs to know to bring one of them to a CPU
 * that a neighbour has. The kernel balances busy CPUs every 32 to 64 ms only, which is longer than a compiler lives.
 * Attached while it is wanted; and no more than a few stores to the CPU's own line.
 */
#include "follow.h"

struct aa_cpus aa_cpus __attribute__((aligned(64))) = {};

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The mask is for the verifier: the compiler takes the address before it compares. */
static __always_inline struct aa_cpu *cpu_at(__u32 cpu)
{
	return cpu < AA_SPREAD_CPUS ? &aa_cpus.cpu[aa_opaque(cpu) & (AA_SPREAD_CPUS - 1)] : NULL;
}

/* The mark of a task if its app is one to spread, else NULL. */
static __always_inline struct aa_thread *spread_thread(struct task_struct *task)
{
	struct aa_thread *t = thread_of(task);

	return t && (aa_control.spread >> (t->app & 63) & 1) ? t : NULL;
}

/* A thread's number in the namespace of that level, with which in *ret_ns; 0: it has none there. */
static __always_inline __u32 tid_at(struct task_struct *task, __u32 level, __u64 *ret_ns)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid *upid;

	*ret_ns = 0;
	if (!pid || BPF_CORE_READ(pid, level) < level)
		return 0;
	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
	*ret_ns = (__u64)BPF_CORE_READ(upid, ns);
	return BPF_CORE_READ(upid, nr);
}

/* A thread's number as the agent has it, whose namespace need not be the first; AA_TID_UNSEEN: it has none there. */
static __always_inline __u32 tid_of(struct task_struct *task)
{
	__u64 ns;
	__u32 tid;

	if (!aa_control.pid_level)
		return task->pid;
	tid = tid_at(task, aa_control.pid_level, &ns);
	return tid && ns == aa_control.pid_ns ? tid : AA_TID_UNSEEN;
}

/* Run by the agent itself, each time before the others are attached: where it is, and by what numbers it knows threads. */
SEC("raw_tp")
int spread_agent(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	(void)ctx;
	aa_control.pid_level = BPF_CORE_READ(task, thread_pid, level);
	tid_at(task, aa_control.pid_level, &aa_control.pid_ns);
	aa_control.agent = BPF_CORE_READ(task, pid);
	return 0;
}

static __always_inline __u32 cpu_of(struct task_struct *task)
{
	struct task_struct___cpu *old = (void *)task;

	return bpf_core_field_exists(task->thread_info.cpu) ? task->thread_info.cpu : old->cpu;
}

static __always_inline bool is_runnable(struct task_struct *task)
{
	struct task_struct___state_long *old = (void *)task;

	return !(bpf_core_field_exists(task->__state) ? task->__state : old->state);
}

/* Once, until the agent has looked: from then on it knows by itself when to look again. */
static __always_inline void wake_agent(enum aa_wanted what, __u32 app)
{
	struct aa_rec *r;

	if (aa_cpus.armed != what)
		return;
	aa_cpus.armed = 0; /* two CPUs at once may both wake it: once more does no harm */
	r = bpf_ringbuf_reserve(&ring_life, sizeof(*r), 0);
	if (!r) /* a ring that is full has woken the agent; and there is nothing in this record to lose */
		return;
	record_head(r, AA_REC_QUEUED, app, bpf_ktime_get_ns(), 0);
	bpf_ringbuf_submit(r, BPF_RB_FORCE_WAKEUP);
}

/* One that may use fewer CPUs is not moved, and waits where it is: the agent would come to look in vain. */
static __always_inline bool may_move(struct task_struct *task)
{
	return (__u32)task->nr_cpus_allowed >= aa_cpus.online;
}

/* A thread waits. Whoever reads "since" twice, and "queued" in between, has two that belong together. */
static __always_inline void note_queued(struct aa_cpu *c, __u32 tid, __u64 since)
{
	c->queued = 0;
	barrier();
	c->since = since;
	barrier();
	c->queued = tid;
	wake_agent(AA_WANTED_QUEUED, c->app);
}

/*
 * Who of the app of n, which runs now as tid, would run on: prev, or who ran before the agent came to look. 0: nobody.
 */
static __always_inline __u32 waits_behind(const struct aa_cpu *c, struct task_struct *prev, bool preempt,
					  const struct aa_thread *n, __u32 tid)
{
	struct aa_thread *p;

	if ((__u32)prev->pid == aa_control.agent)
		return c->app == n->app && c->running != tid && !c->fixed ? c->running : 0;
	p = spread_thread(prev);
	return p && p->app == n->app && (preempt || is_runnable(prev)) && may_move(prev) ? tid_of(prev) : 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(spread_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct aa_cpu *c = cpu_at(bpf_get_smp_processor_id());
	struct aa_thread *n = spread_thread(next);
	bool swapped, returned;
	__u32 tid, waits;

	/* the agent comes for a moment to look, and is not in the way */
	if (!c || (__u32)next->pid == aa_control.agent)
		return 0;
	if (!n) {
		if (c->running) {
			c->running = 0;
			wake_agent(AA_WANTED_LEFT, c->app);
		}
		return 0;
	}
	tid = tid_of(next);
	waits = waits_behind(c, prev, preempt, n, tid);
	if (waits == AA_TID_UNSEEN) /* the agent could not move it */
		waits = 0;
	swapped = c->queued == tid;
	returned = !c->running;
	c->app = n->app;
	c->fixed = !may_move(next);
	c->running = tid;
	if (swapped) /* two that take turns: still one of them waits, since the same moment */
		c->queued = waits;
	else if (waits)
		note_queued(c, waits, bpf_ktime_get_ns());
	else if (returned && c->queued) /* a neighbour was here, and somebody waits still */
		wake_agent(AA_WANTED_QUEUED, c->app);
	return 0;
}

static __always_inline int on_enqueue(struct task_struct *task, __u32 cpu, __u64 since)
{
	struct aa_thread *t = spread_thread(task);
	struct aa_cpu *c = t ? cpu_at(cpu) : NULL;
	__u32 tid;

	if (!c || !c->running || c->app != t->app || !may_move(task))
		return 0;
	tid = tid_of(task);
	if (c->running != tid && tid != AA_TID_UNSEEN)
		note_queued(c, tid, since);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(spread_wakeup, struct task_struct *task)
{
	return on_enqueue(task, cpu_of(task), bpf_ktime_get_ns());
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(spread_wakeup_new, struct task_struct *task)
{
	return on_enqueue(task, cpu_of(task), bpf_ktime_get_ns());
}

/*
 * One that was ready already: most often because it executes a program, when the kernel looks for a CPU with less to do
 * by its own measure, and so takes back what the agent has just done. It has waited before, and is not made to again.
 */
SEC("tp_btf/sched_migrate_task")
int BPF_PROG(spread_migrate, struct task_struct *task, int cpu)
{
	return is_runnable(task) ? on_enqueue(task, (__u32)cpu, bpf_ktime_get_ns() - AA_SPREAD_WAITED_NS) : 0;
}
