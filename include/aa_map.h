/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Values of the maps that both sides know. */
#ifndef AA_MAP_H
#define AA_MAP_H

#include <linux/bpf.h>
#include "aa_record.h"

struct aa_app {
	struct bpf_spin_lock lock; /* of ledger */
	__u32 pad;
	__u64 clock_ahead; /* CLOCK_MONOTONIC less the run queues' clock, ns; 0: not known, or they do not keep together */
	struct aa_ledger ledger;
};

#define AA_THREAD_RECLAIM 1 /* between the begin and the end of a direct reclaim */
#define AA_THREAD_VFORK 2 /* its child borrows its memory: the next uninterruptible wait is for that child */
#define AA_THREAD_NO_EXEC 4 /* forked, and not yet counted as a process of another command */
#define AA_THREAD_EARLY 8 /* counts as running since an idle CPU was woken for it; the switch to it is to come */

struct aa_thread {
	__u32 app;
	__u32 cell; /* command, index in the ledger */
	__u8 state; /* enum aa_state; changes under the app's lock */
	__u8 flags;
	__u16 syscall; /* that the wait began in */
	__u8 next_state; /* on its way into the ledger */
	__u8 file_state; /* what a wait for the last file that it waited for is */
	__u8 waker_followed;
	__u8 pad;
	__u32 waker; /* of the present wait, 0: unknown */
	__u64 inode; /* of that file: its address, which kinds of files do not share */
	__u64 since; /* in this state, ns */
	struct aa_queued queued;
	__u64 ran; /* task->se.sum_exec_runtime when it last left a CPU, ns */
	__u64 faults; /* task->maj_flt when it was last read */
	/* page cache misses in a row, not yet sent */
	__u64 miss_since; /* first of them */
	__u64 miss_ino;
	__u64 miss_index;
	__u32 miss_dev;
	__u32 miss_generation;
	__u32 miss_pages;
	char waker_comm[AA_COMM_LEN];
	__u32 exec; /* task->self_exec_id at the last exec that is known here, or when the thread was new */
};

/* One byte a pid, up to the kernel's own limit of 2^22: whether the thread may have a mark. */
#define AA_PIDS (1 << 22)
#define AA_PID_ROW 64 /* a line of the cache */

struct aa_seed {
	__u32 app; /* index + 1 */
	__u32 at_exec; /* 1: from its next exec on; 0: from the next scan on */
};

/*
 * Before 5.13 tracing programs have no task storage and no spin locks, and before 5.12 only atomics that return nothing:
 * there, marks and seeds are in hash tables, and locks are counters. bpf/plain.h
 */
#define AA_PLAIN_THREADS 32768

struct aa_plain_thread { /* by the address of its task_struct, which an exec does not change, as it may the pid */
	__u64 tgid; /* another one: the address has been used again */
	struct aa_thread thread;
};

struct aa_plain_seed { /* by the thread group, in the first pid namespace */
	struct aa_seed seed;
	__u64 since; /* CLOCK_MONOTONIC, ns: a process that began later has only got the same pid */
};

struct aa_plain_lock {
	__u32 takers; /* who has it, and those who have just tried */
	__u32 cpu; /* of who has it, + 1 */
	__u64 changes; /* odd: somebody has it */
	__u64 reserved[6]; /* a line of the cache each */
};

#define AA_PLAIN_LOCKS AA_MAX_APPS /* a power of two */

/* One glob of one app as a shift-and automaton: see bpf/match.h. */
#define AA_PATTERN_TOKENS 63
#define AA_PATTERN_INTERPRETER AA_MAX_APPS /* app: not an app, but a program that runs scripts */
#define AA_MAX_PATTERNS (AA_MAX_APPS + 32)

struct aa_pattern {
	__u64 accept[256]; /* by byte: the tokens that take it */
	__u64 star; /* tokens that a star stands before */
	__u32 length; /* tokens */
	__u32 app;
};

#define AA_SYSCALLS 512

/* What a wait in a system call is for, by its number. */
enum aa_syscall {
	AA_SYS_OTHER,
	AA_SYS_CHILD,
	AA_SYS_FUTEX,
	AA_SYS_TIMER,
	AA_SYS_SOCKET,
	AA_SYS_READ_FD, /* by the type of the file in the first argument */
	AA_SYS_WRITE_FD,
	AA_SYS_POLL, /* by the first file of the list in the first argument */
	AA_SYS_SYNC, /* fsync and its like: waits for the disk, in_iowait or not */
	AA_SYS_WRITE, /* writes to files in other ways: truncate, rename, ... */
	AA_SYS_RING, /* io_uring_enter, io_getevents: may wait for the disk, or for anything */
};

/* What the agent and the programs tell each other. */
struct aa_control {
	__u32 live; /* 0: no thread is followed, leave at once. Set by the first mark, never cleared. */
	__u32 level; /* 0: waits for the app; 1: ledger; 2: block, page cache and wait records too */
	__u32 scanning; /* the agent marks running processes now */
	__u32 agent; /* tid of the agent in the first namespace; its turns on a CPU do not count for spreading */
	__u32 recording; /* misses and names are sent whatever the level */
	__u32 pid_level; /* of the agent's pid namespace; 0: the first */
	__u64 pid_ns; /* the address of that */
	__u64 spread; /* one bit an app: its CPUs are watched for spreading */
	__u64 marked; /* threads marked by scans */
	__u64 lost[AA_RECORD_KINDS]; /* records that found the ring full */
	__u64 untracked_requests; /* block requests that found the request table full */
	__u64 unlocked; /* changes left out because the lock was not to be had in time; only where locks are plain */
};

/* A thread of others that runs or wants to all the time, in the root control group. */
struct aa_session {
	__u64 id; /* the address of its session's group; 0: it has none, and competes by itself */
	__u64 weight; /* of that, as the kernel scales it: AA_SESSION_WEIGHT is nice 0 */
};

#define AA_SESSION_WEIGHT (1 << 20) /* NICE_0_LOAD, kernel/sched/sched.h, on 64 bits */

/* Whose first page a process has just missed, by pid: a program that was not in memory when it was about to be executed. */
#define AA_FIRSTS 64

struct aa_first {
	__u64 inode[2]; /* their addresses, the last one first: a program's loader is read after it */
	__u32 pid;
	__u32 pad;
};

#define AA_SPREAD_CPUS 1024 /* CPUs beyond them are not watched for spreading */
#define AA_SPREAD_WAITED_NS 200000ULL /* that a thread waits before it is moved */
#define AA_TID_UNSEEN 0xffffffffU /* a thread that has no number in the agent's pid namespace */

/* One CPU, as spreading sees it. A line of the cache each: every switch there may write it. */
struct aa_cpu {
	__u32 running; /* thread of an app to spread that runs here, by the agent's numbers; 0: something else does */
	__u32 queued; /* another thread, of the same app if one of it runs, that waits for the CPU; 0: none */
	__u32 app; /* that they belong to */
	__u32 fixed; /* the one that runs may use fewer CPUs than are online */
	__u64 since; /* one of them has waited, CLOCK_MONOTONIC ns */
	__u64 reserved[5];
};

enum aa_wanted {
	AA_WANTED_NOTHING,
	AA_WANTED_QUEUED, /* that a thread queues up */
	AA_WANTED_LEFT, /* that a CPU goes from an app to somebody else */
};

struct aa_cpus {
	__u32 armed; /* aa_wanted: for what the agent wants to be woken; cleared by the wake-up */
	__u32 online; /* CPUs; a thread that may use fewer is not noted as queued */
	__u32 pad[14];
	struct aa_cpu cpu[AA_SPREAD_CPUS];
};

/* The hierarchy that a followed cgroup is in. */
enum aa_hierarchy {
	AA_CGROUP_NONE, /* no cgroup is followed */
	AA_CGROUP_V2,
	AA_CGROUP_CPU,
	AA_CGROUP_CPUACCT,
	AA_CGROUP_CPUSET,
	AA_CGROUP_MEMORY,
	AA_CGROUP_IO,
	AA_CGROUP_PIDS,
	AA_CGROUP_FREEZER,
	AA_CGROUP_DEVICES,
};

/* Written by the agent before loading. */
struct aa_config {
	__u32 apps;
	__u32 patterns;
	__u32 cpus; /* online */
	__u32 page_bytes;
	__u32 hierarchy; /* enum aa_hierarchy */
	__u32 scans; /* what runs already is looked for, too */
	__u32 plain; /* neither task storage nor spin locks nor bpf_get_current_task_btf(): bpf/plain.h */
	__u32 stack_bytes; /* of a kernel stack, where bpf_task_pt_regs() is missing; else 0 */
	__u64 cgroup; /* id of the cgroup that app 0 is, with all below it */
	__u64 pid_ns_dev, pid_ns_ino; /* the agent's pid namespace, as stat(2) shows it */
	__u8 syscall[AA_SYSCALLS]; /* enum aa_syscall by system call number */
};

#endif /* AA_MAP_H */
