/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A replay of a profile, from the agent's side: a process that is started, looked at and ended. */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>

#include "profile/replay_process.h"

struct replay;

/*
 * Forks the process; job->agent is set here, what job points to must outlive the call only. Returns 0, -ENOMEM or
 * -errno. Free with replay_free().
 */
int replay_start(const struct replay_job *job, struct replay **ret);

/*
 * The process, and whether it is still at it. 0: it has ended.
 */
pid_t replay_pid(const struct replay *replay);
bool replay_is_over(struct replay *replay);

/*
 * Ends it, if it has not ended by itself, and says why in its progress. Does not wait: what hangs in a file system, or in
 * a read, ends as soon as that lets it.
 */
void replay_end(struct replay *replay, enum replay_stop why);

/*
 * Waits until one that was ended is over, for half a second at most.
 */
void replay_await_end(struct replay *replay);

/*
 * What it has done so far. Owned by replay.
 */
const struct replay_progress *replay_progress(const struct replay *replay);

/*
 * Ends it and frees. Returns the process if it has still to be waited for, else 0. Accepts NULL.
 */
pid_t replay_free(struct replay *replay);

#endif /* REPLAY_H */
