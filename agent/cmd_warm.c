// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Files and trees into the page cache, in the order in which they lie on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accel_io.h"
#include "commands.h"
#include "options.h"
#include "run/emit.h"
#include "util/clock.h"
#include "util/file.h"
#include "warm/budget.h"
#include "warm/counts.h"
#include "warm/leftover.h"
#include "warm/summary.h"
#include "warm/warm.h"

/* Where the plan and the summary go. */
struct out {
	const struct config *config;
	FILE *stream;
	struct output_file file; /* with config->output */
	bool listed; /* a file was written */
	int err; /* of a write: the stream remembers no more than that there was one */
};

/* Returns the exit status. Who closed a pipe has read enough, and wants to hear no more: as if SIGPIPE had ended us. */
static int say_unwritten(const struct config *config, int err)
{
	if (err == -EPIPE)
		return 128 + SIGPIPE;
	log_err("%s: the summary could not be written: %s", config->output ? config->output : "stdout", strerror(-err));
	return EXIT_REPORT;
}

/* Returns EXIT_DONE, or what say_unwritten() does. */
static int out_open(struct out *out)
{
	int err;

	out->stream = stdout;
	if (!out->config->output)
		return EXIT_DONE;
	err = output_file_open(&out->file, out->config->output);
	if (err)
		return say_unwritten(out->config, err);
	out->stream = out->file.stream;
	return EXIT_DONE;
}

static int out_close(struct out *out)
{
	int err = 0;

	errno = 0;
	if (out->config->output)
		err = output_file_commit(&out->file);
	else if (fflush(stdout) || ferror(stdout))
		err = errno ? -errno : -EIO;
	err = out->err ? out->err : err;
	return err ? say_unwritten(out->config, err) : EXIT_DONE;
}

static void out_drop(struct out *out)
{
	if (out->config->output && out->stream)
		output_file_abort(&out->file);
}

static int list_file(void *context, const char *path, const struct scan_file *file)
{
	struct out *out = context;
	int err;

	errno = 0;
	err = summary_plan_file(out->config->format == FORMAT_JSON, path, file, !out->listed, out->stream);

	out->listed = true;
	if (!err && ferror(out->stream)) { /* a full disk, a closed pipe: out_close() says so */
		out->err = errno ? -errno : -EIO;
		err = -ECANCELED;
	}
	return err;
}

static int print_summary(struct out *out, const struct summary *summary)
{
	int err = 0;

	if (out->config->format == FORMAT_JSON)
		err = summary_json(summary, out->stream);
	else
		summary_text(summary, out->stream);
	if (!err)
		return out_close(out);
	out_drop(out);
	log_err("out of memory");
	return EXIT_UNSUPPORTED;
}

/* Runs with everything in place, and fills in the summary. Returns the exit status. */
static int run(const struct warm_config *warm, struct out *out, struct summary *summary, struct leftovers *leftovers)
{
	struct warm_counts counts = { 0 };
	uint64_t start = clock_monotonic_ns();
	int err, status = EXIT_DONE;

	if (!warm->io) {
		status = out_open(out);
		if (status)
			return status;
		summary_plan_begin(out->config->format == FORMAT_JSON, out->stream);
	}
	err = warm_run(warm, &counts, leftovers, &summary->signal);
	if (err && err != -ECANCELED) {
		out_drop(out);
		log_err("warm: %s", err == -ENOMEM ? "out of memory" : strerror(-err));
		return EXIT_UNSUPPORTED;
	}
	if (warm->io)
		status = out_open(out);
	if (status)
		return status;
	summary->counts = &counts;
	summary->leftovers = leftovers;
	summary->seconds = (double)(clock_monotonic_ns() - start) / 1e9;
	status = print_summary(out, summary);
	if (status)
		return status;
	if (summary->signal)
		return 128 + summary->signal;
	return leftovers->count[LEFTOVER_FAILED] ? EXIT_PARTLY : EXIT_DONE;
}

/* Returns 0 or -errno, having said why. */
static int find_budget(const struct config *config, uint64_t *ret_bytes)
{
	int err = 0;

	*ret_bytes = config->budget_bytes;
	if (!*ret_bytes)
		err = budget_read("", getpid(), ret_bytes);
	if (err)
		log_err("warm: how much memory is available cannot be read from /proc/meminfo: %s; give --budget",
			strerror(-err));
	return err;
}

/* Not among the lines of a plan: both would be hard to read. */
static bool shows_progress(const struct config *config)
{
	if (config->dry_run && !config->output && isatty(STDOUT_FILENO))
		return false;
	return isatty(STDERR_FILENO) && !getenv("NO_COLOR") && config->log_level >= LOG_LEVEL_INFO;
}

int cmd_warm(const struct config *config)
{
	struct out out = { .config = config };
	struct warm_config warm = {
		.paths = config->words,
		.progress = shows_progress(config),
		.list = list_file,
		.context = &out,
	};
	struct summary summary = { .dry_run = config->dry_run };
	struct leftovers leftovers;
	int err, status;

	occupy_stdio();
	signal(SIGPIPE, SIG_IGN); /* a closed stdout is no reason to leave a temporary file behind */
	while (warm.paths[warm.npaths])
		warm.npaths++;
	if (find_budget(config, &warm.budget_bytes))
		return EXIT_UNSUPPORTED;
	if (emit_check(config))
		return EXIT_REPORT;
	summary.budget_bytes = warm.budget_bytes;
	if (!config->dry_run) {
		err = accel_io_open(NULL, &warm.io);
		if (err) {
			log_err("warm: %s", strerror(-err));
			return EXIT_UNSUPPORTED;
		}
		summary.backend = accel_io_description(warm.io);
	}
	leftovers_init(&leftovers);
	leftovers.below_progress = warm.progress;
	status = run(&warm, &out, &summary, &leftovers);
	leftovers_clear(&leftovers);
	accel_io_close(warm.io);
	return status;
}
