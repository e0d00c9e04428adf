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

/* Of the result: where it comes in the order, and what it is. There may be two million: files count theirs instead. */
struct piece {
	uint32_t rank;
	uint32_t page;
	uint16_t pages;
	uint16_t seen;
};

struct merge {
	struct merge_side last, run;
	const uint8_t *notes;
	struct merge_file *files;
	uint32_t nfiles;
	bool cold;
	/* All ranges of first are in the result, in their order, and what second has besides comes between them. */
	struct merge_side *first, *second;
	uint32_t *rank_first, *rank_second; /* of each of their ranges */
	struct piece *pieces; /* by file and page */
	size_t npieces, room;
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
 * What second has besides follows that range of first which its predecessors in second have pages of, or comes first of
 * all. Each range gets a number of its own, in the order of the result.
 */
static int rank(struct merge *m)
{
	uint32_t nfirst = m->first->profile ? m->first->profile->nranges : 0;
	uint32_t nsecond = m->second->profile ? m->second->profile->nranges : 0;
	uint32_t i, slot = 0, before = 0;

	m->rank_first = calloc((size_t)nfirst + 1, sizeof(uint32_t));
	m->rank_second = malloc(((size_t)nsecond + 1) * sizeof(uint32_t));
	if (!m->rank_first || !m->rank_second)
		return -ENOMEM;
	for (i = 0; i < nsecond; i++) {
		if (m->second->match[i] != MERGE_NONE)
			slot = m->second->match[i] + 1;
		m->rank_second[i] = m->rank_first[slot]++; /* so far: the place behind slot, and how many are there */
		m->second->match[i] = slot;
	}
	for (i = 0; i <= nfirst; i++) {
		uint32_t here = m->rank_first[i];

		m->rank_first[i] = before + i; /* of the first one behind range i - 1 */
		before += here;
	}
	for (i = 0; i < nsecond; i++)
		m->rank_second[i] += m->rank_first[m->second->match[i]];
	for (i = 0; i < nfirst; i++) /* right before those that follow it */
		m->rank_first[i] = m->rank_first[i + 1] - 1;
	return 0;
}

static int emit(struct merge *m, uint32_t rank_of_it, uint32_t file, uint32_t page, uint32_t end, uint32_t seen)
{
	if (m->npieces == m->room) {
		struct piece *larger;

		m->room = m->room ? m->room + m->room / 2 : 1024;
		larger = realloc(m->pieces, m->room * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		m->pieces = larger;
	}
	m->files[file].npieces++;
	m->pieces[m->npieces++] = (struct piece){ rank_of_it, page, (uint16_t)(end - page), (uint16_t)seen };
	return 0;
}

/* A range of first; other is what the ranges of second say that have pages of it: their seen, 0 for none of them. */
static int emit_first(struct merge *m, const struct merge_cursor *c, uint32_t other)
{
	uint32_t seen = m->cold ? other << 1 | 1 : m->last.profile->ranges[c->index].seen;

	if (!m->cold && other)
		seen = seen << 1 | 1;
	return emit(m, m->rank_first[c->index], c->file, c->page, c->end, seen);
}

/* What second has besides: missed by this run and never before, or the other way round. */
static int emit_second(struct merge *m, const struct merge_cursor *c, uint32_t page, uint32_t end)
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
	return emit(m, m->rank_second[c->index], c->file, page, end, seen);
}

static uint32_t seen_of_second(const struct merge *m, const struct merge_cursor *c)
{
	return m->cold ? m->last.profile->ranges[c->index].seen : 1;
}

/* The pages of both, each once: first's as its ranges have them, and what second has between them. */
static int unite(struct merge *m)
{
	struct merge_cursor a = merge_cursor_start(m->first), b = merge_cursor_start(m->second);
	uint32_t page = b.page, seen = 0; /* from where b is not done yet; what was seen of a */
	int err = 0;

	while (!err && (a.index != MERGE_NONE || b.index != MERGE_NONE)) {
		bool a_ends = b.index == MERGE_NONE || (a.index != MERGE_NONE && ends_before(&a, b.file, page));
		bool b_ends = a.index == MERGE_NONE || (b.index != MERGE_NONE && ends_before(&b, a.file, a.page));

		if (!a_ends && !b_ends) {
			if (page < a.page)
				err = emit_second(m, &b, page, a.page);
			seen |= seen_of_second(m, &b);
			page = a.end;
			b_ends = b.end <= a.end;
			a_ends = !b_ends;
		} else if (!a_ends) {
			err = emit_second(m, &b, page, b.end);
		}
		if (err)
			return err;
		if (a_ends) {
			err = emit_first(m, &a, seen);
			seen = 0;
			merge_cursor_next(&a);
		} else {
			merge_cursor_next(&b);
			page = b.page;
		}
	}
	return err;
}

/* Into the order of their ranks; those of one rank stay in that of their pages. */
static int sort_pieces(const struct merge *m, struct profile_range *ret)
{
	size_t nranks = (m->last.profile ? m->last.profile->nranges : 0) + m->run.profile->nranges, i;
	cleanup_free uint32_t *at = calloc(nranks + 1, sizeof(*at));
	const struct piece *p = m->pieces;
	uint32_t file, n;

	if (!at)
		return -ENOMEM;
	for (i = 0; i < m->npieces; i++)
		at[m->pieces[i].rank + 1]++;
	for (i = 0; i < nranks; i++)
		at[i + 1] += at[i];
	for (file = 0; file < m->nfiles; file++)
		for (n = m->files[file].npieces; n; n--, p++)
			ret[at[p->rank]++] = (struct profile_range){ file, p->page, p->pages, p->seen };
	return 0;
}

static char *add_text(char *to, const char *text, const char **ret)
{
	*ret = to;
	return stpcpy(to, text) + 1;
}

/* Gives the file its place in the result, unless there is no room. */
static bool place_file(struct merge_file *file, struct profile *ret, struct profile_file *files, char *text)
{
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

/* Joins what has become neighbours, counts the files, and cuts at the limits; ranges hold numbers of files until then. */
static void finish_ranges(struct merge *m, struct profile_range *ranges, struct profile *ret,
			  struct profile_file *files, char *text)
{
	size_t i;

	for (i = 0; i < m->npieces; i++) {
		struct profile_range range = ranges[i], *before = ret->nranges ? &ranges[ret->nranges - 1] : NULL;

		if (!place_file(&m->files[range.file], ret, files, text))
			continue;
		range.file = m->files[range.file].index;
		if (before && before->file == range.file && before->page + before->pages == range.page &&
		    before->seen == range.seen && before->pages + range.pages <= UINT16_MAX)
			before->pages += range.pages;
		else if (ret->nranges < PROFILE_RANGES_MAX)
			ranges[ret->nranges++] = range;
	}
}

/* One block, as profile_open() makes them; what of it is not needed is never touched, and so no memory. */
static int make_result(struct merge *m, struct profile *ret)
{
	const struct profile_key *key = &m->run.profile->key;
	size_t files_bytes = m->nfiles * sizeof(struct profile_file);
	size_t ranges_bytes = m->npieces * sizeof(struct profile_range), text_bytes = 0, i;
	struct profile p = { 0 };
	struct profile_range *ranges;
	char *text, *end;
	int err;

	for (i = 0; i < m->nfiles; i++)
		text_bytes += strlen(m->files[i].path) + 1;
	p.map_bytes = files_bytes + ranges_bytes + text_bytes + strlen(key->command) + strlen(key->program) +
		      strlen(key->directory) + 3;
	p.map = mmap(NULL, p.map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p.map == MAP_FAILED)
		return -ENOMEM;
	p.files = p.map;
	p.ranges = ranges = (struct profile_range *)((char *)p.map + files_bytes);
	p.text = text = (char *)ranges + ranges_bytes;
	err = sort_pieces(m, ranges);
	if (err) {
		profile_close(&p);
		return err;
	}
	finish_ranges(m, ranges, &p, p.map, text);
	end = add_text(text + text_bytes, key->command, &p.key.command);
	end = add_text(end, key->program, &p.key.program);
	add_text(end, key->directory, &p.key.directory);
	*ret = p;
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
	free(m->rank_first);
	free(m->rank_second);
	m->rank_first = m->rank_second = NULL;
}

static int merge(struct merge *m, struct profile *ret)
{
	int err;

	err = merge_sides_fill(&m->last, m->notes, &m->run, &m->files, &m->nfiles);
	if (err)
		return err;
	compare(m);
	m->first = m->cold ? &m->run : &m->last;
	m->second = m->cold ? &m->last : &m->run;
	err = rank(m);
	/* with a million ranges on each side, what is not needed any more would be most of the memory */
	merge_side_forget_matches(&m->last);
	merge_side_forget_matches(&m->run);
	if (!err)
		err = unite(m);
	clear(m);
	return err ? err : make_result(m, ret);
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
	free(m.files);
	free(m.pieces);
	return err;
}
