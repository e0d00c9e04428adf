/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One profile of two: what earlier runs of a command read, and what the last one did. */
#include "profile/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "profile/merge_side.h"
#include "profile/profile_format.h"
#include "util/cleanup.h"

/* Pieces of which there is room for more than a profile may have: each one costs memory, and fewer cost time. */
#define SPARE_PIECES (1U << 17)

struct merge {
	struct merge_side last, run;
	const uint8_t *notes;
	struct merge_file *files;
	uint32_t nfiles;
	bool cold;
	/* All ranges of first are in the result, in their order, and what second has besides comes between them. */
	struct merge_side *first, *second;
	uint32_t *at_first, *at_second; /* of each of their ranges: how many pieces; then, the number of the first */
	uint32_t npieces; /* that the result would have without a limit */
	/* Of them, unite() puts as many as window has room for in there, from number from on; none: it counts them all. */
	struct profile_range *window;
	uint32_t from, room;
};

static bool ends_before(const struct merge_cursor *a, uint32_t file, uint32_t page)
{
	return a->file < file || (a->file == file && a->end <= page);
}

/* Whether the app had to miss what it wanted of a file of the last profile and was not in the page cache anyway. */
static bool could_miss(const struct merge *m, uint32_t file)
{
	return !m->notes || !(m->notes[file] & PROFILE_MERGE_BROUGHT);
}

/* Pairs what both sides have, and finds out whether the run was cold. */
static void compare(struct merge *m)
{
	struct merge_cursor old = merge_cursor_start(&m->last), new = merge_cursor_start(&m->run);
	uint64_t could = 0, missed = 0;

	while (old.index != MERGE_NONE) {
		bool tells = could_miss(m, m->last.profile->ranges[old.index].file);

		while (new.index != MERGE_NONE && ends_before(&new, old.file, old.page))
			merge_cursor_next(&new);
		could += tells ? old.end - old.page : 0;
		while (new.index != MERGE_NONE &&new.file == old.file &&new.page < old.end) {
			uint32_t from = new.page > old.page ? new.page : old.page;
			uint32_t end = new.end < old.end ? new.end : old.end;

			missed += tells ? end - from : 0;
			if (m->last.match[old.index] == MERGE_NONE)
				m->last.match[old.index] = new.index;
			if (m->run.match[new.index] == MERGE_NONE)
				m->run.match[new.index] = old.index;
			if (new.end > old.end) /* the next old one may have a part of it */
				break;
			merge_cursor_next(&new);
		}
		merge_cursor_next(&old);
	}
	m->cold = could && 2 * missed >= could;
}

/*
 * There may be three million pieces, and no room for them but in the result: they are counted first, and go where they
 * belong when all is united once more. at is of the range that this is a piece of, its nth one.
 */
static void emit(struct merge *m, uint32_t *at, uint32_t nth, struct profile_range piece)
{
	uint32_t index = *at + nth - m->from;

	if (!m->window)
		++*at;
	else if (*at + nth >= m->from && index < m->room)
		m->window[index] = piece;
}

/* A range of first; other is what the ranges of second say that have pages of it: their seen, 0 for none of them. */
static void emit_first(struct merge *m, const struct merge_cursor *c, uint32_t other)
{
	uint32_t seen = m->cold ? other << 1 | 1 : m->last.profile->ranges[c->index].seen;

	if (!m->cold && other)
		seen = seen << 1 | 1;
	emit(m, &m->at_first[c->index], 0,
	     (struct profile_range){ c->file, c->page, (uint16_t)(c->end - c->page), (uint16_t)seen });
}

/* What second has besides: missed by this run and never before, or the other way round. Returns how many pieces it is. */
static uint32_t emit_second(struct merge *m, const struct merge_cursor *c, uint32_t nth, uint32_t page, uint32_t end)
{
	const struct profile_range *range;
	uint32_t seen = 1;

	if (m->cold) {
		range = &m->last.profile->ranges[c->index];
		seen = range->seen;
		if (could_miss(m, range->file))
			seen <<= 1;
		if (!(uint16_t)seen)
			return 0;
	}
	emit(m, &m->at_second[c->index], nth,
	     (struct profile_range){ c->file, page, (uint16_t)(end - page), (uint16_t)seen });
	return 1;
}

static uint32_t seen_of_second(const struct merge *m, const struct merge_cursor *c)
{
	return m->cold ? m->last.profile->ranges[c->index].seen : 1;
}

/* The pages of both, each once: first's as its ranges have them, and what second has between them. */
static void unite(struct merge *m)
{
	struct merge_cursor a = merge_cursor_start(m->first), b = merge_cursor_start(m->second);
	uint32_t page = b.page, nth = 0, seen = 0; /* where b is not done yet, its pieces so far; what was seen of a */

	while (a.index != MERGE_NONE || b.index != MERGE_NONE) {
		bool a_ends = b.index == MERGE_NONE || (a.index != MERGE_NONE && ends_before(&a, b.file, page));
		bool b_ends = a.index == MERGE_NONE || (b.index != MERGE_NONE && ends_before(&b, a.file, a.page));

		if (!a_ends && !b_ends) {
			if (page < a.page)
				nth += emit_second(m, &b, nth, page, a.page);
			seen |= seen_of_second(m, &b);
			page = a.end;
			b_ends = b.end <= a.end;
			a_ends = !b_ends;
		} else if (!a_ends) {
			emit_second(m, &b, nth, page, b.end);
		}
		if (a_ends) {
			emit_first(m, &a, seen);
			seen = 0;
			merge_cursor_next(&a);
		} else {
			merge_cursor_next(&b);
			page = b.page;
			nth = 0;
		}
	}
}

/*
 * What second has besides follows that range of first which its predecessors in second have pages of, or comes first of
 * all. From how many pieces each range has to the number of its first one.
 */
static int place_pieces(struct merge *m)
{
	uint32_t nfirst = m->first->profile ? m->first->profile->nranges : 0;
	uint32_t nsecond = m->second->profile ? m->second->profile->nranges : 0;
	cleanup_free uint32_t *behind = calloc((size_t)nfirst + 1, sizeof(*behind)); /* of second, by slot */
	uint32_t i, slot = 0, at = 0, here;

	if (!behind)
		return -ENOMEM;
	for (i = 0; i < nsecond; i++) {
		if (m->second->match[i] != MERGE_NONE)
			slot = m->second->match[i] + 1;
		m->second->match[i] = slot;
		here = m->at_second[i];
		m->at_second[i] = behind[slot]; /* so far: from the first one of the slot on */
		behind[slot] += here;
	}
	for (i = 0; i <= nfirst; i++) {
		here = behind[i];
		behind[i] = at;
		at += here;
		here = m->at_first[i]; /* none behind the last one */
		m->at_first[i] = at;
		at += here;
	}
	for (i = 0; i < nsecond; i++)
		m->at_second[i] += behind[m->second->match[i]];
	m->npieces = at;
	return 0;
}

static char *add_text(char *to, const char *text, const char **ret)
{
	*ret = to;
	return stpcpy(to, text) + 1;
}

/* Gives the file its place in the result, unless there is no room. */
static bool place_file(struct merge_file *file, struct profile *ret)
{
	struct profile_file *files = ret->map;
	char *text = (char *)ret->text; /* ours still */
	size_t len = strlen(file->path) + 1;

	if (file->index != MERGE_NONE)
		return true;
	if (ret->nfiles == PROFILE_FILES_MAX || len > PROFILE_TEXT_MAX - ret->text_bytes)
		return false;
	file->index = ret->nfiles;
	files[ret->nfiles] = *file->file;
	files[ret->nfiles++].path = ret->text_bytes;
	memcpy(text + ret->text_bytes, file->path, len);
	ret->text_bytes += (uint32_t)len;
	return true;
}

/* Joins what has become neighbours, and counts the files; the window has numbers of files. */
static void take_window(struct merge *m, struct profile *ret)
{
	struct profile_range *ranges = (struct profile_range *)ret->ranges; /* ours still */
	uint32_t i;

	for (i = 0; i < m->room && ret->nranges < PROFILE_RANGES_MAX; i++) {
		struct profile_range range = m->window[i], *before = ret->nranges ? &ranges[ret->nranges - 1] : NULL;

		if (!place_file(&m->files[range.file], ret))
			continue;
		range.file = m->files[range.file].index;
		if (before && before->file == range.file && before->page + before->pages == range.page &&
		    before->seen == range.seen && before->pages + range.pages <= UINT16_MAX)
			before->pages += range.pages;
		else
			ranges[ret->nranges++] = range;
	}
}

/* In one go, unless there are more pieces than there is room for; what is joined makes room for others. */
static void take_pieces(struct merge *m, uint32_t room, struct profile *ret)
{
	for (; m->from < m->npieces && ret->nranges < PROFILE_RANGES_MAX; m->from += m->room) {
		m->window = (struct profile_range *)ret->ranges + ret->nranges; /* ours still */
		m->room = room - ret->nranges;
		if (m->room > m->npieces - m->from)
			m->room = m->npieces - m->from;
		unite(m);
		take_window(m, ret);
	}
}

/* One block, as profile_open() makes them; what of it is not needed is never touched, and so no memory. */
static int make_room(const struct merge *m, uint32_t nranges, struct profile *ret)
{
	const struct profile_key *key = &m->run.profile->key;
	size_t files_bytes = m->nfiles * sizeof(struct profile_file);
	size_t ranges_bytes = nranges * sizeof(struct profile_range), text_bytes = 0, i;
	char *text;

	for (i = 0; i < m->nfiles; i++)
		text_bytes += strlen(m->files[i].path) + 1;
	ret->map_bytes = files_bytes + ranges_bytes + text_bytes + strlen(key->command) + strlen(key->program) +
			 strlen(key->directory) + 3;
	ret->map = mmap(NULL, ret->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ret->map == MAP_FAILED)
		return -ENOMEM;
	ret->files = ret->map;
	ret->ranges = (struct profile_range *)((char *)ret->map + files_bytes);
	ret->text = text = (char *)ret->map + files_bytes + ranges_bytes;
	ret->key = *key;
	text = add_text(text + text_bytes, key->command, &ret->key.command);
	text = add_text(text, key->program, &ret->key.program);
	add_text(text, key->directory, &ret->key.directory);
	return 0;
}

static void take_history(const struct profile *last, const struct profile *run, struct profile *ret)
{
	if (last) {
		ret->history = last->history;
		ret->nnext = last->nnext;
		memcpy(ret->next, last->next, sizeof(ret->next));
	} else {
		ret->history = run->history;
		ret->nnext = run->nnext;
		memcpy(ret->next, run->next, sizeof(ret->next));
		ret->history.runs = 0;
	}
	ret->history.recorded_ns = run->history.recorded_ns;
	if (ret->history.runs < UINT32_MAX)
		ret->history.runs++;
}

/* All but the result. */
static void clear(struct merge *m)
{
	merge_side_clear(&m->last);
	merge_side_clear(&m->run);
	free(m->at_first);
	free(m->at_second);
	free(m->files);
}

/* Finds out how many pieces there will be, and where each of them goes. */
static int plan(struct merge *m)
{
	uint32_t nfirst, nsecond;
	int err = merge_sides_fill(&m->last, m->notes, &m->run, &m->files, &m->nfiles);

	if (err)
		return err;
	compare(m);
	m->first = m->cold ? &m->run : &m->last;
	m->second = m->cold ? &m->last : &m->run;
	/* with a million ranges on each side, what is not needed any more would be most of the memory */
	merge_side_forget_matches(m->first);
	nfirst = m->first->profile ? m->first->profile->nranges : 0;
	nsecond = m->second->profile ? m->second->profile->nranges : 0;
	m->at_first = calloc((size_t)nfirst + 1, sizeof(uint32_t));
	m->at_second = calloc((size_t)nsecond + 1, sizeof(uint32_t));
	if (!m->at_first || !m->at_second)
		return -ENOMEM;
	unite(m);
	err = place_pieces(m);
	merge_side_forget_matches(m->second);
	return err;
}

static int merge(struct merge *m, struct profile *ret)
{
	struct profile p = { 0 };
	uint32_t room;
	int err = plan(m);

	room = m->npieces < PROFILE_RANGES_MAX + SPARE_PIECES ? m->npieces : PROFILE_RANGES_MAX + SPARE_PIECES;
	if (!err)
		err = make_room(m, room, &p);
	if (err)
		return err;
	take_pieces(m, room, &p);
	*ret = p;
	return 0;
}

int profile_merge(const struct profile *last, const uint8_t *notes, const struct profile *run, struct profile *ret)
{
	struct merge m = { .notes = notes, .run.profile = run };
	int err;

	if ((last && profile_check(last)) || profile_check(run))
		return -EINVAL;
	if (last && profile_key_equal(&last->key, &run->key))
		m.last.profile = last;
	err = merge(&m, ret);
	if (!err)
		take_history(m.last.profile, run, ret);
	clear(&m);
	return err;
}
