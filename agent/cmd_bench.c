/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The proof: the command with and without tuning, in pairs, until it is clear what that does. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bench/ratio.h"
#include "bench/result.h"
#include "bench/timed.h"
#include "bench/told.h"
#include "commands.h"
#include "model/units.h"
#include "options.h"
#include "run/emit.h"
#include "sys/machine.h"
#include "util/cleanup.h"
#include "util/file.h"

#define PAIRS_DEFAULT 10

struct bench {
	const struct config *config;
	struct timed timed;
	struct told told;
	struct bench_pair *pairs; /* owned, room for all that are planned */
	size_t npairs, planned;
	struct bench_ratio ratio; /* of the pairs so far */
	uint64_t seed;
	enum bench_stop stop;
	int status; /* of the program, if it cannot go on */
};

/* --- progress --- */

static bool is_live(const struct bench *b)
{
	return isatty(STDERR_FILENO) && !getenv("NO_COLOR") && b->config->log_level >= LOG_LEVEL_INFO;
}

/* One line, which is replaced by the next on a terminal: less than 80 columns, or it would be more than one there. */
static void say(const struct bench *b, const char *text)
{
	if (is_live(b))
		fprintf(stderr, "\r\033[K%s", text);
	else
		log_info("bench: %s", text);
}

static void say_begin(const struct bench *b)
{
	say(b, b->config->actions & ACTION_PREFETCH ? "a first run, which does not count: to learn what is read" :
						      "a first run, which does not count");
}

static void say_pair(const struct bench *b)
{
	const struct bench_pair *p = &b->pairs[b->npairs - 1];
	char text[160], interval[64] = "";

	if (b->npairs > 1)
		snprintf(interval, sizeof(interval), " (%.3f to %.3f)", b->ratio.low, b->ratio.high);
	snprintf(text, sizeof(text), "pair %zu/%zu: %s without, %s with; ratio %.3f%s", b->npairs, b->planned,
		 units_seconds(UNITS_BUF, p->without), units_seconds(UNITS_BUF, p->with), b->ratio.ratio, interval);
	say(b, text);
}

static void say_end(const struct bench *b)
{
	if (is_live(b))
		fputs("\r\033[K", stderr);
}

/* --- runs --- */

/* After which there are no more runs. Returns -ECANCELED. */
static int give_up(struct bench *b, int status)
{
	b->status = status;
	return -ECANCELED;
}

static int give_up_on(struct bench *b, const char *what, int err)
{
	say_end(b);
	log_err("bench: %s: %s", what, strerror(-err));
	return give_up(b, err == -EACCES || err == -EPERM ? EXIT_DENIED : EXIT_UNSUPPORTED);
}

/* " (SIGSEGV)" for the status by which a shell tells of it; else "". */
static const char *signal_of(int status, char ret[UNITS_LEN])
{
	const char *name = status > 128 ? sigabbrev_np(status - 128) : NULL;

	snprintf(ret, UNITS_LEN, name ? " (SIG%s)" : "%s", name ? name : "");
	return ret;
}

/* A run that fails is not one to compare: what it printed tells more than we can. */
static int check_run(struct bench *b, const char *what, int err, const struct timed_run *run)
{
	if (err == -EINTR)
		return err;
	if (err)
		return give_up_on(b, what, err);
	if (!run->status)
		return 0;
	say_end(b);
	timed_say_output(&b->timed, "  ", stderr);
	log_err("bench: %s ended with status %d%s after %zu pair%s%s", what, run->status,
		signal_of(run->status, UNITS_BUF), b->npairs, b->npairs == 1 ? "" : "s",
		b->timed.nsaid ? "; the last that it printed is above" : "");
	return give_up(b, run->status);
}

static int prepare(struct bench *b)
{
	struct timed_run run;
	int err = check_run(b, "the command of --prepare", timed_prepare(&b->timed, &run), &run);

	if (err || !b->config->cold)
		return err;
	err = timed_drop_cache();
	return err ? give_up_on(b, "the page cache cannot be dropped", err) : 0;
}

static int run_without(struct bench *b, double *ret_seconds)
{
	struct timed_run run;
	int err = prepare(b);

	if (!err)
		err = check_run(b, "the command", timed_run_without(&b->timed, &run), &run);
	if (!err)
		*ret_seconds = run.seconds;
	return err;
}

static int run_with(struct bench *b, double *ret_seconds)
{
	struct timed_run run;
	int err = prepare(b);

	if (!err)
		err = check_run(b, "the command, with tuning,", timed_run_with(&b->timed, &run), &run);
	if (!err)
		*ret_seconds = run.seconds;
	return err;
}

/* What the report of the last run with tuning says. */
static int take_report(struct bench *b, struct told *told)
{
	int err = told_add(told, b->timed.report);

	return err ? give_up_on(b, "the report of a run with tuning", err) : 0;
}

/* --- pairs --- */

/* By lot, but in two pairs on end once each way: what comes first may have it harder, or easier. */
static int draw_order(const struct bench *b, bool *ret_with_first)
{
	unsigned char lot;

	if (b->npairs % 2) {
		*ret_with_first = !b->pairs[b->npairs - 1].with_first;
		return 0;
	}
	if (getrandom(&lot, sizeof(lot), 0) != sizeof(lot))
		return -errno;
	*ret_with_first = lot & 1;
	return 0;
}

static int run_pair(struct bench *b, struct bench_pair *ret)
{
	struct bench_pair pair = { 0 };
	int err = draw_order(b, &pair.with_first);

	if (!err && pair.with_first)
		err = run_with(b, &pair.with);
	if (!err)
		err = run_without(b, &pair.without);
	if (!err && !pair.with_first)
		err = run_with(b, &pair.with);
	if (!err) /* only now: what is told is of whole pairs */
		err = take_report(b, &b->told);
	if (!err)
		*ret = pair;
	return err;
}

/* Which also tells early if there is no report to be had. */
static int first_run(struct bench *b)
{
	struct told nobody = { 0 };
	double seconds;
	int err;

	say_begin(b);
	err = run_with(b, &seconds);
	if (!err)
		err = take_report(b, &nobody);
	told_clear(&nobody);
	return err;
}

static int run_pairs(struct bench *b)
{
	int err;

	if (b->planned < BENCH_PAIRS_MIN)
		log_warn("bench: %zu pair%s cannot tell a difference from chance; %d or more can", b->planned,
			 b->planned == 1 ? "" : "s", BENCH_PAIRS_MIN);
	err = first_run(b);
	while (!err && b->npairs < b->planned) {
		err = run_pair(b, &b->pairs[b->npairs]);
		if (err)
			break;
		b->npairs++;
		err = bench_ratio(b->pairs, b->npairs, b->seed, &b->ratio);
		if (err)
			break;
		say_pair(b);
		if (b->npairs < b->planned && bench_is_clear(b->pairs, b->npairs, &b->ratio)) {
			b->stop = BENCH_STOP_CLEAR;
			break;
		}
	}
	say_end(b);
	if (err == -EINTR)
		b->stop = BENCH_STOP_SIGNAL;
	return err;
}

/* --- the result --- */

/* Who looks at the figures and stops when he likes them needs as much certainty as an early end. */
static void judge_early(struct bench *b)
{
	if (b->stop == BENCH_STOP_SIGNAL && !bench_is_clear(b->pairs, b->npairs, &b->ratio))
		b->ratio.verdict = BENCH_TOO_FEW;
}

static int print(const struct bench *b, const struct host *host)
{
	const struct config *c = b->config;
	const struct bench_result result = {
		.command = c->command,
		.host = host,
		.pairs = b->pairs,
		.npairs = b->npairs,
		.planned = b->planned,
		.cold = c->cold,
		.prepare = c->prepare,
		.ratio = b->ratio,
		.seed = b->seed,
		.stop = b->stop,
		.told = &b->told,
	};
	const struct report_style style = emit_style(c);
	cleanup_free char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!out)
		return EXIT_UNSUPPORTED;
	err = c->format == FORMAT_JSON ? bench_result_json(&result, out) : bench_result_text(&result, &style, out);
	if (fclose(out) && !err)
		err = -errno;
	if (err) {
		log_err("bench: %s", strerror(-err));
		return EXIT_UNSUPPORTED;
	}
	return emit_write(c, text, len) ? EXIT_REPORT : EXIT_DONE;
}

/* Returns the exit status. */
static int conclude(struct bench *b, const struct host *host, int err)
{
	int status = EXIT_DONE;

	if (err == -ECANCELED)
		return b->status;
	if (err && err != -EINTR) {
		log_err("bench: %s", strerror(-err));
		return EXIT_UNSUPPORTED;
	}
	told_finish(&b->told);
	judge_early(b);
	if (b->npairs)
		status = print(b, host);
	else
		log_err("bench: stopped before the first pair was complete: there is nothing to compare");
	return b->timed.signal ? 128 + b->timed.signal : status;
}

static int open_bench(struct bench *b)
{
	b->pairs = calloc(b->planned, sizeof(*b->pairs));
	if (!b->pairs)
		return -ENOMEM;
	if (getrandom(&b->seed, sizeof(b->seed), 0) != sizeof(b->seed))
		return -errno;
	b->seed >>= 16; /* what erand48() takes, and JSON's numbers hold */
	return 0;
}

int cmd_bench(const struct config *config)
{
	struct bench b = {
		.config = config,
		.planned = config->pairs ? config->pairs : PAIRS_DEFAULT,
	};
	struct host host;
	int err, status;

	occupy_stdio();
	setlocale(LC_CTYPE, "");
	if (sys_host_read("", &host)) {
		log_err("/proc is not mounted, or not readable");
		return EXIT_UNSUPPORTED;
	}
	if (emit_check(config))
		return EXIT_REPORT;
	err = open_bench(&b);
	if (!err)
		err = timed_open(&b.timed, config);
	if (!err) {
		err = run_pairs(&b);
		timed_close(&b.timed);
	}
	status = conclude(&b, &host, err);
	told_clear(&b.told);
	free(b.pairs);
	return status;
}
