/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Whose rights a replay has: root's to find its profile, the app's to read files. */
#ifndef REPLAY_RIGHTS_H
#define REPLAY_RIGHTS_H

#include "profile/replay_process.h"

/*
 * From now on, and for good, this process has the rights of the job's app; ends it if the agent has gone. Returns 0 or
 * -errno: then nothing may be read.
 */
int replay_rights_take(const struct replay_job *job);

/*
 * Which capabilities (1 << CAP_...) it keeps.
 */
uint64_t replay_rights_kept(const struct sys_view *view);

#endif /* REPLAY_RIGHTS_H */
