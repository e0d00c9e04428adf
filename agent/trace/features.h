/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What this kernel offers our programs: probed in its BTF, never concluded from a version. */
#ifndef FEATURES_H
#define FEATURES_H

#include <stdbool.h>

struct features {
	bool btf; /* the kernel describes its types */
	bool task_storage;
	bool ring_buffer;
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

/*
 * Reads the kernel's BTF, and sends what libbpf has to say from now on to log_debug. Returns 0, also where much is
 * missing, or -errno if it could not be read at all (ret->btf is false then, and all else absent).
 */
int features_probe(struct features *ret);

/*
 * The first thing that is missing without which nothing works, with what would provide it; NULL: all is there.
 */
const char *features_missing(const struct features *f);

#endif /* FEATURES_H */
