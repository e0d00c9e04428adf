/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* From the records of a run that has ended to a profile: what is done in a process of its own. */
#ifndef RECORD_WRITE_H
#define RECORD_WRITE_H

#include "profile/profile.h"
#include "run/identity.h"
#include "run/writers.h"

struct recorder;
struct replaying;
struct tracer;

struct record_job {
	const char *directory; /* of the profiles */
	const char *command;
	const struct identity *identity;
	struct recorder *recorder;
	struct tracer *tracer; /* NULL: it is not known which pages were looked at */
	struct replaying *replaying; /* NULL: nothing is replayed */
	unsigned int app;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	struct profile_cost
		cost; /* but for its bytes; wall_ns 0: it was not seen whole, or is mixed with another run */
};

/*
 * The work for writers_start(): context is the job. outcome->recorded has the numbers of records lost, the rest is filled
 * in; what is RECORDED_INCOMPLETE from the start is not written.
 */
int record_write(void *context, struct writers_outcome *outcome);

#endif /* RECORD_WRITE_H */
