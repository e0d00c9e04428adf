/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* An app that does not find in memory what it needs: the agent is told at its first miss, or at its exec. */
#ifndef BPF_COLD_H
#define BPF_COLD_H

#include "follow.h"

/* Wakes the agent: what the app needs is not in memory, so the sooner it is brought the better. */
static __always_inline void tell_cold(__u32 app, __u64 id, struct aa_counts *c)
{
	__u64 now = c->starts + 1;
	struct aa_rec *r;

	if (c->told_cold == now)
		return;
	c->told_cold = now; /* two CPUs at once may both tell: once more does no harm */
	aa_use.cold = 1;
	r = bpf_ringbuf_reserve(&ring_life, sizeof(*r), 0);
	if (!r) /* a ring that is full has woken the agent, which does not wait for this for ever */
		return;
	record_head(r, AA_REC_COLD, app, bpf_ktime_get_ns(), id);
	bpf_ringbuf_submit(r, BPF_RB_FORCE_WAKEUP);
}

/* Of a process that is not followed yet, and may be about to become an app: at its exec it is too late to see that. */
static __always_inline void note_first(__u32 pid, struct inode *inode)
{
	struct aa_first *f = &aa_first[pid & (AA_FIRSTS - 1)];

	f->inode[1] = f->pid == pid ? f->inode[0] : 0;
	f->inode[0] = (__u64)(unsigned long)inode;
	f->pid = pid;
}

/* Whether the new program of the current task was not in memory. */
static __always_inline bool is_cold_program(struct task_struct *task, struct linux_binprm *bprm)
{
	struct aa_first *f = &aa_first[task->pid & (AA_FIRSTS - 1)];
	__u64 inode = (__u64)(unsigned long)BPF_CORE_READ(bprm, file, f_inode);

	return f->pid == (__u32)task->pid && (f->inode[0] == inode || f->inode[1] == inode);
}

#endif /* BPF_COLD_H */
