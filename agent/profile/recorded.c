// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* One look at each file that a run missed, and its ranges under a path or left out. */
#include "profile/recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profile/locate.h"
#include "util/cleanup.h"

#define TEXT_MAX (15U << 20) /* bytes of paths */
#define COARSE_NS 10000000 /* by so much time stamps of files may lag behind the clock: a tick of the slowest kernels */
#define HEAD_PAGES 4 /* what exec itself reads ahead when it looks at a program */

#define UNKNOWN 0 /* in the table of new indices: not looked at yet */
#define LEFT_OUT UINT32_MAX

struct maker {
	struct recorder *recorder;
	struct recorded *ret;
	struct locate locate;
	struct located located;
	int64_t written_since_ns;
	uint32_t *index; /* by the recorder's: the profile's + 1, UNKNOWN or LEFT_OUT */
	struct profile_file *files;
	char *text;
	size_t text_room;
};

static int64_t stamp_ns(const struct statx_timestamp *t)
{
	return t->tv_sec * 1000000000LL + t->tv_nsec;
}

/* Writing changes both times; but mtime can be set to anything, and then only ctime tells. */
static bool written(const struct maker *m, const struct statx *st)
{
	return stamp_ns(&st->stx_ctime) >= m->written_since_ns ||
	       ((st->stx_mask & STATX_BTIME) && stamp_ns(&st->stx_btime) >= m->written_since_ns);
}

/* Appends what was located to the profile. Returns its index + 1, LEFT_OUT if there is no room, or -ENOMEM. */
static int64_t append(struct maker *m, uint32_t flags)
{
	struct profile *p = &m->ret->profile;
	size_t len = strlen(m->located.path) + 1, room = m->text_room;
	struct profile_file *f;
	char *text;

	if (len > TEXT_MAX - p->text_bytes)
		return LEFT_OUT;
	while (room < p->text_bytes + len)
		room = room ? 2 * room : 65536;
	if (room > m->text_room) {
		text = realloc(m->text, room);
		if (!text)
			return -ENOMEM;
		m->text = text;
		m->text_room = room;
	}
	memcpy(m->text + p->text_bytes, m->located.path, len);
	f = &m->files[p->nfiles++];
	*f = (struct profile_file){ .path = p->text_bytes, .flags = flags };
	if (!(flags & PROFILE_FILE_DEVICE)) {
		f->size = m->located.st.stx_size;
		f->mtime_ns = stamp_ns(&m->located.st.stx_mtime);
	}
	p->text_bytes += (uint32_t)len;
	return p->nfiles;
}

/* The profile's index + 1 of a file of the recorder, LEFT_OUT (counted), or -ENOMEM. */
static int64_t place(struct maker *m, const struct recorder_file *f)
{
	char inside[AA_PATH_LEN + 2];
	int err;

	if (!f->ino) {
		if (!locate_device(f->dev, &m->located))
			return append(m, PROFILE_FILE_DEVICE);
		m->ret->unreachable++;
		return LEFT_OUT;
	}
	if (recorder_path(m->recorder, f, inside, sizeof(inside)) < 0) {
		m->ret->unnamed++;
		return LEFT_OUT;
	}
	err = locate_file(&m->locate, f->dev, f->ino, inside, &m->located);
	if (err == -EXDEV)
		m->ret->unreachable++;
	else if (err)
		m->ret->gone++;
	else if (written(m, &m->located.st))
		m->ret->outputs++;
	else
		return append(m, 0);
	return LEFT_OUT;
}

/* Files are numbered in the order in which they were first used: that of the ranges. */
static int place_ranges(struct maker *m, size_t n)
{
	struct profile_range *ranges = recorder_ranges(m->recorder);
	size_t i, kept = 0;
	int64_t index;

	for (i = 0; i < n; i++) {
		uint32_t *known = &m->index[ranges[i].file];

		if (*known == UNKNOWN) {
			index = place(m, &recorder_files(m->recorder)[ranges[i].file]);
			if (index < 0)
				return (int)index;
			*known = (uint32_t)index;
		}
		if (*known == LEFT_OUT)
			continue;
		ranges[kept] = ranges[i];
		ranges[kept].file = *known - 1;
		m->ret->bytes += (uint64_t)ranges[kept++].pages * PROFILE_PAGE;
	}
	m->ret->profile.nranges = (uint32_t)kept;
	return 0;
}

/* The index of the app's program, appended if it is a file that nothing was missed of; or -ENOENT. */
static int64_t program_index(struct maker *m, const char *program)
{
	const struct profile *p = &m->ret->profile;
	uint32_t i;
	int64_t n;

	for (i = 0; i < p->nfiles; i++)
		if (!strcmp(m->text + m->files[i].path, program))
			return i;
	if (locate_path(&m->locate, program, &m->located) || !S_ISREG(m->located.st.stx_mode) ||
	    written(m, &m->located.st))
		return -ENOENT;
	n = append(m, 0);
	return n < 0 ? n : n == LEFT_OUT ? -ENOENT : n - 1;
}

/*
 * A process is followed from the end of its exec on, when the kernel has read the head of the program already. It is
 * needed first of all, where anything at all had to be read.
 */
static int add_head(struct maker *m, const char *program)
{
	struct profile_range *ranges = recorder_ranges(m->recorder), *r;
	struct profile *p = &m->ret->profile;
	uint64_t pages;
	int64_t file;

	if (!p->nranges || !program || program[0] != '/')
		return 0;
	file = program_index(m, program);
	if (file < 0)
		return file == -ENOMEM ? -ENOMEM : 0;
	for (r = ranges; r < ranges + p->nranges; r++)
		if (r->file == (uint32_t)file && r->page < HEAD_PAGES)
			return 0;
	pages = (m->files[file].size + PROFILE_PAGE - 1) / PROFILE_PAGE;
	if (!pages)
		return 0;
	memmove(ranges + 1, ranges, p->nranges * sizeof(*ranges));
	ranges[0] = (struct profile_range){ .file = (uint32_t)file, .seen = 1 };
	ranges[0].pages = (uint16_t)(pages < HEAD_PAGES ? pages : HEAD_PAGES);
	m->ret->bytes += (uint64_t)ranges[0].pages * PROFILE_PAGE;
	p->nranges++;
	return 0;
}

static int make(struct maker *m, const struct profile_key *key)
{
	struct profile *p = &m->ret->profile;
	size_t n = recorder_order(m->recorder);
	int err;

	m->index = calloc(recorder_nfiles(m->recorder) + 1, sizeof(*m->index));
	m->files = calloc(recorder_nfiles(m->recorder) + 1, sizeof(*m->files));
	if (!m->index || !m->files)
		return -ENOMEM;
	err = place_ranges(m, n);
	if (!err)
		err = add_head(m, key->program);
	p->key = *key;
	p->files = m->files;
	p->text = m->text;
	p->ranges = recorder_ranges(m->recorder);
	return err;
}

int recorded_make(struct recorder *recorder, const struct sys_mounts *mounts, int root, const struct profile_key *key,
		  int64_t started_ns, struct recorded *ret)
{
	struct recorded recorded = { 0 };
	cleanup_free struct maker *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	m->recorder = recorder;
	m->ret = &recorded;
	m->written_since_ns = started_ns - COARSE_NS;
	locate_init(&m->locate, mounts, root);
	err = make(m, key);
	free(m->index);
	if (err) {
		free(m->files);
		free(m->text);
		return err;
	}
	*ret = recorded;
	return 0;
}

void recorded_clear(struct recorded *recorded)
{
	free((void *)recorded->profile.files);
	free((void *)recorded->profile.text);
	memset(recorded, 0, sizeof(*recorded));
}
