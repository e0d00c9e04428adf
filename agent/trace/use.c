// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Attaches, detaches and reads; what is attached before something is detached leaves no gap between them. Attaching takes
 * tens of microseconds a program, detaching up to tens of milliseconds, for a grace period.
 */
#include "trace/use.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "aa_use.h"
#include "trace/use_pace.h"
#include "util/clock.h"
#include "util/log.h"

#define TABLE_BYTES (AA_USE_BUCKETS * sizeof(struct aa_use_bucket))
#define TIMES_BYTES (AA_USE_BUCKETS * sizeof(struct aa_use_times))
#define FAULTS_NS 10000000000ULL /* that faults are noted after the last time that it was wanted */

struct use {
	struct use_parts parts;
	struct bpf_link *reads, *added, *map_pages, *fault;
	struct aa_use_bucket *table; /* mapped */
	const struct aa_use_times *times; /* mapped */
	struct aa_use_looks *looks; /* of each CPU, as the kernel copies them */
	int ncpus;
	uint64_t noted_ns; /* when it was last wanted that all is noted, CLOCK_MONOTONIC */
	struct use_pace pace;
};

static int attach(const struct bpf_program *program, struct bpf_link **ret)
{
	struct bpf_link *link = bpf_program__attach_trace(program);

	if (!link)
		return -errno;
	*ret = link;
	return 0;
}

static void detach(struct bpf_link **link)
{
	bpf_link__destroy(*link);
	*link = NULL;
}

static void detach_faults(struct use *u)
{
	detach(&u->map_pages);
	detach(&u->fault);
}

void use_rest(struct use *use, uint64_t now_ns)
{
	if (use->fault && now_ns - use->noted_ns >= FAULTS_NS)
		detach_faults(use);
}

void use_close(struct use *use)
{
	if (!use)
		return;
	detach_faults(use);
	detach(&use->reads);
	detach(&use->added);
	if (use->table)
		munmap(use->table, TABLE_BYTES);
	if (use->times)
		munmap((void *)use->times, TIMES_BYTES);
	free(use->looks);
	free(use);
}

/* Returns NULL with errno set. */
static void *map(const struct bpf_map *m, size_t bytes, int protection)
{
	void *ret = mmap(NULL, bytes, protection, MAP_SHARED, bpf_map__fd(m), 0);

	return ret == MAP_FAILED ? NULL : ret;
}

static int start(struct use *u)
{
	u->table = map(u->parts.table, TABLE_BYTES, PROT_READ | PROT_WRITE);
	if (!u->table)
		return -errno;
	u->times = map(u->parts.times, TIMES_BYTES, PROT_READ);
	if (!u->times)
		return -errno;
	u->ncpus = libbpf_num_possible_cpus();
	if (u->ncpus < 0)
		return u->ncpus;
	u->looks = calloc((size_t)u->ncpus, sizeof(*u->looks));
	return u->looks ? attach(u->parts.reads, &u->reads) : -ENOMEM;
}

int use_open(const struct use_parts *parts, struct use **ret)
{
	struct use *u = calloc(1, sizeof(*u));
	int err;

	if (!u)
		return -ENOMEM;
	u->parts = *parts;
	err = start(u);
	if (err) {
		use_close(u);
		return err;
	}
	*ret = u;
	return 0;
}

/* --- pace --- */

static void resume(struct use *u)
{
	int err = u->reads ? 0 : attach(u->parts.reads, &u->reads);

	/* what is read is not noted then: what is added has to be, or all of it would count as unused */
	if (err)
		log_debug("reads are not noted any more: %s", strerror(-err));
	else
		detach(&u->added);
}

static void pause_reads(struct use *u)
{
	if (u->reads && !attach(u->parts.added, &u->added))
		detach(&u->reads);
}

static void count(const struct use *u, struct use_seen *ret)
{
	const __u32 zero = 0;
	int i;

	*ret = (struct use_seen){
		.missed = __atomic_load_n(&u->parts.state->missed, __ATOMIC_RELAXED),
		.full = !use_is_known(u),
	};
	if (bpf_map_lookup_elem(bpf_map__fd(u->parts.looks), &zero, u->looks))
		return;
	for (i = 0; i < u->ncpus; i++) {
		ret->reads += u->looks[i].reads;
		ret->fresh += u->looks[i].fresh;
	}
}

static int attach_faults(struct use *u)
{
	int err = attach(u->parts.map_pages, &u->map_pages);

	if (!err)
		err = attach(u->parts.fault, &u->fault);
	if (err)
		detach_faults(u);
	return err ? err : 1;
}

int use_note_all(struct use *use)
{
	__atomic_store_n(&use->parts.state->cold, 1, __ATOMIC_RELAXED);
	use->pace = (struct use_pace){ 0 };
	use->noted_ns = clock_monotonic_ns();
	resume(use);
	return use->fault ? 0 : attach_faults(use);
}

void use_pace_now(struct use *use, uint64_t now_ns)
{
	struct use_seen seen;

	if (!use_pace_is_due(&use->pace, now_ns))
		return;
	count(use, &seen);
	if (!use_pace(&use->pace, &seen, now_ns))
		pause_reads(use);
	else
		resume(use);
}

/* --- table --- */

void use_forget(struct use *use)
{
	use->pace = (struct use_pace){ 0 };
	resume(use);
	__atomic_store_n(&use->parts.state->cold, 0, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&use->parts.state->blocks, __ATOMIC_RELAXED))
		return;
	memset(use->table, 0, TABLE_BYTES);
	__atomic_store_n(&use->parts.state->blocks, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&use->parts.state->full, 0, __ATOMIC_RELAXED);
}

bool use_is_known(const struct use *use)
{
	return use->fault && !__atomic_load_n(&use->parts.state->full, __ATOMIC_RELAXED);
}

uint64_t use_of(const struct use *use, uint32_t dev, uint64_t ino, uint64_t block, uint64_t *ret_since_ns)
{
	uint64_t now = clock_monotonic_ns() >> AA_USE_TICK_SHIFT, bits;
	uint32_t place = 0, tick;

	bits = aa_use_bits(use->table, aa_use_tag(dev, ino, block), &place);
	tick = use->times[place / AA_USE_SLOTS].slot[place % AA_USE_SLOTS];
	*ret_since_ns = (now - (uint32_t)((uint32_t)now - tick)) << AA_USE_TICK_SHIFT;
	return bits;
}
