/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which command follows which: make after configure, ctest after make. */
#ifndef PROFILE_NEXT_H
#define PROFILE_NEXT_H

#include "profile/profile.h"

#define PROFILE_NEXT_SECONDS 60 /* that one command comes after another to count as following it */

/*
 * Notes in a profile that the command with the profile id came next. Where there are too many, the one that came least
 * often leaves, of equals the one that came longest ago.
 */
void profile_next_learn(struct profile *profile, uint64_t id);

/*
 * The id of the command that mostly comes next: at least twice, and at least half of the times. 0: none does.
 */
uint64_t profile_next_guess(const struct profile *profile);

#endif /* PROFILE_NEXT_H */
