/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A change on trial, on a control group (v1) that is made of files: for the tests of trial_ functions. */
#ifndef TESTS_UNIT_TRYING_H
#define TESTS_UNIT_TRYING_H

#include <stdint.h>

#include "act/trial.h"
#include "tests/unit/sandbox.h"

#define TRYING_MS 1000000ULL
#define TRYING_SECOND 1000000000ULL
#define TRYING_SHARES "/cg/app/cpu.shares" /* 1024, and with the change 4096 */

extern const struct rule trying_rule;
/* The same, set at the start of an app, and measured once more, and slowly, when that has lived for some time. */
extern const struct rule trying_start_rule;

struct trying {
	struct sandbox *sandbox;
	struct journal *journal;
	struct sys_cgroup group; /* "/app" below its mount */
	struct trial t;
	struct evidence evidence;
	struct rule_facts facts; /* group_bytes: what the rules want, in thousandths of the default weight */
	uint64_t now_ns;
	double counter; /* seconds that the app ran */
};

/* For cmocka: *state is a struct trying. */
int trying_setup(void **state);
int trying_teardown(void **state);

/* Plans the change. Returns what trial_plan() does. */
int trying_plan(struct trying *f, enum trial_group kind);

/* Plans and makes it, in a group of somebody else's; the second as if by a rule for the start. */
void trying_make(struct trying *f);
void trying_make_at_start(struct trying *f);

/* How many journals there are. */
unsigned int trying_journals(struct trying *f);

/*
 * Measures an app that runs at on CPUs with the change, and at off without it, until there is a verdict; or one that has
 * another phase in each pair: too much noise for a verdict.
 */
void trying_measure(struct trying *f, double off, double on);
void trying_measure_noise(struct trying *f, double off, double on);

#endif /* TESTS_UNIT_TRYING_H */
