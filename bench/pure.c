/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What the agent computes without asking the kernel, with input that is always the same: for counting instructions.
 *
 * usage: pure ledger | detect | text | json | effect | ratio | merge | plan
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/effect.h"
#include "bench/ratio.h"
#include "bpf/ledger.h"
#include "detect/detect.h"
#include "profile/merge.h"
#include "profile/profile.h"
#include "profile/replay_plan.h"
#include "report/report.h"

#define FILES 1000
#define RANGES 20000
#define PATH_BYTES 48

static uint32_t next_random(void)
{
	static uint32_t seed = 1;

	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static void run_ledger(void)
{
	static struct aa_ledger ledger;
	static struct aa_queued queued[16];
	uint32_t state[16], i, thread, to;

	ledger.now = 1;
	ledger.cpus = 2;
	for (i = 0; i < 16; i++) {
		aa_ledger_born(&ledger);
		state[i] = AA_RUNQ;
		aa_ledger_enter(&ledger, &ledger.command[i % 4], state[i], &queued[i]);
	}
	for (i = 0; i < 100000; i++) {
		thread = next_random() % 16;
		to = next_random() % AA_STATES;
		aa_ledger_advance(&ledger, ledger.now + 1000);
		aa_ledger_leave(&ledger, &ledger.command[thread % 4], state[thread], &queued[thread], 0);
		aa_ledger_enter(&ledger, &ledger.command[thread % 4], to, &queued[thread]);
		state[thread] = to;
	}
}

/* An app with a part in every state, so that every detector has something to say. */
static struct app app_of_all(struct command *commands, size_t n)
{
	struct app app = {
		.name = "make", .ending = ENDING_APP, .seen = true, .wall_seconds = 10, .cpus = 2, .steal = 0.1
	};
	size_t i, k;

	for (k = 0; k < STATES; k++)
		app.times.wall[k] = app.times.thread[k] = 1 + (double)k / 8;
	app.times.wall_disk_read = app.times.wall_disk_write = 0.5;
	app.times.wall_neighbour = app.times.wall_alone = 0.3;
	for (i = 0; i < n; i++) {
		snprintf(commands[i].name, sizeof(commands[i].name), "command-%zu", i);
		commands[i].processes = i;
		commands[i].times = app.times;
	}
	app.commands = commands;
	app.ncommands = n;
	app.missed_bytes = 1 << 20;
	app.memory_limit = (struct memory_limit){ true, "/ci", 512 << 20, 512 << 20 };
	app.reread_bytes = 1 << 19;
	app.quota = (struct quota){ true, "/ci", 1.5, 100, 2.5 };
	return app;
}

static void report(bool json, unsigned int times)
{
	static struct command commands[64];
	const struct host host = { .kernel = "6.12", .cpus = 2, .memory_bytes = 1ULL << 34 };
	const struct agent_cost cost = {
		.cpu_seconds = 0.1, .start_seconds = 0.1, .start_cpu_seconds = 0.1, .bpf_seconds = NAN
	};
	const struct report_style style = { .columns = 80 };
	struct app app = app_of_all(commands, 64);
	struct verdict verdicts[DETECT_MAX];
	struct report r = { .app = &app, .host = &host, .cost = &cost, .verdicts = verdicts };
	FILE *out = fopen("/dev/null", "w");

	for (; times; times--) {
		r.nverdicts = detect_all(&app, &host, verdicts);
		if (json)
			report_json(&r, out);
		else
			report_text(&r, &style, out);
	}
	fclose(out);
}

static void run_text(void)
{
	report(false, 20);
}

static void run_json(void)
{
	report(true, 20);
}

static void run_detect(void)
{
	static struct command commands[64];
	const struct host host = { .kernel = "6.12", .cpus = 2, .memory_bytes = 1ULL << 34 };
	struct app app = app_of_all(commands, 64);
	struct verdict verdicts[DETECT_MAX];
	int i;

	for (i = 0; i < 100; i++)
		detect_all(&app, &host, verdicts);
}

static void run_effect(void)
{
	struct effect_pair pairs[EFFECT_PAIRS_MAX];
	int i;

	for (i = 0; i < EFFECT_PAIRS_MAX; i++)
		pairs[i] = (struct effect_pair){ 1 + next_random() % 100, 50 + next_random() % 100 };
	for (i = 0; i < 10000; i++)
		effect_of("run_per_second", pairs, EFFECT_PAIRS_MAX, 1);
}

static void run_ratio(void)
{
	struct bench_pair pairs[10];
	struct bench_ratio ratio;
	int i;

	for (i = 0; i < 10; i++)
		pairs[i] = (struct bench_pair){ 1 + next_random() % 100, 50 + next_random() % 100, false };
	bench_ratio(pairs, 10, 1, &ratio);
}

/* Nothing of it is freed. */
static struct profile fill(void)
{
	static const struct profile_key key = { .command = "make", .program = "/usr/bin/make", .directory = "/src" };
	struct profile_file *files = calloc(FILES, sizeof(*files));
	struct profile_range *ranges = calloc(RANGES, sizeof(*ranges));
	char *text = malloc((size_t)FILES * PATH_BYTES), *at = text;
	uint32_t i;

	for (i = 0; i < FILES; i++) {
		files[i] = (struct profile_file){ .path = (uint32_t)(at - text),
						  .size = 1600 * PROFILE_PAGE,
						  .mtime_ns = i };
		at += snprintf(at, PATH_BYTES, "/src/module-%03u/source-%05u.c", i % 50, i) + 1;
	}
	for (i = 0; i < RANGES; i++)
		ranges[i] = (struct profile_range){ .file = i * 7919U % FILES,
						    .page = i / FILES * 32,
						    .pages = (uint16_t)(1 + next_random() % 31),
						    .seen = 1 };
	return (struct profile){ .key = key,
				 .files = files,
				 .ranges = ranges,
				 .text = text,
				 .nfiles = FILES,
				 .nranges = RANGES,
				 .text_bytes = (uint32_t)(at - text) };
}

static void run_merge(void)
{
	struct profile last = fill(), run = fill(), merged;

	if (!profile_merge(&last, NULL, &run, &merged))
		profile_close(&merged);
}

static void run_plan(void)
{
	struct profile profile = fill();
	struct replay_limits limits;
	struct replay_plan plan;

	replay_limits_init(&limits, UINT64_MAX, 1);
	if (!replay_plan_make(&profile, &limits, &plan))
		replay_plan_clear(&plan);
}

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "ledger", run_ledger }, { "detect", run_detect }, { "text", run_text },   { "json", run_json },
	{ "effect", run_effect }, { "ratio", run_ratio },   { "merge", run_merge }, { "plan", run_plan },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 2 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!strcmp(parts[i].name, argv[1])) {
			parts[i].run();
			return 0;
		}
	}
	return 2;
}
