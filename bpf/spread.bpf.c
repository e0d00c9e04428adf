// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Who of an app waits on a CPU, for another of the same app or for a neighbour: what the agent needs to know to bring one
 * of them to a CPU that has none of the app. The kernel balances busy CPUs every 32 to 64 ms only, which is longer than
 * a compiler lives. Attached while it is wanted; and no more than a few stores to the CPU's own line.
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
}

/*
 * Who of an app would run on, where tid of it runs now (0: nobody of it): prev, or who ran before the agent came to look.
 * 0: nobody.
 */
static __always_inline __u32 waits_behind(const struct aa_cpu *c, struct task_struct *prev, bool preempt, __u32 app,
					  __u32 tid)
{
	struct aa_thread *p;
	__u32 waits;

	if ((__u32)prev->pid == aa_control.agent)
		return c->app == app && c->running != tid && !c->fixed ? c->running : 0;
	p = spread_thread(prev);
	if (!p || p->app != app || !(preempt || !task_state(prev)) || !may_move(prev))
		return 0;
	waits = tid_of(prev);
	return waits == AA_TID_UNSEEN ? 0 : waits; /* the agent could not move it */
}

/*
 * None of the app runs here any more. Who is taken off the CPU waits for it, if nobody has waited for longer. For that one
 * the agent looks when it is no kernel thread that took the CPU, which does so for a moment only.
 */
static __always_inline void on_leave(struct aa_cpu *c, struct task_struct *prev, bool preempt, struct task_struct *next)
{
	__u32 waits;

	if (c->running) {
		waits = waits_behind(c, prev, preempt, c->app, 0);
		c->running = 0;
		if (waits && !c->queued)
			note_queued(c, waits, bpf_ktime_get_ns());
		wake_agent(AA_WANTED_LEFT, c->app);
	}
	if (c->queued && !(next->flags & PF_KTHREAD))
		wake_agent(AA_WANTED_QUEUED, c->app);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(spread_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct aa_cpu *c = cpu_at(bpf_get_smp_processor_id());
	struct aa_thread *n = spread_thread(next);
	bool swapped, returned;
	__u32 tid, waits;

	if (!c)
		return 0;
	if ((__u32)next->pid == aa_control.agent) {
		/* it comes for a moment to look, and is not in the way */
		if (c->running && !preempt && task_state(prev)) {
			c->running = 0;
			wake_agent(AA_WANTED_LEFT, c->app);
		}
		return 0;
	}
	if (!n) {
		on_leave(c, prev, preempt, next);
		return 0;
	}
	tid = tid_of(next);
	waits = waits_behind(c, prev, preempt, n->app, tid);
	swapped = c->queued == tid;
	returned = !c->running;
	c->app = n->app;
	c->fixed = !may_move(next);
	c->running = tid;
	if (swapped) /* two that take turns: still one of them waits, since the same moment */
		c->queued = waits;
	else if (waits)
		note_queued(c, waits, bpf_ktime_get_ns());
	if (c->queued && !swapped && (waits || returned)) /* or: a neighbour was here, and somebody waits still */
		wake_agent(AA_WANTED_QUEUED, c->app);
	return 0;
}

/*
 * A thread of that app is ready on a CPU, and has waited so long elsewhere. Where somebody else runs it gets the CPU most
 * often at once: the agent looks when it comes anyway, or when the next of the others follows there, and then at whoever
 * has waited for longest. Behind one of the app there is room for the last one that came.
 */
static __always_inline void on_enqueue(struct aa_cpu *c, __u32 app, __u32 tid, __u64 waited)
{
	bool behind = c->running;

	if (behind ? c->app != app || c->running == tid : c->queued)
		return;
	c->app = app;
	note_queued(c, tid, bpf_ktime_get_ns() - (behind ? waited : 0));
	if (behind)
		wake_agent(AA_WANTED_QUEUED, app);
}

static __always_inline int on_wakeup(struct task_struct *task)
{
	struct aa_thread *t = spread_thread(task);
	struct aa_cpu *c = t ? cpu_at(cpu_of(task)) : NULL;
	__u32 tid = c && may_move(task) ? tid_of(task) : AA_TID_UNSEEN;

	if (c && tid != AA_TID_UNSEEN)
		on_enqueue(c, t->app, tid, 0);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(spread_wakeup, struct task_struct *task)
{
	return on_wakeup(task);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(spread_wakeup_new, struct task_struct *task)
{
	return on_wakeup(task);
}

/*
 * One that was ready already: most often because it executes a program, when the kernel looks for a CPU with less to do
 * by its own measure, and so takes back what the agent has just done. It has waited before, and is not made to again. One
 * that the agent moves may use one CPU just then: it is not noted where it comes, and so not moved to and fro.
 */
SEC("tp_btf/sched_migrate_task")
int BPF_PROG(spread_migrate, struct task_struct *task, int cpu)
{
	struct aa_thread *t = spread_thread(task);
	struct aa_cpu *from = t ? cpu_at(cpu_of(task)) : NULL, *to = t ? cpu_at((__u32)cpu) : NULL;
	__u32 tid = t ? tid_of(task) : AA_TID_UNSEEN;

	if (tid == AA_TID_UNSEEN)
		return 0;
	if (from && from->queued == tid)
		from->queued = 0;
	if (from && from->running == tid) /* the agent is there, and it goes elsewhere meanwhile */
		from->running = 0;
	if (to && may_move(task) && !task_state(task)) /* else it sleeps, and its wake-up follows */
		on_enqueue(to, t->app, tid, AA_SPREAD_WAITED_NS);
	return 0;
}
