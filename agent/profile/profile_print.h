/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Profiles for people, and as JSON. */
#ifndef PROFILE_PRINT_H
#define PROFILE_PRINT_H

#include <jansson.h>

#include "profile/profile_summary.h"

struct page;

/*
 * Errors stay with page->out: ask ferror().
 */
void profile_print_list(const struct page *page, const char *directory, const struct profile_summaries *all);

/*
 * One of them in full; profile is the same, opened. Returns 0 or -ENOMEM.
 */
int profile_print_one(const struct page *page, const struct profile_summaries *all, const struct profile_summary *one,
		      const struct profile *profile);

/*
 * The same for programs. Each returns a new reference, or NULL: out of memory.
 */
json_t *profile_json_id(const void *id); /* a uint64_t */
json_t *profile_json_list(const char *directory, const struct profile_summaries *all);
json_t *profile_json_one(const struct profile_summaries *all, const struct profile_summary *one,
			 const struct profile *profile);

#define PROFILE_LARGEST 10

/* A file and what the profile has of it. */
struct profile_share {
	const struct profile_file *file;
	uint64_t bytes;
};

/*
 * Up to PROFILE_LARGEST files of which the profile has most, those first. Returns how many, or -ENOMEM.
 */
int profile_largest(const struct profile *profile, struct profile_share ret[PROFILE_LARGEST]);

#endif /* PROFILE_PRINT_H */
