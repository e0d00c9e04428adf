/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A warm run: finds files, reads them, watches for signals, each on a thread of its own. */
#include "warm/warm.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "accel_io.h"
#include "warm/attendant.h"
#include "warm/counts.h"
#include "warm/leftover.h"
#include "warm/reader.h"
#include "warm/scan.h"
#include "warm/walk.h"

#define OPEN_MAX 32768 /* files and folders open at a time: more brings nothing */
#define OPEN_OTHERS 64 /* descriptors that are for something else */

struct run {
	const struct warm_config *config;
	struct scan scan;
	struct reader *reader; /* NULL: nothing is read */
	atomic_bool stop;
	int scan_err;
};

/* Files are opened ahead of the reading, as many as we may. Returns how many that are. */
static size_t raise_open_limit(void)
{
	struct rlimit limit;
	size_t most = 0;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		most = limit.rlim_cur;
		limit.rlim_cur = limit.rlim_max;
		if (!setrlimit(RLIMIT_NOFILE, &limit))
			most = limit.rlim_max;
	}
	most = most > 2 * OPEN_OTHERS ? most - OPEN_OTHERS : OPEN_OTHERS;
	return most < OPEN_MAX ? most : OPEN_MAX;
}

static void stop(void *context)
{
	struct run *run = context;

	if (!run->reader)
		return;
	accel_io_cancel(run->config->io);
	reader_stop(run->reader);
}

static void *find_files(void *context)
{
	struct run *run = context;

	run->scan_err = scan_run(&run->scan);
	reader_end(run->reader);
	return NULL;
}

/* Finds on a thread of its own, reads on this one. */
static int read_files(struct run *run)
{
	pthread_t thread;
	int err = -pthread_create(&thread, NULL, find_files, run);

	if (err)
		return err;
	err = reader_run(run->reader);
	pthread_join(thread, NULL);
	return err ? err : run->scan_err;
}

static int list_file(void *context, const struct scan_file *file)
{
	const struct warm_config *config = context;
	char path[PATH_MAX];

	walk_path(file->folder, file->name, path, sizeof(path));
	close(file->fd);
	return config->list(config->context, path, file);
}

static int attend(struct run *run, int *ret_signal)
{
	struct attendant_config config = {
		.counts = run->scan.counts,
		.progress = run->config->progress,
		.stop = &run->stop,
		.stopped = stop,
		.context = run,
	};
	struct attendant *attendant;
	int err = attendant_start(&config, &attendant);

	if (err)
		return err;
	err = run->reader ? read_files(run) : scan_run(&run->scan);
	*ret_signal = attendant_end(attendant);
	return err;
}

int warm_run(const struct warm_config *config, struct warm_counts *counts, struct leftovers *leftovers, int *ret_signal)
{
	size_t most = raise_open_limit();
	struct run run = { .config = config };
	struct reader_config reader = {
		.io = config->io,
		.files_max = most / 2,
		.kept_max = most / 8,
		.leftovers = leftovers,
		.counts = counts,
		.stop = &run.stop,
	};
	int err;

	run.scan = (struct scan){
		.paths = config->paths,
		.npaths = config->npaths,
		.budget_bytes = config->budget_bytes,
		.folders_max = most / 4,
		.leftovers = leftovers,
		.counts = counts,
		.stop = &run.stop,
		.take = list_file,
		.context = (void *)config,
	};
	if (config->io) {
		run.reader = reader_new(&reader);
		if (!run.reader)
			return -ENOMEM;
		run.scan.take = reader_take;
		run.scan.context = run.reader;
	}
	err = attend(&run, ret_signal);
	reader_free(run.reader);
	return err;
}
