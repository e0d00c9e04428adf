/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Ring buffer records and map values, as the BPF side writes and the agent reads them. */
#ifndef AA_RECORD_H
#define AA_RECORD_H

#include <linux/types.h>
#include "aa_ledger.h"

#define AA_RECORD_VERSION 1
#define AA_MAX_APPS 64
#define AA_PATH_LEN 1024 /* bytes of names in a record; most records are shorter */
#define AA_LONG_WAIT_NS 5000000 /* a wait that a person would want to know of */

enum aa_record_kind {
	AA_REC_START, /* an app has its first thread */
	AA_REC_END, /* an app's last thread left */
	AA_REC_EXEC,
	AA_REC_FORK,
	AA_REC_EXIT,
	AA_REC_BLOCK, /* one block request, completed; level 2 */
	AA_REC_MISS, /* pages that the page cache missed; level 2, or while a profile is recorded */
	AA_REC_FILE, /* names of a file that missed, once a file and run; with AA_REC_MISS */
	AA_REC_WAIT, /* a wait of AA_LONG_WAIT_NS or more, but for timers; level 2 */
	AA_REC_CGROUP, /* a process was moved into the followed cgroup: scan again */
	AA_REC_QUEUED, /* a thread of an app to spread waits for a CPU: says no more than that, to wake the agent; never lost */
	AA_REC_COLD, /* an app missed its first page, maybe of its program before the exec: likewise, while recording */
	AA_RECORD_KINDS,
};

struct aa_rec {
	__u16 version; /* AA_RECORD_VERSION */
	__u16 kind; /* enum aa_record_kind */
	__u32 app;
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u32 pid; /* thread group, in the first pid namespace */
	__u32 tid;
};

struct aa_rec_exec { /* also START, FORK (pid, tid: the child's) and END */
	struct aa_rec h;
	__u64 cgroup_id;
	__u32 parent; /* thread group of the parent */
	__u32 local_pid; /* START: pid in the agent's own pid namespace, 0: it has none there */
	char comm[AA_COMM_LEN];
};

struct aa_rec_exit {
	struct aa_rec h;
	__u32 exit_code; /* as wait(2) reports it */
	__u32 pad;
	char comm[AA_COMM_LEN];
};

#define AA_BLOCK_READ 0
#define AA_BLOCK_WRITE 1
#define AA_BLOCK_FLUSH 2
#define AA_BLOCK_OTHER 3 /* discard, zone management, passthrough */
#define AA_BLOCK_OPS 4

struct aa_rec_block {
	struct aa_rec h; /* pid 0: submitted by a thread that is not followed */
	__u64 sector; /* 512 bytes */
	__u32 dev; /* the kernel's dev_t: major << 20 | minor */
	__u32 bytes;
	__u32 op; /* AA_BLOCK_* */
	__u32 queue_us; /* from start to issue */
	__u64 device_ns; /* from issue to completion */
};

struct aa_rec_miss {
	struct aa_rec h; /* time_ns: of the first page */
	__u64 ino; /* 0: the device itself, that is, its file system's metadata */
	__u64 index; /* in pages */
	__u32 dev;
	__u32 generation;
	__u32 pages;
	__u32 pad;
};

struct aa_rec_file {
	struct aa_rec h;
	__u64 ino;
	__u32 dev;
	__u32 generation;
	__u32 bytes; /* used in names */
	__u32 complete; /* 1: names reach the root of the file system */
	char names
		[AA_PATH_LEN]; /* the file's name first, each NUL-terminated, then its directory, ...; ends with bytes */
};

struct aa_rec_wait {
	struct aa_rec h;
	__u64 wait_ns;
	__u32 waker; /* thread group that woke it, 0: unknown or an interrupt */
	__u16 syscall; /* number, 0xffff: in an exception */
	__u8 state; /* enum aa_state */
	__u8 waker_followed; /* 1: the waker belongs to the same app */
	char comm[AA_COMM_LEN];
	char waker_comm[AA_COMM_LEN];
};

/*
 * Log-linear histogram of ns: 16 buckets a power of two, so a bucket is at most 1/16 of its value wide. bpf/histogram.h
 */
#define AA_HIST_BUCKETS 512

/* One device and one submitter: a followed app, or AA_NOBODY for everybody else, since the first app started. */
#define AA_NOBODY AA_MAX_APPS

struct aa_dev_key {
	__u32 app;
	__u32 dev;
};

struct aa_dev {
	__u64 requests[AA_BLOCK_OPS]; /* completed */
	__u64 bytes[AA_BLOCK_OPS];
	__u64 sequential; /* requests that start where this submitter's last one ended */
	__u64 total_ns; /* sum of latencies, from start to completion */
	__u64 max_ns;
	__u64 next_sector;
	__u32 latency[AA_HIST_BUCKETS]; /* reads and writes */
};

/* Counters of one app that do not need the ledger's lock. */
struct aa_counts {
	__u64 processes;
	__u64 execs;
	__u64 starts; /* of a process that is followed by itself */
	__u64 missed_pages;
	__u64 missed_bytes;
	__u64 major_faults;
	__u64 unfollowed; /* children that could not be marked: no memory for task storage */
	__u64 told_cold; /* starts + 1 when AA_REC_COLD was last sent */
};

_Static_assert(sizeof(struct aa_rec) == 24, "ring buffer record header");
_Static_assert(sizeof(struct aa_rec_block) == 56, "block record");
_Static_assert(sizeof(struct aa_rec_miss) == 56, "miss record");

#endif /* AA_RECORD_H */
