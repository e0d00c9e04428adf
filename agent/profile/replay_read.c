// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Of each chunk first the file systems' own blocks, so that opening its files finds the inodes in memory; then the files,
 * clipped to what they are now and to what is not there yet, given to the engine at one go.
 */
#include "profile/replay_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "accel_io.h"
#include "profile/next.h"
#include "profile/replay_budget.h"
#include "profile/replay_open.h"
#include "profile/replay_plan.h"
#include "sys/resident.h"
#include "sys/cgroup.h"
#include "sys/pressure.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define IDLE_FIRST (1ULL << 20) /* beside an app, in pieces that are over soon */
#define IDLE_MOST (4ULL << 20)
#define IDLE_LOOK_MS 20
#define IDLE_WAITS 5 /* percent of that time in which somebody waits for the disk: it is busy */

struct reader {
	const struct profile *profile;
	const struct replay_job *job;
	struct replay_progress *progress;
	struct replay_limits limits;
	struct replay_plan plan;
	struct accel_io *io; /* NULL: nothing was to be read yet */
	struct accel_io_op *ops; /* of the chunk */
	uint64_t *absent; /* of each, the bytes that were not in memory */
	uint32_t *range; /* of each, the range of the profile */
	struct replay_opened *opened; /* files of the chunk */
	uint32_t *slot; /* by file of the profile: 1 + index in opened; of a device: 1 + its descriptor; 0: none */
	uint32_t *pages; /* by file: that the profile has of it; NULL: not counted yet */
	uint32_t nops, nopened;
	char pressure[PATH_MAX + 32]; /* file that tells how short memory is */
	struct replay_outcome outcome; /* of the chunk */
};

static bool is_device(const struct reader *r, uint32_t file)
{
	return r->profile->files[file].flags & PROFILE_FILE_DEVICE;
}

/* --- operations --- */

static int run_ops(struct reader *r)
{
	uint32_t i;
	int err;

	if (!r->nops)
		return 0;
	if (!r->io) {
		err = accel_io_open(NULL, &r->io);
		if (err)
			return err;
		snprintf(r->progress->engine, sizeof(r->progress->engine), "%s", accel_io_description(r->io));
	}
	err = accel_io_run(r->io, r->ops, r->nops);
	for (i = 0; !err && i < r->nops; i++) {
		if (r->ops[i].result < 0) {
			r->progress->failed_bytes += r->absent[i];
			continue;
		}
		r->progress->brought_bytes += r->absent[i];
		r->progress->brought[r->range[i] / 8] |= (uint8_t)(1U << (r->range[i] % 8));
	}
	r->nops = 0;
	return err;
}

/*
 * Only what is not there is read; what the kernel does not tell, is not there. Counted in whole pages, as the misses are
 * that it is compared with.
 */
static void add_op(struct reader *r, const struct profile_range *range, int fd, uint64_t offset, uint64_t bytes)
{
	uint64_t cached, whole = (bytes + PROFILE_PAGE - 1) / PROFILE_PAGE * PROFILE_PAGE;

	if (sys_resident(fd, offset, bytes, &cached))
		cached = 0;
	else if (cached == bytes)
		cached = whole;
	r->outcome.wanted_bytes += whole;
	r->outcome.resident_bytes += cached;
	if (cached == whole)
		return;
	r->absent[r->nops] = whole - cached;
	r->range[r->nops] = (uint32_t)(range - r->profile->ranges);
	r->ops[r->nops++] = (struct accel_io_op){ .fd = fd, .kind = ACCEL_IO_WARM, .offset = offset, .bytes = bytes };
}

/* --- files --- */

static void note_state(struct reader *r, uint32_t file, enum replay_file state)
{
	struct replay_progress *p = r->progress;

	if (p->state[file])
		return;
	p->state[file] = (uint8_t)(1 + state);
	p->files++;
	p->gone += state == REPLAY_FILE_GONE;
	p->refused += state == REPLAY_FILE_REFUSED;
	p->changed += state == REPLAY_FILE_TOUCHED || state == REPLAY_FILE_DENSE || state == REPLAY_FILE_SPARSE;
}

/* On file systems without a device of their own (btrfs, overlayfs), the kernel's inode may have other numbers. */
static void note_inode(struct replay_inode *inode, const struct replay_opened *o)
{
	if (!major(o->dev))
		return;
	inode->ino = o->ino;
	inode->dev = (uint32_t)(major(o->dev) << 20 | minor(o->dev));
}

/* The descriptor of a device, opened once; -1: it is none that we read. */
static int device_fd(struct reader *r, uint32_t file)
{
	int fd;

	if (r->slot[file])
		return (int)r->slot[file] - 1;
	if (r->progress->state[file])
		return -1;
	fd = replay_open_device(r->profile, &r->profile->files[file]);
	note_state(r, file, fd >= 0 ? REPLAY_FILE_SAME : fd == -ENOENT ? REPLAY_FILE_GONE : REPLAY_FILE_REFUSED);
	if (fd < 0)
		return -1;
	r->slot[file] = (uint32_t)fd + 1;
	return fd;
}

static uint64_t recorded_pages(struct reader *r, uint32_t file)
{
	uint32_t i;

	if (!r->pages) {
		r->pages = calloc(r->profile->nfiles, sizeof(*r->pages));
		if (!r->pages)
			return 0;
		for (i = 0; i < r->profile->nranges; i++)
			r->pages[r->profile->ranges[i].file] += r->profile->ranges[i].pages;
	}
	return r->pages[file];
}

static void open_files(struct reader *r, const struct replay_chunk *chunk)
{
	const struct profile_range *range = &r->profile->ranges[chunk->first], *end = range + chunk->count;
	const struct profile_file *file;
	struct replay_opened *o;
	uint32_t i;

	r->nopened = 0;
	for (; range < end; range++) {
		if (is_device(r, range->file) || r->slot[range->file] || !replay_plan_wants(r->profile, range))
			continue;
		r->opened[r->nopened].file = range->file;
		r->slot[range->file] = ++r->nopened;
	}
	replay_open_files(r->profile, r->opened, r->nopened);
	for (i = 0; i < r->nopened; i++) {
		o = &r->opened[i];
		file = &r->profile->files[o->file];
		if (o->fd >= 0 && (o->size != file->size || o->mtime_ns != file->mtime_ns))
			o->state = replay_file_judge(file, recorded_pages(r, o->file), o->size, o->mtime_ns);
		note_state(r, o->file, o->state);
		if (o->fd >= 0)
			note_inode(&r->progress->inode[o->file], o);
	}
}

static void close_files(struct reader *r)
{
	uint32_t i;

	for (i = 0; i < r->nopened; i++) {
		r->slot[r->opened[i].file] = 0;
		if (r->opened[i].fd >= 0)
			close(r->opened[i].fd);
	}
	r->nopened = 0;
}

/* --- chunks --- */

static int read_devices(struct reader *r, const struct replay_chunk *chunk)
{
	const struct profile_range *range = &r->profile->ranges[chunk->first], *end = range + chunk->count;
	int fd;

	for (; range < end; range++) {
		if (!is_device(r, range->file) || !replay_plan_wants(r->profile, range))
			continue;
		fd = device_fd(r, range->file);
		if (fd >= 0)
			add_op(r, range, fd, (uint64_t)range->page * PROFILE_PAGE,
			       (uint64_t)range->pages * PROFILE_PAGE);
	}
	return run_ops(r);
}

static int read_files(struct reader *r, const struct replay_chunk *chunk)
{
	const struct profile_range *range = &r->profile->ranges[chunk->first], *end = range + chunk->count;
	const struct replay_opened *o;
	uint64_t offset, bytes;

	open_files(r, chunk);
	for (; range < end; range++) {
		if (is_device(r, range->file) || !replay_plan_wants(r->profile, range))
			continue;
		o = &r->opened[r->slot[range->file] - 1];
		if (o->fd >= 0 &&
		    replay_range_clip(&r->profile->files[range->file], range, o->state, o->size, &offset, &bytes))
			add_op(r, range, o->fd, offset, bytes);
	}
	return run_ops(r);
}

static uint64_t stalled_ns(const struct reader *r)
{
	uint64_t ns;

	return sys_pressure_read("", r->pressure, &ns) ? 0 : ns;
}

static int read_chunk(struct reader *r, const struct replay_chunk *chunk)
{
	uint64_t start = clock_monotonic_ns(), stalled = stalled_ns(r);
	int err;

	r->outcome = (struct replay_outcome){ 0 };
	err = read_devices(r, chunk);
	if (!err)
		err = read_files(r, chunk);
	close_files(r);
	r->outcome.took_ns = clock_monotonic_ns() - start;
	r->outcome.stalled_ns = stalled_ns(r) - stalled;
	r->progress->planned_bytes += r->outcome.wanted_bytes;
	r->progress->resident_bytes += r->outcome.resident_bytes;
	return err;
}

/*
 * Until nobody waits for the disk: while this process sleeps, what is counted are the waits of others. Without pressure
 * information nobody could tell, so nothing is read.
 */
static int await_idle_disk(void)
{
	const struct timespec look = { .tv_nsec = IDLE_LOOK_MS * 1000000L };
	uint64_t before, after;

	do {
		if (sys_pressure_read("", "/proc/pressure/io", &before))
			return -ENOTSUP;
		nanosleep(&look, NULL);
		if (sys_pressure_read("", "/proc/pressure/io", &after))
			return -ENOTSUP;
	} while (after - before > IDLE_LOOK_MS * 1000000ULL * IDLE_WAITS / 100);
	return 0;
}

static int read_chunks(struct reader *r)
{
	struct replay_rules rules = { 0 };
	enum replay_stop stop = REPLAY_GOING;
	uint32_t i, step = 1;
	int err = 0;

	for (i = 0; i < r->plan.nchunks && stop == REPLAY_GOING; i += step) {
		if (r->job->next)
			err = await_idle_disk();
		if (!err)
			err = read_chunk(r, &r->plan.chunks[i]);
		if (err)
			return err;
		stop = replay_rules_next(&rules, &r->outcome, &step);
	}
	if (stop == REPLAY_GOING)
		stop = r->plan.cut ? REPLAY_BUDGET : REPLAY_DONE;
	if (stop == REPLAY_DONE && !r->progress->brought_bytes && r->progress->resident_bytes)
		stop = REPLAY_RESIDENT;
	r->progress->cut = r->plan.cut;
	__atomic_store_n(&r->progress->stopped, stop, __ATOMIC_RELEASE);
	return 0;
}

/* --- life --- */

/* Where the group's own pressure is told, that: it may be short of memory while the machine is not. */
static void find_pressure(struct reader *r)
{
	struct sys_cgroup group;

	if (!sys_cgroup_of("", getpid(), "memory", &group) && group.v2) {
		snprintf(r->pressure, sizeof(r->pressure), "%s/memory.pressure", group.directory);
		if (!access(r->pressure, R_OK))
			return;
	}
	snprintf(r->pressure, sizeof(r->pressure), "/proc/pressure/memory");
}

static int prepare(struct reader *r)
{
	const struct profile *p = r->profile;

	replay_limits_init(&r->limits, replay_budget("", getpid()));
	if (r->job->next) {
		r->limits.first_bytes = IDLE_FIRST;
		r->limits.most_bytes = IDLE_MOST;
	}
	find_pressure(r);
	r->ops = calloc(r->limits.most_ranges, sizeof(*r->ops));
	r->absent = calloc(r->limits.most_ranges, sizeof(*r->absent));
	r->range = calloc(r->limits.most_ranges, sizeof(*r->range));
	r->opened = calloc(r->limits.most_files, sizeof(*r->opened));
	r->slot = calloc(p->nfiles + 1, sizeof(*r->slot));
	if (!r->ops || !r->absent || !r->range || !r->opened || !r->slot)
		return -ENOMEM;
	return replay_plan_make(p, &r->limits, &r->plan);
}

int replay_read_profile(const struct profile *profile, const struct replay_job *job, struct replay_progress *progress)
{
	struct reader r = { .profile = profile, .job = job, .progress = progress };
	uint32_t i;
	int err;

	progress->nfiles = profile->nfiles;
	err = prepare(&r);
	if (!err)
		err = read_chunks(&r);
	for (i = 0; r.slot && i < profile->nfiles; i++)
		if (r.slot[i])
			close((int)r.slot[i] - 1);
	accel_io_close(r.io);
	replay_plan_clear(&r.plan);
	free(r.ops);
	free(r.absent);
	free(r.range);
	free(r.opened);
	free(r.slot);
	free(r.pages);
	return err;
}

/* Turns the id of a profile into that of the one that mostly follows. */
static int find_next(const char *profiles, uint64_t *id)
{
	struct profile profile;
	int err = profile_open(profiles, *id, &profile);

	if (err)
		return err;
	*id = profile_next_guess(&profile);
	profile_close(&profile);
	return *id ? 0 : -ENOENT;
}

int replay_read(const struct replay_job *job, struct replay_progress *progress)
{
	struct profile profile;
	uint64_t id = job->id;
	int err = job->next ? find_next(job->profiles, &id) : 0;

	if (!err)
		err = profile_open(job->profiles, id, &profile);
	if (err)
		return err;
	snprintf(progress->command, sizeof(progress->command), "%s", profile.key.command);
	err = profile.history.disabled ? -ECANCELED : replay_read_profile(&profile, job, progress);
	profile_close(&profile);
	return err;
}
