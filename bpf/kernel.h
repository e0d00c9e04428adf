/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * The kernel types that our programs read, with only the fields that they read: CO-RE finds the offsets in the running
 * kernel's BTF. Names after ___ are flavours: the same type as another kernel has it.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

/*
 * Where it matters little how long a program takes, pointers are read with BPF_CORE_READ(): for each one that is read
 * directly through an argument of a tracepoint or the current task, verifiers since 6.2 search all types of the kernel
 * by name, up to four times, whether what was read is to be trusted as well. That was a third of the time to load.
 */

#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

typedef struct {
	int counter;
} atomic_t;

struct qstr {
	const unsigned char *name;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct inode {
	__u16 i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	__u32 i_rdev;
	__u32 i_generation;
	struct hlist_head i_dentry;
	atomic_t i_writecount; /* open for writing so many times; less than 0: being executed */
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	union {
		struct hlist_node d_alias;
	} d_u;
};

/* 7.2: what d_u was has no name any more */
struct dentry___d_alias {
	struct hlist_node d_alias;
};

struct address_space {
	struct inode *host;
};

struct file {
	struct inode *f_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
};

struct autogroup;

struct task_group {
	unsigned long shares;
	struct task_group *parent;
	struct autogroup *autogroup; /* CONFIG_SCHED_AUTOGROUP */
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
};

struct rq {
	__u64 clock;
	unsigned int nr_running;
	struct task_struct *curr;
};

struct cfs_rq {
	struct rq *rq;
	int throttle_count;
};

struct sched_avg {
	unsigned long runnable_avg;
};

struct load_weight {
	unsigned long weight;
};

struct sched_entity {
	struct load_weight load;
	struct sched_avg avg;
	__u64 sum_exec_runtime;
	__u64 prev_sum_exec_runtime;
	struct cfs_rq *cfs_rq;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* as many as there are controllers */
	struct cgroup *dfl_cgrp;
};

/* Which values there are, and what they are, is up to the kernel's configuration. */
enum cgroup_subsys_id {
	cpuset_cgrp_id,
	cpu_cgrp_id,
	cpuacct_cgrp_id,
	io_cgrp_id,
	memory_cgrp_id,
	devices_cgrp_id,
	freezer_cgrp_id,
	pids_cgrp_id,
};

struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1]; /* one more than level: from the first namespace to its own */
};

struct thread_info {
	__u32 cpu;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	unsigned int flags;
	unsigned int
		on_cpu; /* a byte in 7.2; and CO-RE can tell what an unsigned field becomes, but not a signed one */
	struct sched_entity se;
	int nr_cpus_allowed;
	int prio;
	struct mm_struct *mm;
	int exit_state;
	int exit_code;
	unsigned int in_iowait : 1;
	unsigned int in_memstall : 1;
	int pid;
	int tgid;
	void *stack;
	__u64 start_time;
	__u64 self_exec_id;
	struct task_struct *real_parent;
	struct list_head children;
	struct list_head sibling;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	unsigned long maj_flt;
	char comm[16];
	struct files_struct *files;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct task_group *sched_task_group; /* CONFIG_CGROUP_SCHED */
	unsigned int policy;
};

/* Seen in 7.2, not in 6.18: its locks are rqspinlocks, its memory comes without any, so it is made in any context. */
struct bpf_local_storage {
	__u64 mem_charge;
};

/* Before 5.14 (2f064a59a11f) */
struct task_struct___state_long {
	long state;
};

/* Where thread_info has no cpu: x86 before 5.16 (bcf9033e5449) */
struct task_struct___cpu {
	unsigned int cpu;
};

/* 6.18: CPU quotas stop each task on its way to user space, and say so in the task */
struct task_struct___throttled {
	bool throttled;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
};

struct pt_regs___call_x86 {
	unsigned long si, di, orig_ax, ip;
	__u16 cs;
};

struct pt_regs___call_arm64 {
	__u64 regs[31];
	__u64 pstate;
	__s32 syscallno;
};

struct pollfd {
	int fd;
	short events, revents;
};

struct gendisk {
	int major, first_minor;
};

struct request_queue {
	struct gendisk *disk;
};

struct request {
	struct request_queue *q;
	unsigned int cmd_flags;
	unsigned int __data_len;
	__u64 __sector;
	__u64 start_time_ns;
};

/* Before 5.17 (f3fa33acca9f) */
struct request___rq_disk {
	struct gendisk *rq_disk;
};

/* A folio since 5.16, a page before; the event's argument is a folio since 5.17 (a0580c6f9bab). Same first fields. */
struct page {
	struct address_space *mapping;
	unsigned long index;
};

struct folio {
	struct address_space *mapping;
	unsigned long index;
};

struct folio___flags_long {
	unsigned long flags;
};

/* 6.18 (memdesc_flags_t) */
typedef struct {
	unsigned long f;
} memdesc_flags_t;

struct folio___flags_memdesc {
	memdesc_flags_t flags;
};

/* The low byte holds the order of a large folio since 6.6 (ebc1baf5c9b4) */
struct folio___flags_1 {
	unsigned long _flags_1;
};

/* Up to 6.5 (before ebc1baf5c9b4) the order has a byte of its own; 6.1 was looked at */
struct folio___order {
	unsigned char _folio_order;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

enum pageflags {
	PG_head = 6,
};

#pragma clang attribute pop

#define PF_IO_WORKER 0x00000010
#define PF_MEMALLOC 0x00000800
#define PF_KTHREAD 0x00200000

#define TASK_RUNNING 0x0
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_DEAD 0x80
#define TASK_NOLOAD 0x400

#define SCHED_NORMAL 0
#define SCHED_BATCH 3

#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFIFO 0010000
#define BDEVFS_MAGIC 0x62646576

#define CLONE_VM 0x00000100
#define CLONE_VFORK 0x00004000
#define CLONE_THREAD 0x00010000

#endif /* BPF_KERNEL_H */
