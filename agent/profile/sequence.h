/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Remembers which command ended last, so that the profile of that one learns what came next. */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include <stdint.h>

#define SEQUENCE_DIR "/var/lib/accel-agent"

/* CLOCK_REALTIME, ns: for the other function. */
uint64_t sequence_now_ns(void);

/*
 * A command with the profile id, run in folder place, started at start_ns and ended at end_ns: if another one with a profile
 * ended there shortly before it started, that one's profile in profiles learns it. Then this is the last one. state is
 * the folder that remembers it. Says nothing where it fails: then nothing is expected to follow.
 */
void sequence_ended(const char *state, const char *profiles, uint64_t id, const char *place, uint64_t start_ns,
		    uint64_t end_ns);

#endif /* SEQUENCE_H */
