/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Background programs that run anywhere, brought into groups where they can be slowed: only if the settings say so. */
#ifndef DEMOTE_H
#define DEMOTE_H

#include "act/expedite.h"
#include "act/place.h"
#include "model/change.h"

#define DEMOTE_GROUPS 8 /* homes that background programs are found in; those in further ones are left alone */

struct demoted {
	struct place groups[DEMOTE_GROUPS];
	struct change changes[DEMOTE_GROUPS]; /* for the report, one a group; knob NULL where nobody was moved */
	unsigned int ngroups;
	uint64_t next_ns; /* when to look again */
};

/*
 * Looks for processes that background() names and moves each into the group for background programs of its home (or, if
 * such programs are alone in their group, takes that one), every few seconds. The groups are in d->groups; token is part
 * of the names of those that are made.
 */
void demote_look(struct demoted *d, const struct place_rules *rules, uint32_t token, place_member background,
		 void *context, struct journal *journal, struct expedite *expedite, uint64_t now_ns);

#endif /* DEMOTE_H */
