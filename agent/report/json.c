/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The report for programs: one JSON object, one line. A value that could not be measured is null. */
#include <errno.h>
#include <string.h>

#include "report/prefetch.h"
#include "report/report.h"
#include "report/value.h"

static json_t *times_object(const double seconds[], const char *const names[], size_t size)
{
	json_t *ret = json_object();
	size_t i;
	int err = 0;

	for (i = 0; i < size; i++)
		err |= json_object_set_new(ret, names[i], value_number(seconds[i]));
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

	return json_pack("{so so so so so so so so ss so}", "name", value_string_n(app->name, sizeof(app->name)),
			 "command", value_string(app->command), "processes", value_count(app->processes),
			 "threads_peak", value_count(app->threads_peak), "execs", value_count(app->execs), "started",
			 app->started > 0 ? value_number(app->started) : json_null(), "ended",
			 app->ended > 0 ? value_number(app->ended) : json_null(), "seen", json_boolean(app->seen),
			 "ending", endings[ending], "cpus", value_count_or_null(app->cpus));
}

static json_t *host_object(const struct host *host)
{
	return json_pack("{so so so}", "kernel",
			 host->kernel[0] ? value_string_n(host->kernel, sizeof(host->kernel)) : json_null(), "cpus",
			 value_count_or_null(host->cpus), "memory_bytes", value_count_or_null(host->memory_bytes));
}

/* The states and idle: the sum is wall_seconds. */
static json_t *wall_and_idle(const struct app *app)
{
	json_t *ret = wall_object(&app->times);

	if (!json_object_set_new(ret, "idle", value_number(app->idle)))
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *wall_parts(const struct times *times)
{
	return json_pack("{so so so so so so}", "disk_read", value_number(times->wall_disk_read), "disk_write",
			 value_number(times->wall_disk_write), "neighbour", value_number(times->wall_neighbour),
			 "wakeup", value_number(times->wall_wakeup), "pinned", value_number(times->wall_pinned),
			 "alone", value_number(times->wall_alone));
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
			ret, json_pack("{si so}", "running", i, "seconds", value_number(app->concurrency[i])));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *command_object(const void *entry)
{
	const struct command *c = entry;

	return json_pack("{so so so so so so}", "name", value_string_n(c->name, sizeof(c->name)), "processes",
			 value_count(c->processes), "thread_seconds", thread_object(&c->times), "wall",
			 wall_object(&c->times), "sleep", times_object(c->times.sleep, sleep_cause_names, SLEEP_CAUSES),
			 "wall_parts", wall_parts(&c->times));
}

static json_t *io_object(const struct device_io *io)
{
	return json_pack("{so so so so so so so}", "reads", value_count(io->reads), "read_bytes",
			 value_count(io->read_bytes), "writes", value_count(io->writes), "write_bytes",
			 value_count(io->write_bytes), "flushes", value_count(io->flushes), "busy_seconds",
			 value_number(io->busy_seconds), "sequential", value_number(io->sequential));
}

static json_t *device_object(const void *entry)
{
	const struct device *d = entry;
	json_t *ret = json_object(), *latency, *own;
	int err;

	latency = json_pack("{so so so so}", "p50", value_number(d->p50_us), "p95", value_number(d->p95_us), "p99",
			    value_number(d->p99_us), "max", value_number(d->max_us));
	own = io_object(&d->own);
	err = json_object_set_new(ret, "name", value_string_n(d->name, sizeof(d->name)));
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

	return json_pack("{so so}", "path", value_string(f->path), "missed_bytes", value_count(f->bytes));
}

static json_t *wait_object(const void *entry)
{
	const struct long_wait *w = entry;

	return json_pack("{so ss so so so so so}", "command", value_string_n(w->command, sizeof(w->command)), "state",
			 state_names[w->state], "cause",
			 w->state == STATE_SLEEP ? json_string(sleep_cause_names[w->cause]) : json_null(), "count",
			 value_count(w->count), "seconds", value_number(w->seconds), "waker",
			 w->waker[0] ? value_string_n(w->waker, sizeof(w->waker)) : json_null(), "waker_outside",
			 w->waker[0] ? json_boolean(w->waker_outside) : json_null());
}

/* What was done, or refused, about a bottleneck first. */
static json_t *action_for(const struct report *r, const char *bottleneck)
{
	size_t i;

	for (i = 0; i < r->nchanges; i++) {
		const struct change *c = &r->changes[i];

		if (c->bottleneck && !strcmp(c->bottleneck, bottleneck))
			return value_string_n(c->id, sizeof(c->id));
	}
	return json_null();
}

static json_t *bottlenecks_array(const struct report *r)
{
	json_t *ret = json_array();
	size_t i;
	int err = 0;

	for (i = 0; i < r->nverdicts; i++) {
		const struct verdict *v = &r->verdicts[i];

		err |= json_array_append_new(
			ret, json_pack("{ss so so so so}", "id", v->id, "impact_percent", value_number(v->impact * 100),
				       "evidence", value_string_n(v->evidence, sizeof(v->evidence)), "suggestion",
				       value_string_n(v->suggestion, sizeof(v->suggestion)), "action",
				       action_for(r, v->id)));
	}
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *effect_object(const struct effect *e)
{
	static const char *const verdicts[] = {
		[EFFECT_INCONCLUSIVE] = "inconclusive",
		[EFFECT_HELPS] = "helps",
		[EFFECT_HARMS] = "harms",
		[EFFECT_NONE] = "none",
	};

	if (e->verdict == EFFECT_NOT_MEASURED)
		return json_null();
	return json_pack("{so so so so so so so ss}", "metric", value_string(e->metric), "before",
			 value_number(e->before), "after", value_number(e->after), "percent", value_number(e->percent),
			 "low", value_number(e->low), "high", value_number(e->high), "windows", value_count(e->windows),
			 "verdict", verdicts[e->verdict]);
}

static json_t *action_object(const void *entry)
{
	static const char *const states[] = {
		[CHANGE_PLANNED] = "planned",
		[CHANGE_KEPT] = "kept",
		[CHANGE_UNDONE] = "undone",
		[CHANGE_REFUSED] = "refused",
	};
	const struct change *c = entry;

	return json_pack("{so so so so so so ss so so so}", "id", value_string_n(c->id, sizeof(c->id)), "target",
			 value_string_n(c->target, sizeof(c->target)), "knob", value_string(c->knob), "old",
			 c->old[0] ? value_string_n(c->old, sizeof(c->old)) : json_null(), "new",
			 value_string_n(c->new, sizeof(c->new)), "reason", value_string_n(c->reason, sizeof(c->reason)),
			 "state", states[c->state], "effect", effect_object(&c->effect), "bottleneck",
			 value_string(c->bottleneck), "restored", json_boolean(c->restored));
}

static json_t *operation_object(const void *entry)
{
	const struct operation *o = entry;

	return json_pack("{so so so so so so}", "kind",
			 o->kind[0] ? value_string_n(o->kind, sizeof(o->kind)) : json_null(), "processes",
			 value_count(o->processes), "commands", value_count(o->commands), "most",
			 value_string_n(o->most, sizeof(o->most)), "thread_seconds", thread_object(&o->times), "wall",
			 wall_object(&o->times));
}

static json_t *warning_string(const void *entry)
{
	return value_string(*(char *const *)entry);
}

static json_t *page_cache_object(const struct app *app)
{
	return json_pack("{so so so}", "missed_pages", value_count(app->missed_pages), "missed_bytes",
			 value_count(app->missed_bytes), "major_faults", value_count(app->major_faults));
}

static json_t *quota_object(const struct quota *quota)
{
	bool limited = quota->cgroup[0];

	if (!quota->known)
		return json_null();
	return json_pack(
		"{so so so so}", "cgroup", limited ? value_string_n(quota->cgroup, sizeof(quota->cgroup)) : json_null(),
		"cpus", limited ? value_number(quota->cpus) : json_null(), "throttled_periods",
		value_count(quota->throttled_periods), "throttled_seconds", value_number(quota->throttled_seconds));
}

static json_t *limit_object(const struct memory_limit *limit)
{
	bool limited = limit->cgroup[0];

	if (!limit->known)
		return json_null();
	return json_pack("{so so so}", "cgroup",
			 limited ? value_string_n(limit->cgroup, sizeof(limit->cgroup)) : json_null(), "limit_bytes",
			 limited ? value_count(limit->limit_bytes) : json_null(), "peak_bytes",
			 value_count_or_null(limit->peak_bytes));
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
		err |= json_object_set_new(ret, kinds[i], value_count(cost->lost_by_kind[i]));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

static json_t *agent_object(const struct agent_cost *cost)
{
	return json_pack("{so so so so so so so so so}", "cpu_seconds", value_number(cost->cpu_seconds),
			 "start_seconds", value_number(cost->start_seconds), "start_cpu_seconds",
			 value_number(cost->start_cpu_seconds), "bpf_seconds", value_number(cost->bpf_seconds),
			 "max_rss_kib", value_count_or_null(cost->max_rss_kib), "events", value_count(cost->events),
			 "lost_events", value_count(cost->lost_events), "warnings",
			 value_array(cost->warnings, cost->nwarnings, sizeof(*cost->warnings), warning_string), "lost",
			 lost_object(cost));
}

/* The keys in the order that is documented. NULL: out of memory. */
static json_t *report_object(const struct report *r)
{
	const struct app *app = r->app;
	json_t *ret = json_object();
	int err = 0;

	err |= json_object_set_new(ret, "schema", value_string("accel-agent.report/1"));
	err |= json_object_set_new(ret, "app", app_object(r));
	err |= json_object_set_new(ret, "host", host_object(r->host));
	err |= json_object_set_new(ret, "wall_seconds", value_number(app->wall_seconds));
	err |= json_object_set_new(ret, "thread_seconds", thread_object(&app->times));
	err |= json_object_set_new(ret, "wall", wall_and_idle(app));
	err |= json_object_set_new(ret, "concurrency", concurrency_array(app));
	err |= json_object_set_new(ret, "commands",
				   value_array(app->commands, app->ncommands, sizeof(*app->commands), command_object));
	err |= json_object_set_new(ret, "devices",
				   value_array(app->devices, app->ndevices, sizeof(*app->devices), device_object));
	err |= json_object_set_new(ret, "page_cache", page_cache_object(app));
	err |= json_object_set_new(ret, "bottlenecks", bottlenecks_array(r));
	err |= json_object_set_new(ret, "actions",
				   value_array(r->changes, r->nchanges, sizeof(*r->changes), action_object));
	err |= json_object_set_new(ret, "agent", agent_object(r->cost));

	/* newer than the first version of the schema */
	err |= json_object_set_new(ret, "interim", json_boolean(r->interim));
	err |= json_object_set_new(ret, "sleep", times_object(app->times.sleep, sleep_cause_names, SLEEP_CAUSES));
	err |= json_object_set_new(ret, "wall_sleep", times_object(app->wall_sleep, sleep_cause_names, SLEEP_CAUSES));
	err |= json_object_set_new(ret, "wall_parts", wall_parts(&app->times));
	err |= json_object_set_new(ret, "files",
				   value_array(app->files, app->nfiles, sizeof(*app->files), file_object));
	err |= json_object_set_new(ret, "waits",
				   value_array(app->waits, app->nwaits, sizeof(*app->waits), wait_object));
	err |= json_object_set_new(ret, "steal", value_number(app->steal));
	err |= json_object_set_new(ret, "cpu_quota", quota_object(&app->quota));
	err |= json_object_set_new(ret, "memory_limit", limit_object(&app->memory_limit));
	err |= json_object_set_new(
		ret, "operations",
		value_array(r->operations, r->noperations, sizeof(*r->operations), operation_object));
	err |= json_object_set_new(ret, "prefetch", prefetch_object(r));
	if (!err)
		return ret;
	json_decref(ret);
	return NULL;
}

int report_json(const struct report *r, FILE *out)
{
	return value_print(report_object(r), out);
}
