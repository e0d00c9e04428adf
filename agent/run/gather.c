// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* From maps, tables and /sys to the model of one app. */
#include "run/watch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/histogram.h"
#include "sys/block.h"
#include "sys/mounts.h"
#include "util/clock.h"

#define TOP_FILES 20
#define TOP_WAITS 20
#define DEVICES_MAX 64

struct device_sum {
	uint32_t dev;
	struct aa_dev own;
	struct aa_dev others;
};

struct device_sums {
	uint32_t app;
	size_t used;
	struct device_sum rows[DEVICES_MAX];
};

static void add_device(struct aa_dev *to, const struct aa_dev *from)
{
	unsigned int i;

	for (i = 0; i < AA_BLOCK_OPS; i++) {
		to->requests[i] += from->requests[i];
		to->bytes[i] += from->bytes[i];
	}
	to->sequential += from->sequential;
	to->total_ns += from->total_ns;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
	for (i = 0; i < AA_HIST_BUCKETS; i++)
		to->latency[i] += from->latency[i];
}

static void take_device(void *context, const struct aa_dev_key *key, const struct aa_dev *dev)
{
	struct device_sums *sums = context;
	size_t i;

	for (i = 0; i < sums->used && sums->rows[i].dev != key->dev; i++)
		;
	if (i == DEVICES_MAX)
		return;
	if (i == sums->used) {
		memset(&sums->rows[i], 0, sizeof(sums->rows[i]));
		sums->rows[i].dev = key->dev;
		sums->used++;
	}
	add_device(key->app == sums->app ? &sums->rows[i].own : &sums->rows[i].others, dev);
}

/* The latency that share of all requests did not exceed, us; NAN if there was none. */
static double percentile(const struct aa_dev *dev, double share)
{
	uint64_t all = 0, below = 0;
	unsigned int i;

	for (i = 0; i < AA_HIST_BUCKETS; i++)
		all += dev->latency[i];
	if (!all)
		return NAN;
	for (i = 0; i < AA_HIST_BUCKETS - 1; i++) {
		below += dev->latency[i];
		if ((double)below >= share * (double)all)
			break;
	}
	/* the middle of the longest bucket may lie beyond the longest latency */
	return (double)(aa_hist_value(i) < dev->max_ns ? aa_hist_value(i) : dev->max_ns) / 1e3;
}

static struct device_io device_io(const struct aa_dev *dev)
{
	uint64_t requests = dev->requests[AA_BLOCK_READ] + dev->requests[AA_BLOCK_WRITE];

	return (struct device_io){
		.reads = dev->requests[AA_BLOCK_READ],
		.read_bytes = dev->bytes[AA_BLOCK_READ],
		.writes = dev->requests[AA_BLOCK_WRITE],
		.write_bytes = dev->bytes[AA_BLOCK_WRITE],
		.flushes = dev->requests[AA_BLOCK_FLUSH],
		.busy_seconds = (double)dev->total_ns / 1e9,
		.sequential = requests ? (double)dev->sequential / (double)requests : NAN,
	};
}

static void name_device(struct device *d)
{
	struct sys_block block;

	if (sys_block_read("", d->dev, &block)) {
		snprintf(d->name, sizeof(d->name), "%u:%u", d->dev >> 20, d->dev & 0xfffff);
		return;
	}
	memcpy(d->name, block.name, sizeof(d->name));
	d->rotational = block.rotational;
}

static int by_busy_time(const void *a, const void *b)
{
	const struct device *x = a, *y = b;
	double p = x->own.busy_seconds, q = y->own.busy_seconds;

	return p != q ? (p < q) - (p > q) :
			(x->others.busy_seconds < y->others.busy_seconds) -
				(x->others.busy_seconds > y->others.busy_seconds);
}

static int gather_devices(struct watch *watch, unsigned int app, struct app *ret)
{
	struct device_sums *sums = calloc(1, sizeof(*sums));
	size_t i;
	int err;

	if (!sums)
		return -ENOMEM;
	sums->app = app;
	err = tracer_each_device(watch->tracer, take_device, sums);
	if (!err && sums->used) {
		ret->devices = calloc(sums->used, sizeof(*ret->devices));
		err = ret->devices ? 0 : -ENOMEM;
	}
	for (i = 0; !err && i < sums->used; i++) {
		struct device *d = &ret->devices[ret->ndevices++];
		const struct aa_dev *own = &sums->rows[i].own;

		d->dev = sums->rows[i].dev;
		d->own = device_io(own);
		d->others = device_io(&sums->rows[i].others);
		d->p50_us = percentile(own, 0.50);
		d->p95_us = percentile(own, 0.95);
		d->p99_us = percentile(own, 0.99);
		d->max_us = d->own.reads + d->own.writes ? (double)own->max_ns / 1e3 : NAN;
		name_device(d);
	}
	if (!err)
		qsort(ret->devices, ret->ndevices, sizeof(*ret->devices), by_busy_time);
	free(sums);
	return err;
}

/*
 * "/usr/lib/x.so", "/lib/x.so on vda" where it is not mounted here, "inode 12 on vda" where its name is not known,
 * "metadata of vda" for the device's own pages.
 */
static char *file_name(const struct watch *watch, const struct file *file, const struct sys_mounts *mounts)
{
	char inside[AA_PATH_LEN * 2], path[8192], *name = NULL;
	struct device d = { .dev = file->dev };
	int n, known = !files_path(watch->files, file, inside, sizeof(inside));

	if (known && file->complete && !sys_mounts_find(mounts, file->dev, inside, path, sizeof(path)))
		return strdup(path);
	name_device(&d);
	if (known)
		n = asprintf(&name, "%s on %s", inside, d.name);
	else if (!file->ino)
		n = asprintf(&name, "metadata of %s (directories, inodes)", d.name);
	else
		n = asprintf(&name, "inode %llu on %s", (unsigned long long)file->ino, d.name);
	return n < 0 ? NULL : name;
}

static int gather_files(struct watch *watch, unsigned int app, struct app *ret)
{
	const struct file *top[TOP_FILES];
	size_t i, n = files_top(watch->files, app, top, TOP_FILES);
	struct sys_mounts mounts = { 0 };

	if (!n)
		return 0;
	ret->files = calloc(n, sizeof(*ret->files));
	if (!ret->files)
		return -ENOMEM;
	sys_mounts_read("", &mounts); /* without it, names stay relative to their file system */
	for (i = 0; i < n; i++) {
		ret->files[i].path = file_name(watch, top[i], &mounts);
		if (!ret->files[i].path)
			break;
		ret->files[i].dev = top[i]->dev;
		ret->files[i].bytes = top[i]->pages * (uint64_t)sysconf(_SC_PAGESIZE);
		ret->nfiles++;
	}
	sys_mounts_free(&mounts);
	return i < n ? -ENOMEM : 0;
}

static int gather_waits(struct watch *watch, unsigned int app, struct app *ret)
{
	ret->waits = calloc(TOP_WAITS, sizeof(*ret->waits));
	if (!ret->waits)
		return -ENOMEM;
	ret->nwaits = waits_top(watch->waits, app, ret->waits, TOP_WAITS);
	return 0;
}

static void gather_limits(const struct watched *w, struct app *ret)
{
	struct sys_cpu_time now;

	ret->steal = NAN;
	if (w->cpu_known && !sys_cpu_time_read("", &now))
		ret->steal = sys_steal_share(&w->cpu_before, &now);
	if (w->quota_known) {
		ret->quota.known = true;
		if (w->quota.limited) {
			snprintf(ret->quota.cgroup, sizeof(ret->quota.cgroup), "%s", w->quota.cgroup);
			ret->quota.cpus = w->quota.cpus;
		}
		if (w->quota.limited && w->quota.throttling_known && !strcmp(w->quota.cgroup, w->quota_before.cgroup)) {
			ret->quota.throttled_periods = w->quota.throttled_periods - w->quota_before.throttled_periods;
			ret->quota.throttled_seconds = w->quota.throttled_seconds - w->quota_before.throttled_seconds;
		}
	}
	if (w->memory_known) {
		ret->memory_limit.known = true;
		if (w->memory.limited) {
			snprintf(ret->memory_limit.cgroup, sizeof(ret->memory_limit.cgroup), "%s", w->memory.cgroup);
			ret->memory_limit.limit_bytes = w->memory.limit_bytes;
			ret->memory_limit.peak_bytes = w->memory.peak_bytes;
		}
	}
	ret->reread_bytes = sys_reread_pages(&w->reread_before, &w->reread) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int gather(struct watch *watch, unsigned int app, struct app *ret)
{
	const struct watched *w = &watch->apps[app];
	struct aa_counts counts;
	int err;

	watch_refresh(watch, app);

	memcpy(ret->name, w->name, sizeof(ret->name));
	ret->steal = NAN;
	ret->seen = w->seen;
	if (!w->seen)
		return 0;
	if (w->command) {
		ret->command = strdup(w->command);
		if (!ret->command)
			return -ENOMEM;
	}
	err = tracer_read_ledger(watch->tracer, app, watch->ledger);
	if (!err)
		err = app_read_ledger(ret, watch->ledger, clock_monotonic_ns());
	if (!err)
		err = tracer_read_counts(watch->tracer, app, &counts);
	if (err)
		return err;
	ret->started = w->started;
	ret->ended = w->started + ret->wall_seconds;
	ret->processes = counts.processes;
	ret->execs = counts.execs;
	ret->missed_pages = counts.missed_pages;
	ret->missed_bytes = counts.missed_bytes;
	ret->major_faults = counts.major_faults;
	gather_limits(w, ret);
	err = gather_devices(watch, app, ret);
	if (!err)
		err = gather_files(watch, app, ret);
	return err ? err : gather_waits(watch, app, ret);
}

int watch_gather(struct watch *watch, unsigned int app, enum ending ending, struct app *ret)
{
	struct app a = { .ending = ending };
	int err = gather(watch, app, &a);

	if (err) {
		app_clear(&a);
		return err;
	}
	*ret = a;
	return 0;
}
