/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The I/O engine's API: a list is checked, planned, and done level by level. */
#include "accel_io.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "io/choice.h"
#include "io/entries.h"

#define JOB_THREADS 32

struct accel_io {
	struct choice choice;
	uint64_t gap_bytes;
	unsigned int job_threads;
	void *waste; /* see struct work */
	int cancelled;
};

int accel_io_open(const struct accel_io_config *config, struct accel_io **ret)
{
	const struct accel_io_config defaults = { .backend = ACCEL_IO_BACKEND_AUTO };
	struct accel_io *io = calloc(1, sizeof(*io));
	int err;

	if (!io)
		return -ENOMEM;
	config = config ? config : &defaults;
	io->gap_bytes = config->gap_bytes;
	io->job_threads = config->depth ? config->depth : JOB_THREADS;
	if (config->gap_bytes && posix_memalign(&io->waste, WORK_GAP_MAX, WORK_GAP_MAX)) {
		free(io);
		return -ENOMEM;
	}
	err = choice_open(config->backend, config->depth, &io->choice);
	if (err) {
		free(io->waste);
		free(io);
		return err;
	}
	*ret = io;
	return 0;
}

void accel_io_close(struct accel_io *io)
{
	if (!io)
		return;
	choice_close(&io->choice);
	free(io->waste);
	free(io);
}

void accel_io_cancel(struct accel_io *io)
{
	__atomic_store_n(&io->cancelled, 1, __ATOMIC_RELAXED);
}

void accel_io_resume(struct accel_io *io)
{
	__atomic_store_n(&io->cancelled, 0, __ATOMIC_RELAXED);
}

const char *accel_io_description(const struct accel_io *io)
{
	return io->choice.text;
}

static int make_plan(const struct accel_io *io, struct accel_io_op *ops, uint32_t n, const struct io_files *files,
		     struct plan *ret)
{
	struct plan_entry *entries;
	uint32_t count;
	int err = entries_make(ops, n, files, &entries, &count);

	if (err)
		return err;
	err = plan_make(ops, entries, count, io->gap_bytes, ret);
	if (err)
		free(entries);
	return err;
}

/* Each level waits for the one before. */
static void do_level(struct accel_io *io, struct work *work, const struct plan_level *level)
{
	const struct plan_entry *first;

	work->handed = 0;
	work->next = level->first;
	work->end = level->jobs;
	if (work->next < work->end) {
		first = &work->plan->entry[work->plan->request[work->next].first];
		choice_run(&io->choice, work, work->files->file[first->file].device);
	}
	work_leave(work);
	work->end = level->end;
	jobs_run(work, io->job_threads);
	work_leave(work);
}

static int do_plan(struct accel_io *io, struct accel_io_op *ops, const struct io_files *files, const struct plan *plan)
{
	struct work work = {
		.ops = ops, .files = files, .plan = plan, .cancelled = &io->cancelled, .waste = io->waste
	};
	uint32_t i;

	for (i = 0; i < plan->levels; i++)
		do_level(io, &work, &plan->level[i]);
	if (!work_is_cancelled(&work))
		return 0;
	for (i = 0; i < plan->entries; i++)
		if (ops[plan->entry[i].op].result == -ECANCELED)
			return -ECANCELED;
	return 0;
}

static int run(struct accel_io *io, struct accel_io_op *ops, size_t n)
{
	struct io_files files;
	struct plan plan;
	int err;

	err = io_files_find(ops, (uint32_t)n, &files);
	if (err)
		return err;
	err = make_plan(io, ops, (uint32_t)n, &files, &plan);
	if (!err) {
		err = do_plan(io, ops, &files, &plan);
		free(plan.entry);
		plan_free(&plan);
	}
	io_files_free(&files);
	return err;
}

/* A thread that ends in the middle would leave others, and the kernel, with what is on its stack. */
int accel_io_run(struct accel_io *io, struct accel_io_op *ops, size_t n)
{
	int before, err;

	if (n >= UINT32_MAX)
		return -E2BIG;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	err = run(io, ops, n);
	pthread_setcancelstate(before, NULL);
	return err;
}
