/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Reads what a profile names into the page cache, chunk by chunk. */
#ifndef REPLAY_READ_H
#define REPLAY_READ_H

#include "profile/profile.h"
#include "profile/replay_process.h"

/*
 * Opens the profile of a job and replays it. Returns 0, with why it stopped in progress; -ECANCELED if the profile is
 * disabled; or -errno: what it failed on before anything was read.
 */
int replay_read(const struct replay_job *job, struct replay_progress *progress);

/*
 * The same for a profile that is open.
 */
int replay_read_profile(const struct profile *profile, const struct replay_job *job, struct replay_progress *progress);

#endif /* REPLAY_READ_H */
