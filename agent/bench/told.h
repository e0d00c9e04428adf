/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the reports of the runs with tuning tell: what held the app back, and what the agent did about it. */
#ifndef BENCH_TOLD_H
#define BENCH_TOLD_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define TOLD_TEXT 128

struct told_bottleneck {
	char id[32];
	double *percent; /* of the wall time, owned: one for each run that named it */
	size_t n;
	double median; /* over all runs, 0 for those that did not name it; set by told_finish() */
};

/* One knob, over all runs and targets: groups have other names in each run. */
struct told_action {
	char knob[TOLD_TEXT];
	unsigned int kept, undone, refused; /* times */
	unsigned int unmeasured; /* of those that were kept: there is no effect to show */
	char reason[2 * TOLD_TEXT]; /* of the last refusal; "": none */
};

struct told {
	unsigned int runs; /* whose report was read */
	double start_seconds; /* in all of them: until the agent let the command begin */
	struct told_bottleneck *bottlenecks; /* owned; after told_finish() the largest first */
	size_t nbottlenecks;
	struct told_action *actions; /* owned; in the order in which they were first seen */
	size_t nactions;
	unsigned int replays; /* runs whose profile was replayed */
	uint64_t replayed_bytes; /* in all of them */
};

/*
 * Adds what the report in a file says, from its start on. Returns 0; -ENOENT: it is empty; -EBADMSG: it is none; -ENOMEM
 * or -errno.
 */
int told_add(struct told *told, int fd);

/*
 * To be called once, after the last report.
 */
void told_finish(struct told *told);

/*
 * The same as JSON: {"runs", "start_seconds" (of one run), "bottlenecks", "actions", "prefetch"}. NULL: out of memory.
 */
json_t *told_json(const struct told *told);

/*
 * Frees what it owns and zeroes it.
 */
void told_clear(struct told *told);

#endif /* BENCH_TOLD_H */
