/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which knob is for which trouble: when it is due, what value it gets, how its effect is measured. Pure. */
#ifndef RULE_H
#define RULE_H

#include <stddef.h>

#include "act/evidence.h"
#include "act/knob.h"
#include "act/switchback.h"

/* What a value is made of, beside the evidence. */
struct rule_facts {
	double siblings; /* groups and threads that compete beside the group, in default weights */
	uint64_t machine_bytes; /* of memory */
	uint64_t group_bytes; /* memory charged to the group now */
	uint64_t refaulted_bytes; /* that it had to read again so far */
	uint32_t fast_cpus; /* of a hybrid machine; 0: all are alike */
	const char *fast_list; /* them, as the kernel prints a set */
};

enum rule_where {
	RULE_APP, /* the app's group */
	RULE_ABOVE, /* the groups above it, from the nearest up, as long as there is somebody beside them */
	RULE_BACKGROUND, /* the groups that the settings name as background */
};

struct rule {
	const struct knob *knob;
	const char *bottleneck; /* INTERFACE's id */
	const char *reason; /* completes "because ..." */
	enum rule_where where;
	bool at_start; /* set with the group, before there is evidence: it costs nothing where nobody competes */
	bool support; /* goes with a row further down, which has no effect without it: not measured by itself */
	bool (*due)(const struct evidence *e);
	/* Exactly one of the two. 0, or NULL: nothing that makes sense, do not touch it. */
	uint64_t (*value)(const struct evidence *e, const struct rule_facts *facts);
	const char *(*text)(const struct evidence *e, const struct rule_facts *facts);
	struct switchback_rule measure;
	/* In force, before it is measured: half of that time the app is without it, which must be little of its life. */
	uint64_t measure_after_ns;
	uint64_t slow_after_ns; /* the same, before the slow measurement */
};

/* In the order in which they are tried: one change at a time. */
extern const struct rule rules[];
extern const size_t rules_count;

/*
 * Whether others have CPUs that the app could use, or would have them if a weight did not keep them away.
 */
bool rule_crowded(const struct evidence *e);

/*
 * The evidence that is assumed at the start of an app: it wants all its CPUs.
 */
struct evidence rule_assumed(uint32_t cpus);

#endif /* RULE_H */
