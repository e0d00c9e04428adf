/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a rule's value is made of, read from the group and from those beside it. */
#ifndef FACTS_H
#define FACTS_H

#include "act/rule.h"

struct facts_machine {
	uint64_t memory_bytes;
	uint32_t fast_cpus; /* 0: all are alike */
	const char *fast_list;
	bool autogroup; /* in the root of the hierarchy sessions compete, not threads */
	double (*sessions)(
		void *context); /* what those weigh that do now, in sessions of nice 0; NAN: unknown; or NULL */
	void *context;
};

/* What the first reading found, to tell what is new since. Zero before it. */
struct facts_before {
	uint64_t refaults; /* pages */
	bool known;
};

/*
 * Threads that run or want to, on the whole machine, less the one that asks; NAN if the kernel does not say.
 */
double facts_ready(void);

/*
 * Reads the facts for a knob of group. A group that is still to be made has the neighbours that it will have. memory is
 * the group whose memory the value is made of (the app's, also for a knob of a group above it), NULL for none; before
 * belongs to it. ready: threads of others that are; of the groups beside, no more than that compete, and at least one;
 * NAN: all may. What cannot be read counts as nobody, or nothing.
 */
void facts_read(const struct facts_machine *machine, const struct sys_cgroup *group, const struct sys_cgroup *memory,
		double ready, struct facts_before *before, struct rule_facts *ret);

/*
 * Whether anybody but the group itself is beside it: a populated group, or processes of the group above. Bounded: with
 * more than 64 groups, the first ones speak for all.
 */
bool facts_has_neighbours(const struct sys_cgroup *group);

/*
 * The group above. Returns 0, or -ENOENT at the top of what is mounted.
 */
int facts_parent(const struct sys_cgroup *group, struct sys_cgroup *ret);

#endif /* FACTS_H */
