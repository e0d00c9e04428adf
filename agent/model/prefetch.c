// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* The words that reports use. */
#include "model/prefetch.h"

const char *const recorded_state_names[RECORDED_STATES] = {
	[RECORDED_NOTHING] = "nothing", [RECORDED_RUNNING] = "running",       [RECORDED_WRITTEN] = "written",
	[RECORDED_WARM] = "warm",       [RECORDED_INCOMPLETE] = "incomplete", [RECORDED_UNKNOWN] = "unknown",
	[RECORDED_FAILED] = "failed",   [RECORDED_WRITING] = "writing",       [RECORDED_SKIPPED] = "skipped",
};
