// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* inotify(7) tells which of the folder's profiles are no longer what was read. */
#include "profile/profile_cache.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/profile_store.h"
#include "util/cleanup.h"
#include "util/log.h"

#define CHANGES (IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)

/* A profile of the folder that was looked at; without a map it is one that is not kept. */
struct cached {
	uint64_t id;
	struct profile profile;
};

struct profile_cache {
	const char *directory; /* not owned */
	bool (*wants)(void *context, const char *command);
	void *context;
	int changes; /* inotify; -1: the folder is not watched */
	bool dirty; /* there may be profiles that were not looked at */
	struct cached *list; /* owned */
	size_t n;
	uint64_t bytes; /* of those that are kept */
};

/* --- what is kept --- */

static void drop(struct profile_cache *c, size_t i)
{
	if (c->list[i].profile.map) {
		c->bytes -= c->list[i].profile.map_bytes;
		profile_close(&c->list[i].profile);
	}
	c->list[i] = c->list[--c->n];
}

static void drop_all(struct profile_cache *c)
{
	while (c->n)
		drop(c, c->n - 1);
}

static struct cached *find(const struct profile_cache *c, uint64_t id)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->list[i].id == id)
			return &c->list[i];
	return NULL;
}

static bool is_kept(const struct profile_cache *c, const struct profile *p)
{
	return c->bytes + p->map_bytes <= PROFILE_CACHE_BYTES && c->wants(c->context, p->key.command);
}

/* Who is too large is not even read. */
static bool is_small(const struct profile_cache *c, uint64_t id)
{
	char name[PROFILE_NAME_MAX], path[PATH_MAX];
	struct stat st;
	int n;

	profile_store_name(id, name);
	n = snprintf(path, sizeof(path), "%s/%s", c->directory, name);
	return n > 0 && n < (int)sizeof(path) && !lstat(path, &st) && (uint64_t)st.st_size <= PROFILE_CACHE_ONE_BYTES;
}

static void look_at(struct profile_cache *c, uint64_t id)
{
	struct cached *larger = reallocarray(c->list, c->n + 1, sizeof(*larger)), *one;
	const char *why;

	if (!larger)
		return;
	c->list = larger;
	one = &c->list[c->n++];
	*one = (struct cached){ .id = id };
	/* what is wrong with one is for those to say who want it */
	if (!is_small(c, id) || profile_look(c->directory, id, &one->profile, &why)) {
		one->profile.map = NULL;
		return;
	}
	if (is_kept(c, &one->profile)) {
		c->bytes += one->profile.map_bytes;
		return;
	}
	profile_close(&one->profile);
	one->profile.map = NULL;
}

/* --- changes --- */

static void stop_watching(struct profile_cache *c)
{
	if (c->changes >= 0)
		close(c->changes);
	c->changes = -1;
	drop_all(c);
}

static void start_watching(struct profile_cache *c)
{
	c->changes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (c->changes < 0)
		return;
	if (inotify_add_watch(c->changes, c->directory, CHANGES | IN_ONLYDIR | IN_DONT_FOLLOW) < 0)
		stop_watching(c);
	c->dirty = true;
}

static void on_change(struct profile_cache *c, const struct inotify_event *event)
{
	struct cached *one;
	uint64_t id;

	c->dirty = true;
	if (event->mask & IN_Q_OVERFLOW)
		drop_all(c);
	if (!event->len || !profile_store_parse(event->name, &id))
		return;
	one = find(c, id);
	if (one)
		drop(c, (size_t)(one - c->list));
}

void profile_cache_settle(struct profile_cache *c)
{
	char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event;
	bool gone = false;
	ssize_t n, at;

	while (c->changes >= 0 && (n = read(c->changes, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < n; at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const struct inotify_event *)(buffer + at);
			gone |= event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT);
			on_change(c, event);
		}
	}
	if (gone)
		stop_watching(c);
}

/* --- the API --- */

struct profile_cache *profile_cache_new(const char *directory, bool (*wants)(void *context, const char *command),
					void *context)
{
	struct profile_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->directory = directory;
	c->wants = wants;
	c->context = context;
	c->changes = -1;
	return c;
}

void profile_cache_free(struct profile_cache *cache)
{
	if (!cache)
		return;
	stop_watching(cache);
	free(cache->list);
	free(cache);
}

int profile_cache_fd(const struct profile_cache *cache)
{
	return cache->changes;
}

void profile_cache_refresh(struct profile_cache *cache)
{
	cleanup_free uint64_t *ids = NULL;
	size_t n, i;

	if (cache->changes < 0)
		start_watching(cache);
	profile_cache_settle(cache);
	if (cache->changes < 0 || !cache->dirty)
		return;
	cache->dirty = false;
	if (profile_store_ids(cache->directory, &ids, &n))
		return;
	for (i = 0; i < n; i++)
		if (!find(cache, ids[i]))
			look_at(cache, ids[i]);
	log_debug("profiles: %zu in %s, %llu bytes of them in memory", n, cache->directory,
		  (unsigned long long)cache->bytes);
}

const struct profile *profile_cache_get(const struct profile_cache *cache, uint64_t id)
{
	const struct cached *one = find(cache, id);

	return one && one->profile.map ? &one->profile : NULL;
}
