/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The report for programs: one JSON object, one line. A value that could not be measured is null. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "report/report.h"
#include "util/cleanup.h"

#define UTF8_MAX 4
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define REPLACEMENT_LEN 3

/* Bytes of the valid UTF-8 sequence at text, 0: it is none. The library that must accept it is the judge. */
static size_t sequence(const char *text, size_t len)
{
	size_t n;

	for (n = 1; n <= UTF8_MAX && n <= len; n++) {
		json_t *piece = json_stringn(text, n);

		if (piece) {
			json_decref(piece);
			return n;
		}
	}
	return 0;
}

/* A string of others: up to len bytes or its NUL, with what is not UTF-8 replaced. */
static json_t *string_n(const char *text, size_t len)
{
	cleanup_free char *fixed = NULL;
	size_t i, n, used = 0;
	json_t *ret;

	len = strnlen(text, len);
	ret = json_stringn(text, len);
	if (ret)
		return ret;
	fixed = malloc(len * REPLACEMENT_LEN + 1);
	if (!fixed)
		return NULL;
	for (i = 0; i < len; i += n ? n : 1) {
		n = sequence(text + i, len - i);
		memcpy(fixed + used, n ? text + i : REPLACEMENT, n ? n : REPLACEMENT_LEN);
		used += n ? n : REPLACEMENT_LEN;
	}
	return json_stringn(fixed, used);
}

static json_t *string(const char *text)
{
	return text ? string_n(text, strlen(text)) : json_null();
}

/* Rounded to what was measured: a clock of ns, printed as µs. */
static json_t *number(double value)
{
	return isfinite(value) ? json_real(round(value * 1e6) / 1e6) : json_null();
}

static json_t *count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* A count that is never 0 where it is known. */
static json_t *count_or_null(uint64_t value)
{
	return value ? count(value) : json_null();
}

static json_t *times_object(const double seconds[], const char *const names[], size_t size)
{
	json_t *ret = json_object();
	size_t i;
	int err = 0;

	for (i = 0; i < size; i++)
		err |= json_object_set_new(ret, names[i], number(seconds[i]));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *thread_object(const struct times *times)
{
	return times_object(times->thread, state_names, STATES);
}

static json_t *wall_object(const struct times *times)
{
	return times_object(times->wall, state_names, STATES);
}

static json_t *app_object(const struct report *r)
{
	static const char *const endings[] = {
		[ENDING_NOT_YET] = "running",
		[ENDING_APP] = "app",
		[ENDING_DURATION] = "duration",
		[ENDING_SIGNAL] = "signal",
	};
	const struct app *app = r->app;
	enum ending ending = r->interim ? ENDING_NOT_YET : app->ending;

	return json_pack("{so so so so so so so so ss so}", "name", string_n(app->name, sizeof(app->name)), "command",
			 string(app->command), "processes", count(app->processes), "threads_peak",
			 count(app->threads_peak), "execs", count(app->execs), "started",
			 app->started > 0 ? number(app->started) : json_null(), "ended",
			 app->ended > 0 ? number(app->ended) : json_null(), "seen", json_boolean(app->seen), "ending",
			 endings[ending], "cpus", count_or_null(app->cpus));
}

static json_t *host_object(const struct host *host)
{
	return json_pack("{so so so}", "kernel",
			 host->kernel[0] ? string_n(host->kernel, sizeof(host->kernel)) : json_null(), "cpus",
			 count_or_null(host->cpus), "memory_bytes", count_or_null(host->memory_bytes));
}

/* The states and idle: the sum is wall_seconds. */
static json_t *wall_and_idle(const struct app *app)
{
	json_t *ret = wall_object(&app->times);

	if (!json_object_set_new(ret, "idle", number(app->idle)))
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *wall_parts(const struct times *times)
{
	return json_pack("{so so so so so}", "disk_read", number(times->wall_disk_read), "disk_write",
			 number(times->wall_disk_write), "neighbour", number(times->wall_neighbour), "wakeup",
			 number(times->wall_wakeup), "alone", number(times->wall_alone));
}

/* Up to the largest number of threads that ever ran at once; the last bucket of the ledger means "or more". */
static json_t *concurrency_array(const struct app *app)
{
	json_t *ret = json_array();
	int i, last = AA_CONCURRENCY - 1, err = 0;

	while (last > 0 && !(app->concurrency[last] > 0))
		last--;
	for (i = 0; i <= last; i++)
		err |= json_array_append_new(
			ret, json_pack("{si so}", "running", i, "seconds", number(app->concurrency[i])));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *command_object(const void *entry)
{
	const struct command *c = entry;

	return json_pack("{so so so so so so}", "name", string_n(c->name, sizeof(c->name)), "processes",
			 count(c->processes), "thread_seconds", thread_object(&c->times), "wall",
			 wall_object(&c->times), "sleep", times_object(c->times.sleep, sleep_cause_names, SLEEP_CAUSES),
			 "wall_parts", wall_parts(&c->times));
}

static json_t *io_object(const struct device_io *io)
{
	return json_pack("{so so so so so so so}", "reads", count(io->reads), "read_bytes", count(io->read_bytes),
			 "writes", count(io->writes), "write_bytes", count(io->write_bytes), "flushes",
			 count(io->flushes), "busy_seconds", number(io->busy_seconds), "sequential",
			 number(io->sequential));
}

static json_t *device_object(const void *entry)
{
	const struct device *d = entry;
	json_t *ret = json_object(), *latency, *own;
	int err;

	latency = json_pack("{so so so so}", "p50", number(d->p50_us), "p95", number(d->p95_us), "p99",
			    number(d->p99_us), "max", number(d->max_us));
	own = io_object(&d->own);
	err = json_object_set_new(ret, "name", string_n(d->name, sizeof(d->name)));
	err |= json_object_update(ret, own);
	err |= json_object_set_new(ret, "latency_us", latency);
	err |= json_object_set_new(ret, "rotational", json_boolean(d->rotational));
	err |= json_object_set_new(ret, "others", io_object(&d->others));
	json_decref(own);
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *file_object(const void *entry)
{
	const struct file_miss *f = entry;

	return json_pack("{so so}", "path", string(f->path), "missed_bytes", count(f->bytes));
}

static json_t *wait_object(const void *entry)
{
	const struct long_wait *w = entry;

	return json_pack("{so ss so so so so so}", "command", string_n(w->command, sizeof(w->command)), "state",
			 state_names[w->state], "cause",
			 w->state == STATE_SLEEP ? json_string(sleep_cause_names[w->cause]) : json_null(), "count",
			 count(w->count), "seconds", number(w->seconds), "waker",
			 w->waker[0] ? string_n(w->waker, sizeof(w->waker)) : json_null(), "waker_outside",
			 w->waker[0] ? json_boolean(w->waker_outside) : json_null());
}

static json_t *verdict_object(const void *entry)
{
	const struct verdict *v = entry;

	return json_pack("{ss so so so sn}", "id", v->id, "impact_percent", number(v->impact * 100), "evidence",
			 string_n(v->evidence, sizeof(v->evidence)), "suggestion",
			 string_n(v->suggestion, sizeof(v->suggestion)), "action");
}

static json_t *warning_string(const void *entry)
{
	return string(*(char *const *)entry);
}

/* An array of what object() makes of each of the entries. */
static json_t *array_of(const void *entries, size_t entries_count, size_t size, json_t *(*object)(const void *entry))
{
	json_t *ret = json_array();
	size_t i;

	for (i = 0; i < entries_count; i++) {
		if (json_array_append_new(ret, object((const char *)entries + i * size))) {
			json_decref(ret);
			return NULL;
		}
	}
	return ret;
}

static json_t *page_cache_object(const struct app *app)
{
	return json_pack("{so so so}", "missed_pages", count(app->missed_pages), "missed_bytes",
			 count(app->missed_bytes), "major_faults", count(app->major_faults));
}

static json_t *quota_object(const struct quota *quota)
{
	bool limited = quota->cgroup[0];

	if (!quota->known)
		return json_null();
	return json_pack("{so so so so}", "cgroup",
			 limited ? string_n(quota->cgroup, sizeof(quota->cgroup)) : json_null(), "cpus",
			 limited ? number(quota->cpus) : json_null(), "throttled_periods",
			 count(quota->throttled_periods), "throttled_seconds", number(quota->throttled_seconds));
}

static json_t *limit_object(const struct memory_limit *limit)
{
	bool limited = limit->cgroup[0];

	if (!limit->known)
		return json_null();
	return json_pack("{so so so}", "cgroup", limited ? string_n(limit->cgroup, sizeof(limit->cgroup)) : json_null(),
			 "limit_bytes", limited ? count(limit->limit_bytes) : json_null(), "peak_bytes",
			 count_or_null(limit->peak_bytes));
}

static json_t *lost_object(const struct agent_cost *cost)
{
	static const char *const kinds[] = {
		"start", "end", "exec", "fork", "exit", "block", "miss", "file", "wait", "cgroup",
	};
	json_t *ret = json_object();
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		err |= json_object_set_new(ret, kinds[i], count(cost->lost_by_kind[i]));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *agent_object(const struct agent_cost *cost)
{
	return json_pack("{so so so so so so so so}", "cpu_seconds", number(cost->cpu_seconds), "start_cpu_seconds",
			 number(cost->start_cpu_seconds), "bpf_seconds", number(cost->bpf_seconds), "max_rss_kib",
			 count_or_null(cost->max_rss_kib), "events", count(cost->events), "lost_events",
			 count(cost->lost_events), "warnings",
			 array_of(cost->warnings, cost->nwarnings, sizeof(*cost->warnings), warning_string), "lost",
			 lost_object(cost));
}

/* The keys in the order that is documented. NULL: out of memory. */
static json_t *report_object(const struct report *r)
{
	const struct app *app = r->app;
	json_t *ret = json_object();
	int err = 0;

	err |= json_object_set_new(ret, "schema", string("accel-agent.report/1"));
	err |= json_object_set_new(ret, "app", app_object(r));
	err |= json_object_set_new(ret, "host", host_object(r->host));
	err |= json_object_set_new(ret, "wall_seconds", number(app->wall_seconds));
	err |= json_object_set_new(ret, "thread_seconds", thread_object(&app->times));
	err |= json_object_set_new(ret, "wall", wall_and_idle(app));
	err |= json_object_set_new(ret, "concurrency", concurrency_array(app));
	err |= json_object_set_new(ret, "commands",
				   array_of(app->commands, app->ncommands, sizeof(*app->commands), command_object));
	err |= json_object_set_new(ret, "devices",
				   array_of(app->devices, app->ndevices, sizeof(*app->devices), device_object));
	err |= json_object_set_new(ret, "page_cache", page_cache_object(app));
	err |= json_object_set_new(ret, "bottlenecks",
				   array_of(r->verdicts, r->nverdicts, sizeof(*r->verdicts), verdict_object));
	err |= json_object_set_new(ret, "actions", json_array());
	err |= json_object_set_new(ret, "agent", agent_object(r->cost));

	/* newer than the first version of the schema */
	err |= json_object_set_new(ret, "interim", json_boolean(r->interim));
	err |= json_object_set_new(ret, "sleep", times_object(app->times.sleep, sleep_cause_names, SLEEP_CAUSES));
	err |= json_object_set_new(ret, "wall_sleep", times_object(app->wall_sleep, sleep_cause_names, SLEEP_CAUSES));
	err |= json_object_set_new(ret, "wall_parts", wall_parts(&app->times));
	err |= json_object_set_new(ret, "files", array_of(app->files, app->nfiles, sizeof(*app->files), file_object));
	err |= json_object_set_new(ret, "waits", array_of(app->waits, app->nwaits, sizeof(*app->waits), wait_object));
	err |= json_object_set_new(ret, "steal", number(app->steal));
	err |= json_object_set_new(ret, "cpu_quota", quota_object(&app->quota));
	err |= json_object_set_new(ret, "memory_limit", limit_object(&app->memory_limit));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

int report_json(const struct report *r, FILE *out)
{
	json_t *object = report_object(r);
	cleanup_free char *text = NULL;

	if (!object)
		return -ENOMEM;
	/* plain ASCII: a name cannot play tricks on the terminal that shows the report */
	text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(16));
	json_decref(object);
	if (!text)
		return -ENOMEM;
	errno = 0;
	if (fputs(text, out) == EOF || fputc('\n', out) == EOF || fflush(out))
		return errno ? -errno : -EIO;
	return 0;
}
