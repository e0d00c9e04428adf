/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a thread that cannot run waits for. */
#ifndef BPF_WAIT_H
#define BPF_WAIT_H

#include "follow.h"

#define UNKNOWN_SYSCALL 0xfffe /* a kernel thread, or a 32-bit program with numbers of its own */

struct wait_call {
	__u32 nr;
	__u64 arg0;
	__u64 arg1;
};

#if defined(__TARGET_ARCH_x86)
#define USER32_CS 0x23

/* Before 5.15 (dd6e10fbd9fb) there is no bpf_task_pt_regs(), and what is at the top of a stack has no type. */
#define READ_USER(from, field) (aa_config.stack_bytes ? BPF_CORE_READ(from, field) : (from)->field)

/*
 * The system call that task is in. At its switch-out, and while it sleeps, its user registers are at the top of its
 * kernel stack; orig_ax is -1 there when an exception brought it into the kernel.
 */
static __always_inline void wait_call_read(struct task_struct *task, struct wait_call *ret)
{
	struct pt_regs___call_x86 *regs;
	unsigned long nr;

	*ret = (struct wait_call){
		.nr = UNKNOWN_SYSCALL
	}; /* all of it: kernels before 6.3 refuse to spill what is not set */
	if (READ_USER(task, flags) & (PF_KTHREAD | PF_IO_WORKER))
		return;
	if (aa_config.stack_bytes)
		regs = BPF_CORE_READ(task, stack) + aa_config.stack_bytes - bpf_core_type_size(*regs);
	else
		regs = (struct pt_regs___call_x86 *)bpf_task_pt_regs(task);
	if (READ_USER(regs, cs) == USER32_CS)
		return;
	nr = READ_USER(regs, orig_ax);
	ret->nr = (long)nr < 0 ? NO_SYSCALL : nr;
	ret->arg0 = READ_USER(regs, di);
	ret->arg1 = READ_USER(regs, si);
}
#elif defined(__TARGET_ARCH_arm64)
#define PSR_MODE32 0x10
static __always_inline void wait_call_read(struct task_struct *task, struct wait_call *ret)
{
	struct pt_regs___call_arm64 *regs;

	*ret = (struct wait_call){
		.nr = UNKNOWN_SYSCALL
	}; /* all of it: kernels before 6.3 refuse to spill what is not set */
	if (task->flags & (PF_KTHREAD | PF_IO_WORKER))
		return;
	regs = (struct pt_regs___call_arm64 *)bpf_task_pt_regs(task);
	if (regs->pstate & PSR_MODE32)
		return;
	ret->nr = regs->syscallno < 0 ? NO_SYSCALL : regs->syscallno;
	ret->arg0 = regs->regs[0];
	ret->arg1 = regs->regs[1];
}
#else
#error "no system call registers known for this architecture"
#endif

static __always_inline __u8 syscall_class(__u32 nr)
{
	barrier_var(nr); /* else the check is done on one copy and the access on another, which the verifier refuses */
	if (nr >= AA_SYSCALLS)
		return AA_SYS_OTHER;
	return aa_config.syscall[nr];
}

/* By the type of an open file: pipe, socket, or something else (a terminal, an eventfd, ...). */
static __always_inline __u32 wait_fd(struct task_struct *task, struct aa_thread *t, __u32 fd)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;
	struct inode *inode;
	__u16 mode;

	if (!fdt || fd >= BPF_CORE_READ(fdt, max_fds) ||
	    bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(fdt, fd) + fd) || !file)
		return AA_SLEEP_OTHER;
	/* a thread mostly waits for the same file again */
	inode = BPF_CORE_READ(file, f_inode);
	if (t->inode == (__u64)inode)
		return t->file_state;
	mode = BPF_CORE_READ(inode, i_mode) & S_IFMT;
	t->inode = (__u64)inode;
	t->file_state = mode == S_IFIFO ? AA_SLEEP_PIPE : mode == S_IFSOCK ? AA_SLEEP_SOCKET : AA_SLEEP_OTHER;
	return t->file_state;
}

/* An interruptible sleep, by the system call. */
static __always_inline __u32 wait_sleep(struct task_struct *task, struct aa_thread *t, const struct wait_call *call,
					bool is_current)
{
	struct pollfd first;

	switch (syscall_class(call->nr)) {
	case AA_SYS_CHILD:
		return AA_SLEEP_CHILD;
	case AA_SYS_FUTEX:
		return AA_SLEEP_FUTEX;
	case AA_SYS_TIMER:
		return AA_SLEEP_TIMER;
	case AA_SYS_SOCKET:
		return AA_SLEEP_SOCKET;
	case AA_SYS_READ_FD:
	case AA_SYS_WRITE_FD:
		return wait_fd(task, t, call->arg0);
	case AA_SYS_POLL:
		if (!call->arg1)
			return AA_SLEEP_TIMER;
		/* user memory can be read only in the task's own context */
		if (!is_current || bpf_probe_read_user(&first, sizeof(first), (void *)call->arg0))
			return AA_SLEEP_OTHER;
		return wait_fd(task, t, first.fd);
	}
	return AA_SLEEP_OTHER;
}

/*
 * Returns state by way of memory: the verifier forgets which of the fifteen it is, and does not follow the caller once
 * for each (five times fewer instructions verified, and as much less time to load).
 */
static __always_inline __u32 wait_any(struct aa_thread *t, __u32 state)
{
	*(volatile __u8 *)&t->next_state = state;
	return *(volatile __u8 *)&t->next_state;
}

/*
 * The state of a task that leaves the CPU, or is away from it, with this task state (not running, not dead).
 */
static __always_inline __u32 wait_state(struct task_struct *task, struct aa_thread *t, long task_state, bool is_current)
{
	bool iowait = BPF_CORE_READ_BITFIELD(task, in_iowait);
	struct wait_call call;
	__u8 class;

	wait_call_read(task, &call);
	t->syscall = call.nr;
	if (!(task_state & TASK_UNINTERRUPTIBLE) && !iowait)
		return wait_sleep(task, t, &call, is_current);

	if (in_reclaim(t, task) ||
	    (bpf_core_field_exists(task->in_memstall) && BPF_CORE_READ_BITFIELD(task, in_memstall)))
		return AA_RECLAIM;
	class = syscall_class(call.nr);
	if (iowait) {
		if (call.nr == NO_SYSCALL)
			return AA_FAULT;
		/* io_uring raises in_iowait for sockets, too: believe it only in an uninterruptible wait */
		if (class == AA_SYS_RING && !(task_state & TASK_UNINTERRUPTIBLE))
			return AA_SLEEP_OTHER;
		return class == AA_SYS_SYNC || class == AA_SYS_WRITE || class == AA_SYS_WRITE_FD ? AA_DISK_WRITE :
												   AA_DISK_READ;
	}
	if (task_state & TASK_NOLOAD)
		return AA_SLEEP_OTHER;
	if (t->flags & AA_THREAD_VFORK) {
		t->flags &= ~AA_THREAD_VFORK;
		return AA_SLEEP_CHILD;
	}
	/* a journal's commit is waited for without in_iowait */
	return class == AA_SYS_SYNC ? AA_DISK_WRITE : AA_LOCK;
}

/* A runnable task without a CPU: is it that its group's quota is used up? */
static __always_inline __u32 wait_runnable(struct task_struct *task)
{
	struct task_struct___throttled *p = (void *)task;
	struct cfs_rq *cfs_rq;

	if (bpf_core_field_exists(p->throttled))
		return p->throttled ? AA_THROTTLED : AA_RUNQ;
	if (!bpf_core_field_exists(task->se.cfs_rq) || !bpf_core_field_exists(((struct cfs_rq *)NULL)->throttle_count))
		return AA_RUNQ;
	cfs_rq = task->se.cfs_rq;
	return cfs_rq && cfs_rq->throttle_count > 0 ? AA_THROTTLED : AA_RUNQ;
}

#endif /* BPF_WAIT_H */
