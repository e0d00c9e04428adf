// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Files are opened, and their ranges asked for, by several threads; all else is done by the caller's. */
#include "profile/replay_chunk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "accel_io.h"
#include "profile/replay_open.h"
#include "sys/mounts.h"
#include "sys/resident.h"
#include "sys/view.h"
#include "util/clock.h"

#define ASK_BYTES (128U << 10) /* readahead(2) drops what is more than the device's own readahead: 128 KiB by default */

struct replay_source {
	const struct profile *profile;
	const struct sys_view *view;
	struct replay_limits limits;
	struct replay_progress *progress;
	struct accel_io *io; /* NULL: nothing was to be waited for yet */
	uint32_t *pages; /* by file: that the profile has of it */
	int *device; /* by file, of those that are devices: 1 + descriptor; 0: not open */
};

/* Of one range, what of it is read. */
struct wanted {
	uint64_t offset, bytes, absent; /* bytes 0: nothing */
	int fd;
	uint32_t next; /* range of the same file, as here; 0: none */
};

struct replay_reading {
	struct replay_source *source;
	const struct profile_range *ranges; /* of the chunk; NULL: none was begun */
	uint32_t count;
	struct wanted *wanted; /* by range of the chunk, from 1 */
	uint32_t *slot; /* by file of the profile: 1 + index in opened; 0: not in the chunk */
	struct replay_opened *opened; /* files of the chunk */
	uint32_t *head, *tail; /* by file of the chunk: ranges, as wanted has them */
	uint32_t nopened;
	struct accel_io_op *ops;
	uint32_t *op_range; /* of each, the range of the chunk */
	uint64_t begun_ns;
};

static void note_state(struct replay_progress *p, uint32_t file, enum replay_file state)
{
	if (p->state[file])
		return;
	p->state[file] = (uint8_t)(1 + state);
	p->files++;
	p->gone += state == REPLAY_FILE_GONE;
	p->refused += state == REPLAY_FILE_REFUSED;
	p->changed += state == REPLAY_FILE_TOUCHED || state == REPLAY_FILE_DENSE || state == REPLAY_FILE_SPARSE;
}

static bool is_device(const struct replay_source *s, uint32_t file)
{
	return s->profile->files[file].flags & PROFILE_FILE_DEVICE;
}

/* --- life --- */

/* Each stays open to the end. A mount table that cannot be read has none. */
static void open_devices(struct replay_source *s)
{
	const struct profile *p = s->profile;
	struct sys_mounts mounts = { 0 };
	uint32_t i;
	int fd;

	for (i = 0; i < p->nfiles && !is_device(s, i); i++)
		;
	if (i == p->nfiles || sys_view_mounts(s->view, &mounts))
		return;
	for (; i < p->nfiles; i++) {
		if (!is_device(s, i))
			continue;
		fd = replay_open_device(p, &p->files[i], &mounts);
		note_state(s->progress, i,
			   fd >= 0       ? REPLAY_FILE_SAME :
			   fd == -ENOENT ? REPLAY_FILE_GONE :
					   REPLAY_FILE_REFUSED);
		if (fd >= 0)
			s->device[i] = fd + 1;
	}
	sys_mounts_free(&mounts);
}

struct replay_source *replay_source_new(const struct profile *profile, const struct replay_job *job,
					const struct replay_limits *limits, struct replay_progress *progress)
{
	struct replay_source *s = calloc(1, sizeof(*s));
	uint32_t i;

	if (!s)
		return NULL;
	s->profile = profile;
	s->view = job->view;
	s->limits = *limits;
	s->progress = progress;
	s->pages = calloc(profile->nfiles + 1, sizeof(*s->pages));
	s->device = calloc(profile->nfiles + 1, sizeof(*s->device));
	if (!s->pages || !s->device) {
		replay_source_free(s);
		return NULL;
	}
	for (i = 0; i < profile->nranges; i++)
		s->pages[profile->ranges[i].file] += profile->ranges[i].pages;
	open_devices(s);
	return s;
}

void replay_source_free(struct replay_source *source)
{
	uint32_t i;

	if (!source)
		return;
	for (i = 0; source->device && i < source->profile->nfiles; i++)
		if (source->device[i])
			close(source->device[i] - 1);
	accel_io_close(source->io);
	free(source->pages);
	free(source->device);
	free(source);
}

struct replay_reading *replay_reading_new(struct replay_source *source)
{
	const struct replay_limits *l = &source->limits;
	struct replay_reading *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->source = source;
	r->wanted = calloc(l->most_ranges + 1, sizeof(*r->wanted));
	r->ops = calloc(l->most_ranges, sizeof(*r->ops));
	r->op_range = calloc(l->most_ranges, sizeof(*r->op_range));
	r->opened = calloc(l->most_files, sizeof(*r->opened));
	r->head = calloc(l->most_files, sizeof(*r->head));
	r->tail = calloc(l->most_files, sizeof(*r->tail));
	r->slot = calloc(source->profile->nfiles + 1, sizeof(*r->slot));
	if (r->wanted && r->ops && r->op_range && r->opened && r->head && r->tail && r->slot)
		return r;
	replay_reading_free(r);
	return NULL;
}

static void close_files(struct replay_reading *r)
{
	uint32_t i;

	for (i = 0; i < r->nopened; i++) {
		r->slot[r->opened[i].file] = 0;
		if (r->opened[i].fd >= 0)
			close(r->opened[i].fd);
	}
	r->nopened = 0;
	r->ranges = NULL;
}

void replay_reading_free(struct replay_reading *reading)
{
	if (!reading)
		return;
	close_files(reading);
	free(reading->wanted);
	free(reading->ops);
	free(reading->op_range);
	free(reading->opened);
	free(reading->head);
	free(reading->tail);
	free(reading->slot);
	free(reading);
}

/* --- asking --- */

static uint64_t whole_pages(uint64_t bytes)
{
	return (bytes + PROFILE_PAGE - 1) / PROFILE_PAGE * PROFILE_PAGE;
}

/*
 * Only what is not there is read; what the kernel does not tell, is not there. Counted in whole pages, as the misses are
 * that it is compared with.
 */
static void ask(struct wanted *w, int fd, uint64_t offset, uint64_t bytes)
{
	uint64_t cached, end = offset + bytes;

	w->fd = fd;
	w->offset = offset;
	w->bytes = bytes;
	if (sys_resident(fd, offset, bytes, &cached))
		cached = 0;
	w->absent = cached < bytes ? whole_pages(bytes) - cached : 0;
	for (; w->absent && offset < end; offset += ASK_BYTES)
		readahead(fd, (off_t)offset, end - offset < ASK_BYTES ? end - offset : ASK_BYTES);
}

/* A file was opened; its ranges belong to this thread alone. */
static void on_opened(void *context, uint32_t index)
{
	struct replay_reading *r = context;
	const struct replay_source *s = r->source;
	struct replay_opened *o = &r->opened[index];
	const struct profile_file *file = &s->profile->files[o->file];
	uint64_t offset, bytes;
	uint32_t i;

	if (o->fd < 0)
		return;
	o->state = replay_file_judge(file, s->pages[o->file], o->size, o->mtime_ns);
	for (i = r->head[index]; i; i = r->wanted[i].next)
		if (replay_range_clip(file, &r->ranges[i - 1], o->state, o->size, &offset, &bytes))
			ask(&r->wanted[i], o->fd, offset, bytes);
}

/* The files of the chunk in the order of their first range, each with its ranges. */
static void list_files(struct replay_reading *r)
{
	const struct profile_range *range;
	uint32_t i, at;

	for (i = 1; i <= r->count; i++) {
		range = &r->ranges[i - 1];
		if (is_device(r->source, range->file) || !replay_plan_wants(r->source->profile, range))
			continue;
		at = r->slot[range->file];
		if (at) {
			r->wanted[r->tail[at - 1]].next = i;
		} else {
			r->opened[r->nopened].file = range->file;
			r->head[r->nopened] = i;
			at = r->slot[range->file] = ++r->nopened;
		}
		r->tail[at - 1] = i;
	}
}

/* On file systems without a device of their own (btrfs, overlayfs), the kernel's inode may have other numbers. */
static void note_inode(struct replay_inode *inode, const struct replay_opened *o)
{
	if (!major(o->dev))
		return;
	inode->ino = o->ino;
	inode->dev = (uint32_t)(major(o->dev) << 20 | minor(o->dev));
}

static void ask_for_files(struct replay_reading *r)
{
	const struct replay_opened *o;

	list_files(r);
	replay_open_files(r->source->profile, r->source->view->root, r->opened, r->nopened, r->source->limits.threads,
			  on_opened, r);
	for (o = r->opened; o < r->opened + r->nopened; o++) {
		note_state(r->source->progress, o->file, o->state);
		if (o->fd >= 0)
			note_inode(&r->source->progress->inode[o->file], o);
	}
}

static bool ask_for_devices(struct replay_reading *r)
{
	const struct profile_range *range;
	bool asked = false;
	uint32_t i;
	int fd;

	for (i = 1; i <= r->count; i++) {
		range = &r->ranges[i - 1];
		if (!is_device(r->source, range->file) || !replay_plan_wants(r->source->profile, range))
			continue;
		fd = r->source->device[range->file] - 1;
		if (fd < 0)
			continue;
		ask(&r->wanted[i], fd, (uint64_t)range->page * PROFILE_PAGE, (uint64_t)range->pages * PROFILE_PAGE);
		asked |= r->wanted[i].absent > 0;
	}
	return asked;
}

/* --- waiting --- */

/* All operations are ones that the engine's threads do: its depth is their number. */
static int open_engine(struct replay_source *s)
{
	const struct accel_io_config config = { .backend = ACCEL_IO_BACKEND_AUTO, .depth = s->limits.threads };
	int err;

	if (s->io)
		return 0;
	err = accel_io_open(&config, &s->io);
	if (!err)
		snprintf(s->progress->engine, sizeof(s->progress->engine), "%s", accel_io_description(s->io));
	return err;
}

static uint32_t make_ops(struct replay_reading *r, bool devices)
{
	const struct wanted *w;
	uint32_t i, n = 0;

	for (i = 1; i <= r->count; i++) {
		w = &r->wanted[i];
		if (!w->absent || is_device(r->source, r->ranges[i - 1].file) != devices)
			continue;
		r->op_range[n] = i - 1;
		r->ops[n++] = (struct accel_io_op){
			.fd = w->fd, .kind = ACCEL_IO_WARM, .offset = w->offset, .bytes = w->bytes
		};
	}
	return n;
}

/* Waits for what was asked for, of devices or of files. */
static int await(struct replay_reading *r, bool devices)
{
	struct replay_progress *p = r->source->progress;
	uint32_t i, n = make_ops(r, devices), range;
	int err;

	if (!n)
		return 0;
	err = open_engine(r->source);
	if (!err)
		err = accel_io_run(r->source->io, r->ops, n);
	for (i = 0; !err && i < n; i++) {
		if (r->ops[i].result < 0) {
			p->failed_bytes += r->wanted[r->op_range[i] + 1].absent;
			continue;
		}
		range = (uint32_t)(r->ranges - r->source->profile->ranges) + r->op_range[i];
		p->brought_bytes += r->wanted[r->op_range[i] + 1].absent;
		p->brought[range / 8] |= (uint8_t)(1U << (range % 8));
	}
	return err;
}

/* --- a chunk --- */

int replay_reading_begin(struct replay_reading *r, const struct replay_chunk *chunk)
{
	uint32_t i;

	r->begun_ns = clock_monotonic_ns();
	r->ranges = &r->source->profile->ranges[chunk->first];
	r->count = chunk->count;
	for (i = 1; i <= r->count; i++)
		r->wanted[i] = (struct wanted){ .fd = -1 };
	if (ask_for_devices(r)) {
		int err = await(r, true);

		if (err)
			return err;
	}
	ask_for_files(r);
	return 0;
}

int replay_reading_finish(struct replay_reading *r, struct replay_outcome *ret)
{
	struct replay_progress *p = r->source->progress;
	uint64_t wanted = 0, absent = 0;
	uint32_t i;
	int err = await(r, false);

	for (i = 1; i <= r->count; i++) {
		wanted += whole_pages(r->wanted[i].bytes);
		absent += r->wanted[i].absent;
	}
	close_files(r);
	ret->wanted_bytes += wanted;
	ret->resident_bytes += wanted - absent;
	ret->took_ns += clock_monotonic_ns() - r->begun_ns;
	p->planned_bytes += wanted;
	p->resident_bytes += wanted - absent;
	return err;
}
