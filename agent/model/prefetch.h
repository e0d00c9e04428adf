/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What became of an app's prefetch profile in this run: plain data. run/ fills it, report/ reads it. */
#ifndef PREFETCH_H
#define PREFETCH_H

#include <stdbool.h>
#include <stdint.h>

enum recorded_state {
	RECORDED_NOTHING, /* no run began while the agent watched */
	RECORDED_RUNNING, /* a run goes on */
	RECORDED_WRITING, /* it has ended, and its profile is not in its place yet */
	RECORDED_WRITTEN,
	RECORDED_WARM, /* nothing was missed: the profile is as it was */
	RECORDED_INCOMPLETE, /* too many records were lost: the profile is as it was */
	RECORDED_UNKNOWN, /* its program or working directory could not be told */
	RECORDED_FAILED, /* the profile could not be written */
	RECORDED_SKIPPED, /* too many runs before it were still being written: the profile is as it was */
	RECORDED_STATES,
};

/* The last run that ended, or the one that goes on. */
struct prefetch_recorded {
	enum recorded_state state;
	int error; /* RECORDED_FAILED: errno */
	bool added; /* RECORDED_WRITTEN: to a profile that was there */
	uint64_t runs; /* that ended while the agent watched */
	uint64_t skipped; /* part of them: see RECORDED_SKIPPED */
	uint64_t files, ranges, bytes; /* that this run missed, and that can be read in advance */
	uint64_t outputs; /* files left out: written by the run, or by others meanwhile */
	uint64_t gone, unnamed, unreachable; /* files left out: see profile/recorded.h */
	uint64_t dropped; /* ranges for which there was no room */
	uint64_t lost; /* records that found the ring full, or were never made */
};

extern const char *const recorded_state_names[RECORDED_STATES];

#endif /* PREFETCH_H */
