/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What there is to say about the profiles of a folder, without the profiles themselves. */
#ifndef PROFILE_SUMMARY_H
#define PROFILE_SUMMARY_H

#include "profile/profile.h"

struct profile_summary {
	uint64_t id;
	struct profile_key key; /* owned */
	struct profile_history history;
	struct profile_next next[PROFILE_NEXT_MAX];
	uint32_t nnext, nfiles, nranges;
	uint64_t bytes; /* that its ranges have */
};

struct profile_unreadable {
	uint64_t id;
	bool aside; /* an earlier run put it out of the way, and a good one may be in its place */
	char why[80]; /* for people */
};

struct profile_summaries {
	struct profile_summary *list; /* last used first */
	size_t n;
	struct profile_unreadable *unreadable; /* what is there besides, in the order of ids */
	size_t nunreadable;
};

/*
 * Reads all profiles of a folder, and changes nothing there; no folder: none. Free with profile_summaries_clear().
 * Returns 0, -EPERM (the folder is not ours alone), -ENOMEM or -errno.
 */
int profile_summaries_read(const char *directory, struct profile_summaries *ret);
void profile_summaries_clear(struct profile_summaries *summaries);

/*
 * Which part of the wall time the last replay saved, in percent, negative if it took longer; NAN: not known.
 */
double profile_gain_percent(const struct profile_history *history);

/*
 * Reads a name that is an id: 16 hexadecimal digits.
 */
bool profile_parse_id(const char *name, uint64_t *ret);

/*
 * The one with this id; NULL: there is none.
 */
const struct profile_summary *profile_summaries_of_id(const struct profile_summaries *summaries, uint64_t id);

/*
 * How many have this name, which is an id or a command; one of them is in *ret.
 */
size_t profile_summaries_find(const struct profile_summaries *summaries, const char *name,
			      const struct profile_summary **ret);

/*
 * How many ids of profiles, readable or not, begin with a prefix of PROFILE_PREFIX_MIN or more hexadecimal digits; one of
 * them is in *ret.
 */
#define PROFILE_PREFIX_MIN 4
size_t profile_summaries_prefix(const struct profile_summaries *summaries, const char *prefix, uint64_t *ret);

/*
 * Whether an id begins with such a prefix.
 */
bool profile_id_begins(uint64_t id, const char *prefix);

/*
 * Whether name, which is no id, is this one's.
 */
bool profile_summary_is(const struct profile_summary *summary, const char *name);

#endif /* PROFILE_SUMMARY_H */
