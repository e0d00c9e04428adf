/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Recording in a run: each run of an app, from its first process to its last, becomes part of its command's profile. */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>

#include "aa_record.h"
#include "model/prefetch.h"

struct recording;
struct replaying;
struct watch;

/*
 * Starts to record the runs of the apps of a watch that are seen from their first exec on; profiles are kept in
 * directory, and learn what became of the replays of replaying (NULL: there are none). All have to live as long. Returns
 * NULL if there is no memory. Free with recording_close().
 */
struct recording *recording_open(struct watch *watch, const char *directory, struct replaying *replaying);
void recording_close(struct recording *recording);

/*
 * Says which command app 0 is about to become, so that it is known however short it lives.
 */
void recording_identify(struct recording *recording, char *const command[]);

/*
 * Says that an app runs already, so that it is not recorded before it has ended and started again.
 */
void recording_joined(struct recording *recording, unsigned int app);

/*
 * Takes in a record, before the watch does.
 */
void recording_take(struct recording *recording, const struct aa_rec *record);

/*
 * After each drain: writes what has ended, in a process of its own.
 */
void recording_tick(struct recording *recording);

/*
 * Ends what still goes on, and has it written, which it waits for, but not long. After the last drain.
 */
void recording_finish(struct recording *recording);

/*
 * What became of an app's last run. Valid until recording_close().
 */
const struct prefetch_recorded *recording_result(const struct recording *recording, unsigned int app);

#endif /* RECORDING_H */
