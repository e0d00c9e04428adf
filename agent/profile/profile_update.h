/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Changing a profile: what others write meanwhile is not lost. */
#ifndef PROFILE_UPDATE_H
#define PROFILE_UPDATE_H

#include "profile/profile.h"

#define PROFILE_UNCHANGED 1

/*
 * Makes the new profile of the one that is there; last is NULL if there is none, or none that can be used. Returns 0 with
 * the new one in ret, which is closed for it by profile_close(); PROFILE_UNCHANGED; or -errno.
 */
typedef int (*profile_change)(void *context, const struct profile *last, struct profile *ret);

/*
 * Reads the profile of an id, has it changed, and writes it, all under the lock of the folder, for which it waits at most
 * PROFILE_LOCK_MS; who dies gives the lock back. Once it returns, everybody sees the new profile, but a loss of power may
 * still bring the old one back: *ret_fd is for profile_sync(), or -1 if nothing was written. Returns 0 or
 * PROFILE_UNCHANGED; -EWOULDBLOCK: others had the lock all the time; what change returned, or as profile_write().
 */
int profile_update(const char *directory, uint64_t id, profile_change change, void *context, int *ret_fd);

/*
 * Has the disk keep what was written, and closes fd. Accepts -1. Returns 0 or -errno.
 */
int profile_sync(int fd);

#endif /* PROFILE_UPDATE_H */
