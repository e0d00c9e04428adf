/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The programs that note which pages are looked at, and the table that they note it in. */
#ifndef TRACE_USE_H
#define TRACE_USE_H

#include <stdbool.h>
#include <stdint.h>

struct aa_use_state;
struct bpf_map;
struct bpf_program;
struct use;

/* What of a loaded object it needs; all not owned. */
struct use_parts {
	const struct bpf_program *reads; /* attached while reads are to be noted */
	const struct bpf_program *added; /* attached while they are not */
	const struct bpf_program *map_pages,
		*fault; /* attached while something may be cold: every start has many faults */
	const struct bpf_map *table, *times, *looks;
	struct aa_use_state *state;
};

/*
 * Makes ready. A look by a system call is noted from now on, a fault not yet. Returns 0, or -errno. The caller frees *ret
 * with use_close().
 */
int use_open(const struct use_parts *parts, struct use **ret);

/*
 * Detaches them. NULL is fine.
 */
void use_close(struct use *use);

/*
 * Notes all looks, from now on, and until use_pace_now() finds that they tell nothing new. Returns 1 if faults
 * were not noted before, 0 if they were, or -errno.
 */
int use_note_all(struct use *use);

/*
 * For when no app runs. Notes no faults until the next use_note_all(), if the last one was 10 s before now_ns,
 * CLOCK_MONOTONIC: that waits for tens of milliseconds.
 */
void use_rest(struct use *use, uint64_t now_ns);

/*
 * Decides whether reads are noted for now; now_ns is CLOCK_MONOTONIC. To be called often while an app runs.
 */
void use_pace_now(struct use *use, uint64_t now_ns);

/*
 * Forgets what was noted. What is attached stays, but notes nothing before a followed thread misses a page.
 */
void use_forget(struct use *use);

/*
 * Whether looks are noted, and the table had room for all.
 */
bool use_is_known(const struct use *use);

/*
 * Which of AA_USE_PAGES pages of a file were looked at, from block * AA_USE_PAGES on; dev is the kernel's dev_t. If any
 * were, *ret_since_ns is when the first one was, CLOCK_MONOTONIC, to 16 us.
 */
uint64_t use_of(const struct use *use, uint32_t dev, uint64_t ino, uint64_t block, uint64_t *ret_since_ns);

#endif /* TRACE_USE_H */
