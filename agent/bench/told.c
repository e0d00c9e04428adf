/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the reports of the runs with tuning tell. */
#include "bench/told.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/ratio.h"
#include "report/value.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* A new last entry of an array, zeroed, or NULL. */
static void *grow(void **entries, size_t *n, size_t size)
{
	char *larger = realloc(*entries, (*n + 1) * size);

	if (!larger)
		return NULL;
	*entries = larger;
	memset(larger + *n * size, 0, size);
	return larger + (*n)++ * size;
}

static struct told_bottleneck *bottleneck(struct told *told, const char *id)
{
	struct told_bottleneck *b;
	size_t i;

	for (i = 0; i < told->nbottlenecks; i++)
		if (!strcmp(told->bottlenecks[i].id, id))
			return &told->bottlenecks[i];
	b = grow((void **)&told->bottlenecks, &told->nbottlenecks, sizeof(*b));
	if (b)
		snprintf(b->id, sizeof(b->id), "%s", id);
	return b;
}

static int add_bottleneck(struct told *told, const json_t *from)
{
	struct told_bottleneck *b = bottleneck(told, text_of(from, "id"));
	double *percent = b ? grow((void **)&b->percent, &b->n, sizeof(*percent)) : NULL;

	if (!percent)
		return -ENOMEM;
	*percent = json_number_value(json_object_get(from, "impact_percent"));
	return 0;
}

static struct told_action *action(struct told *told, const char *knob)
{
	struct told_action *a;
	size_t i;

	for (i = 0; i < told->nactions; i++)
		if (!strcmp(told->actions[i].knob, knob))
			return &told->actions[i];
	a = grow((void **)&told->actions, &told->nactions, sizeof(*a));
	if (a)
		snprintf(a->knob, sizeof(a->knob), "%s", knob);
	return a;
}

static int add_action(struct told *told, const json_t *from)
{
	struct told_action *a = action(told, text_of(from, "knob"));
	const char *state = text_of(from, "state");

	if (!a)
		return -ENOMEM;
	if (!strcmp(state, "kept")) {
		a->kept++;
		a->unmeasured += !json_is_object(json_object_get(from, "effect"));
	} else if (!strcmp(state, "undone")) {
		a->undone++;
	} else if (!strcmp(state, "refused")) {
		a->refused++;
		snprintf(a->reason, sizeof(a->reason), "%s", text_of(from, "reason"));
	}
	return 0;
}

static int add_all(struct told *told, const json_t *array, int (*add)(struct told *told, const json_t *from))
{
	const json_t *entry;
	int err = 0;
	size_t i;

	json_array_foreach(array, i, entry) err = err ? err : add(told, entry);
	return err;
}

static void add_replay(struct told *told, const json_t *replayed)
{
	uint64_t bytes = (uint64_t)json_integer_value(json_object_get(replayed, "bytes"));

	if (strcmp(text_of(replayed, "state"), "done") || !bytes)
		return;
	told->replays++;
	told->replayed_bytes += bytes;
}

int told_add(struct told *told, int fd)
{
	struct stat st;
	json_t *report;
	int err;

	if (fstat(fd, &st) || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	if (!st.st_size)
		return -ENOENT;
	report = json_loadfd(fd, 0, NULL);
	if (!json_is_object(report)) {
		json_decref(report);
		return -EBADMSG;
	}
	told->runs++;
	told->start_seconds += json_number_value(json_object_get(json_object_get(report, "agent"), "start_seconds"));
	err = add_all(told, json_object_get(report, "bottlenecks"), add_bottleneck);
	if (!err)
		err = add_all(told, json_object_get(report, "actions"), add_action);
	add_replay(told, json_object_get(json_object_get(report, "prefetch"), "replayed"));
	json_decref(report);
	return err;
}

static int largest_first(const void *a, const void *b)
{
	double x = ((const struct told_bottleneck *)a)->median, y = ((const struct told_bottleneck *)b)->median;

	return (x < y) - (x > y);
}

/* Of all runs: those that did not name it had less than is worth a line. NAN: not known, for lack of memory. */
static double median_of(const struct told_bottleneck *b, unsigned int runs)
{
	double *all = calloc(runs + 1, sizeof(*all)), median;

	if (!all)
		return NAN;
	memcpy(all, b->percent, (b->n < runs ? b->n : runs) * sizeof(*all));
	median = bench_median(all, runs);
	free(all);
	return median;
}

void told_finish(struct told *told)
{
	size_t i;

	for (i = 0; i < told->nbottlenecks; i++)
		told->bottlenecks[i].median = median_of(&told->bottlenecks[i], told->runs);
	if (told->nbottlenecks)
		qsort(told->bottlenecks, told->nbottlenecks, sizeof(*told->bottlenecks), largest_first);
}

static json_t *bottleneck_object(const void *entry)
{
	const struct told_bottleneck *b = entry;

	return json_pack("{so so so}", "id", value_string(b->id), "impact_percent", value_number(b->median), "runs",
			 value_count(b->n));
}

static json_t *action_object(const void *entry)
{
	const struct told_action *a = entry;

	return json_pack("{so so so so so so}", "knob", value_string(a->knob), "kept", value_count(a->kept),
			 "unmeasured", value_count(a->unmeasured), "undone", value_count(a->undone), "refused",
			 value_count(a->refused), "reason", value_string(*a->reason ? a->reason : NULL));
}

json_t *told_json(const struct told *told)
{
	return json_pack(
		"{so so so so so}", "runs", value_count(told->runs), "start_seconds",
		told->runs ? value_number(told->start_seconds / told->runs) : json_null(), "bottlenecks",
		value_array(told->bottlenecks, told->nbottlenecks, sizeof(*told->bottlenecks), bottleneck_object),
		"actions", value_array(told->actions, told->nactions, sizeof(*told->actions), action_object),
		"prefetch",
		json_pack("{so so}", "runs", value_count(told->replays), "bytes", value_count(told->replayed_bytes)));
}

void told_clear(struct told *told)
{
	size_t i;

	for (i = 0; i < told->nbottlenecks; i++)
		free(told->bottlenecks[i].percent);
	free(told->bottlenecks);
	free(told->actions);
	*told = (struct told){ 0 };
}
