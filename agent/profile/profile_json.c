/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Profiles as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "profile/profile_print.h"
#include "report/value.h"

#define SCHEMA_LIST "accel-agent.profiles/1"
#define SCHEMA_ONE "accel-agent.profile/1"
#define NS_PER_SECOND 1e9

/* As text: a JSON number cannot hold all of them. */
json_t *profile_json_id(const void *id)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, *(const uint64_t *)id);
	return json_string(text);
}

static json_t *seconds_or_null(int64_t ns)
{
	return ns > 0 ? value_number((double)ns / NS_PER_SECOND) : json_null();
}

static json_t *waits_or_null(const struct profile_cost *cost)
{
	return cost->wall_ns ? value_number((double)cost->waits_ns / NS_PER_SECOND) : json_null();
}

static json_t *next_array(const struct profile_summaries *all, const struct profile_summary *one)
{
	json_t *ret = json_array();
	int err = 0;
	uint32_t i;

	for (i = 0; i < one->nnext; i++) {
		const struct profile_summary *next = profile_summaries_of_id(all, one->next[i].id);

		err |= json_array_append_new(ret, json_pack("{so so so so}", "id", profile_json_id(&one->next[i].id),
							    "command", value_string(next ? next->key.command : NULL),
							    "times", value_count(one->next[i].times), "last_run",
							    value_count(one->next[i].last_run)));
	}
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *summary_object(const struct profile_summaries *all, const struct profile_summary *one)
{
	const struct profile_history *h = &one->history;

	return json_pack("{so so so so so so so so so so so so so so so so so so so so so so so}", "id",
			 profile_json_id(&one->id), "command", value_string(one->key.command), "program",
			 value_string(one->key.program), "directory", value_string(one->key.directory), "uid",
			 value_count(one->key.uid), "container", json_boolean(one->key.flags & PROFILE_KEY_CONTAINER),
			 "program_bytes", value_count(one->key.program_size), "program_modified",
			 seconds_or_null(one->key.program_mtime_ns), "files", value_count(one->nfiles), "ranges",
			 value_count(one->nranges), "bytes", value_count(one->bytes), "runs", value_count(h->runs),
			 "replays", value_count(h->replays), "unpaid", value_count(h->unpaid), "disabled",
			 json_boolean(h->disabled), "recorded", seconds_or_null(h->recorded_ns), "replayed",
			 seconds_or_null(h->replayed_at_ns), "cold_seconds", seconds_or_null((int64_t)h->cold.wall_ns),
			 "cold_wait_seconds", waits_or_null(&h->cold), "replayed_seconds",
			 seconds_or_null((int64_t)h->replayed.wall_ns), "replayed_wait_seconds",
			 waits_or_null(&h->replayed), "gain_percent", value_number(profile_gain_percent(h)), "next",
			 next_array(all, one));
}

static json_t *unreadable_object(const void *entry)
{
	const struct profile_unreadable *one = entry;

	return json_pack("{so so so}", "id", profile_json_id(&one->id), "reason", value_string(one->why), "set_aside",
			 json_boolean(one->aside));
}

json_t *profile_json_list(const char *directory, const struct profile_summaries *all)
{
	json_t *list = json_array();
	int err = 0;
	size_t i;

	for (i = 0; i < all->n; i++)
		err |= json_array_append_new(list, summary_object(all, &all->list[i]));
	if (err) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{ss so so so so}", "schema", SCHEMA_LIST, "folder", value_string(directory), "profiles", list,
			 "unreadable", value_count(all->nunreadable), "unreadable_profiles",
			 value_array(all->unreadable, all->nunreadable, sizeof(*all->unreadable), unreadable_object));
}

static json_t *largest_array(const struct profile *profile)
{
	struct profile_share largest[PROFILE_LARGEST];
	int i, n = profile_largest(profile, largest), err = 0;
	json_t *ret = n < 0 ? NULL : json_array();

	for (i = 0; i < n; i++) {
		const struct profile_file *file = largest[i].file;
		bool device = file->flags & PROFILE_FILE_DEVICE;

		err |= json_array_append_new(
			ret, json_pack("{so so so so}", "path", value_string(profile_path_of(profile, file)), "bytes",
				       value_count(largest[i].bytes), "size",
				       device ? json_null() : value_count(file->size), "device", json_boolean(device)));
	}
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

json_t *profile_json_one(const struct profile_summaries *all, const struct profile_summary *one,
			 const struct profile *profile)
{
	json_t *ret = summary_object(all, one);
	int err = json_object_set_new(ret, "schema", json_string(SCHEMA_ONE));

	err |= json_object_set_new(ret, "largest_files", largest_array(profile));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}
