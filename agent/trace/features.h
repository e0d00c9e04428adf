/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What this kernel offers our programs: probed in its BTF, never concluded from a version. */
#ifndef FEATURES_H
#define FEATURES_H

#include <stdbool.h>
#include <stddef.h>

struct features {
	bool btf; /* the kernel describes its types */
	bool task_storage; /* for tracing programs, and with it what else came by then: spin locks, atomics */
	bool first_pids; /* the agent is in the first pid namespace: pids mean the same to it and to the kernel */
	bool ring_buffer;
	bool reads_refused; /* BPF programs may not read the kernel's memory: lockdown=confidentiality */
	bool locked_memory; /* what BPF takes counts against RLIMIT_MEMLOCK: until Linux 5.10 */
	bool task_iterator;
	bool user_registers; /* bpf_task_pt_regs(): tells what a sleeping thread waits for */
	/* events: number of arguments, -1: this kernel does not have it */
	int sched_switch;
	int sched_wakeup;
	int task_newtask;
	int sched_process_exec;
	int sched_process_exit;
	int cgroup_attach_task;
	int block_io_start;
	int block_rq_issue;
	int block_rq_complete;
	int add_to_page_cache;
	bool folios; /* add_to_page_cache has a folio, not a page */
	bool page_use; /* it tells which pages are looked at: filemap_get_pages, _map_pages and _fault */
	int direct_reclaim;
	int memcg_reclaim;
};

struct btf;

/*
 * Reads the kernel's BTF and where the agent is, and sends what libbpf has to say from now on to log_debug. Returns 0,
 * also where much is missing, or -errno if it could not be read at all (ret->btf is false then, and all else absent).
 * *ret_kernel is what the kernel says of its types, or NULL; the caller frees it with btf__free().
 */
int features_probe(struct features *ret, struct btf **ret_kernel);

/*
 * Whether this architecture has ways around what kernels before 5.15 lack (bpf/plain.h).
 */
bool features_old_ways(void);

/*
 * The first thing that is missing without which nothing works, with what would provide it; NULL: all is there.
 */
const char *features_missing(const struct features *f);

#define FEATURES_LACKS 5

/*
 * What a report made on this kernel lacks, a sentence each, none of them owned: for who reads it. Returns how many.
 */
size_t features_lacks(const struct features *f, const char *ret[FEATURES_LACKS]);

#endif /* FEATURES_H */
