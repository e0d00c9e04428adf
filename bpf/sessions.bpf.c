// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Which sessions compete for the CPUs: in the root of the control groups, with autogroup, each does as one. */
#include "follow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define BUSY \
	256 /* of 1,024: how much of the last 100 ms or so it ran or wanted to: who wakes up now and then is no rival. New threads count */

/* Whether a thread of others runs or wants to, one of those that share by weight. */
static __always_inline bool competes(struct task_struct *task)
{
	unsigned int policy = task->policy;

	if (task_state(task) || task->exit_state || (task->flags & PF_KTHREAD) || thread_of(task))
		return false;
	if (bpf_core_field_exists(task->se.avg.runnable_avg) && task->se.avg.runnable_avg < BUSY)
		return false;
	return policy == SCHED_NORMAL || policy == SCHED_BATCH;
}

/* Whether it is the agent itself, or a command that it starts and holds, which is to get a group. */
static __always_inline bool is_agents(struct task_struct *task)
{
	__u32 agent = bpf_get_current_pid_tgid() >> 32;

	return (__u32)task->tgid == agent || (__u32)BPF_CORE_READ(task, real_parent, tgid) == agent;
}

/* One pass over all tasks, whenever the agent reads it: a row for each such thread that is in no control group. */
SEC("iter/task")
int sessions(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_group *group;
	struct aa_session row;
	void *parent;

	if (!bpf_core_field_exists(task->sched_task_group) || !bpf_core_field_exists(struct task_group, autogroup))
		return 0;
	if (!task || !competes(task) || is_agents(task))
		return 0;
	group = BPF_CORE_READ(task,
			      sched_task_group); /* of the session, if it is in no other: sched_get_task_group() */
	parent = BPF_CORE_READ(group, parent);
	if (parent && !BPF_CORE_READ(group, autogroup))
		return 0;
	/* what was there before the first session competes by itself */
	row.weight = parent ? BPF_CORE_READ(group, shares) : task->se.load.weight;
	row.id = parent ? (__u64)group : 0;
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}
