/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * A large profile, as a file of ours and as JSON, and how long it takes to load.
 *
 * usage: profile make FOLDER JSON JSON-ARRAYS | load FOLDER | json JSON | merge FOLDER | plan FOLDER | write FOLDER
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "profile/merge.h"
#include "profile/profile.h"
#include "profile/profile_store.h"
#include "profile/replay_plan.h"

#define FILES 20000
#define RANGES 1000000
#define PATH_BYTES 64

static const struct profile_key key = { .command = "make",
					.program = "/usr/bin/make",
					.directory = "/home/user/source/project" };

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Not ru_maxrss, which begins with what was resident before the exec. */
static void print_memory(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[128];
	long kib;

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmHWM: %ld kB", &kib) == 1)
			printf("max_rss_kib=%ld\n", kib);
	if (status)
		fclose(status);
}

/* Files of up to 1600 pages, of which each range has up to 32, in no order. Nothing of it is freed. */
static struct profile fill(uint32_t seed)
{
	struct profile_file *files = calloc(FILES, sizeof(*files));
	struct profile_range *ranges = calloc(RANGES, sizeof(*ranges));
	char *text = malloc((size_t)FILES * PATH_BYTES), *at = text;
	uint32_t i;

	for (i = 0; i < FILES; i++) {
		files[i] = (struct profile_file){ .path = (uint32_t)(at - text),
						  .size = 1600 * PROFILE_PAGE,
						  .mtime_ns = 1700000000000000000 + (int64_t)i * 1000003 };
		at += snprintf(at, PATH_BYTES, "/home/user/source/project/module-%03u/source-%05u.c", i % 200, i) + 1;
	}
	for (i = 0; i < RANGES; i++)
		ranges[i] = (struct profile_range){ .file = i * 7919U % FILES,
						    .page = i / FILES * 32,
						    .pages = (uint16_t)(1 + next_random(&seed) % 31),
						    .seen = 1 };
	return (struct profile){
		.key = key,
		.files = files,
		.ranges = ranges,
		.text = text,
		.nfiles = FILES,
		.nranges = RANGES,
		.text_bytes = (uint32_t)(at - text),
	};
}

/* Range by range as an object, like all JSON of ours; with arrays in their place it is as short as JSON gets. */
static int write_json(const struct profile *p, const char *path, bool arrays)
{
	json_t *files = json_array(), *ranges = json_array(), *root;
	uint32_t i;

	for (i = 0; i < p->nfiles; i++)
		json_array_append_new(files, json_pack("{ss sI sI}", "path", profile_path_of(p, &p->files[i]), "size",
						       (json_int_t)p->files[i].size, "mtime_ns",
						       (json_int_t)p->files[i].mtime_ns));
	for (i = 0; i < p->nranges; i++) {
		const struct profile_range *r = &p->ranges[i];

		json_array_append_new(ranges, arrays ? json_pack("[iiii]", r->file, r->page, r->pages, r->seen) :
						       json_pack("{si si si si}", "file", r->file, "page", r->page,
								 "pages", r->pages, "seen", r->seen));
	}
	root = json_pack("{ss ss ss so so}", "command", p->key.command, "program", p->key.program, "directory",
			 p->key.directory, "files", files, "ranges", ranges);
	return json_dump_file(root, path, JSON_COMPACT);
}

static int load(const char *folder)
{
	double from = now_ms();
	struct profile p;
	int err = profile_open(folder, profile_id(&key), &p);

	if (err)
		return err;
	printf("ms=%.3f\nranges=%u\n", now_ms() - from, p.nranges);
	print_memory();
	profile_close(&p);
	return 0;
}

static int load_json(const char *path)
{
	double from = now_ms();
	json_t *root = json_load_file(path, 0, NULL);

	if (!root)
		return -EBADMSG;
	printf("ms=%.3f\nranges=%zu\n", now_ms() - from, json_array_size(json_object_get(root, "ranges")));
	print_memory();
	return 0;
}

/* What loading cannot be faster than: the file's bytes, copied out of the page cache. */
static int read_only(const char *path)
{
	static char buffer[1 << 18];
	double from = now_ms();
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	do
		got = read(fd, buffer, sizeof(buffer));
	while (got > 0);
	close(fd);
	if (got < 0)
		return -EIO;
	printf("ms=%.3f\n", now_ms() - from);
	return 0;
}

/* A cold run that read the same ranges in other lengths. */
static int merge(const char *folder)
{
	struct profile last, run = fill(2), merged;
	double from;
	int err = profile_open(folder, profile_id(&key), &last);

	if (err)
		return err;
	from = now_ms();
	err = profile_merge(&last, NULL, &run, &merged);
	if (err)
		return err;
	printf("ms=%.3f\nranges=%u\n", now_ms() - from, merged.nranges);
	print_memory();
	return 0;
}

/* The plan of a replay of all of it: chunks, each file judged as changed, each range clipped. */
static int plan(const char *folder)
{
	struct replay_limits limits;
	struct replay_plan made;
	struct profile p;
	uint64_t offset, bytes, sum = 0;
	double from;
	uint32_t i;
	int err = profile_open(folder, profile_id(&key), &p);

	if (err)
		return err;
	from = now_ms();
	replay_limits_init(&limits, UINT64_MAX, 1);
	err = replay_plan_make(&p, &limits, &made);
	for (i = 0; !err && i < p.nranges; i++) {
		const struct profile_file *file = &p.files[p.ranges[i].file];

		if (replay_range_clip(file, &p.ranges[i], replay_file_judge(file, 800, file->size + 1, 0),
				      file->size + 1, &offset, &bytes))
			sum += bytes;
	}
	if (err || !sum)
		return err ? err : -EINVAL;
	printf("ms=%.3f\nranges=%u\n", now_ms() - from, made.nchunks ? p.nranges : 0);
	print_memory();
	return 0;
}

static int write_one(const char *folder, const struct profile *p)
{
	double from = now_ms();
	int err = profile_write(folder, p);

	if (!err)
		printf("ms=%.3f\nranges=%u\n", now_ms() - from, p->nranges);
	return err;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	struct profile p;
	int err = -EINVAL;

	if (!strcmp(what, "make") && argc == 5) {
		p = fill(1);
		err = profile_write(argv[2], &p);
		if (!err && (write_json(&p, argv[3], false) || write_json(&p, argv[4], true)))
			err = -EIO;
	} else if (!strcmp(what, "load")) {
		err = load(argv[2]);
	} else if (!strcmp(what, "read")) {
		err = read_only(argv[2]);
	} else if (!strcmp(what, "json")) {
		err = load_json(argv[2]);
	} else if (!strcmp(what, "merge")) {
		err = merge(argv[2]);
	} else if (!strcmp(what, "plan")) {
		err = plan(argv[2]);
	} else if (!strcmp(what, "write")) {
		p = fill(1);
		err = write_one(argv[2], &p);
	}
	if (err)
		fprintf(stderr, "profile %s: %s\n", what, strerror(-err));
	return err ? 1 : 0;
}
