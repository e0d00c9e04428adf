// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Reports are made in memory, and written at one go: nobody ever sees half of one. */
#include "run/emit.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalogue.h"
#include "model/operations.h"
#include "report/report.h"
#include "run/replaying.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"

_Static_assert(AA_RECORD_KINDS <= sizeof(((struct agent_cost *)0)->lost_by_kind) / sizeof(uint64_t),
	       "kinds of records");

int emit_check(const struct config *config)
{
	struct output_file out;
	struct stat st;
	int err;

	if (!config->output)
		return 0;
	if (!stat(config->output, &st) && S_ISFIFO(st.st_mode)) /* its reader would take our leaving for the end */
		return 0;
	err = output_file_open(&out, config->output);
	if (err) {
		log_err("%s: cannot be written: %s", config->output, strerror(-err));
		return err;
	}
	output_file_abort(&out);
	return 0;
}

static void warn_of_gaps(struct agent_cost *cost, const struct watch *watch, const struct tracer_losses *losses)
{
	const char *lacks[FEATURES_LACKS];
	struct aa_counts counts;
	unsigned int app;
	size_t i, n = features_lacks(tracer_features(watch->tracer), lacks);

	for (i = 0; i < n; i++)
		agent_cost_warn(cost, "%s", lacks[i]);
	if (losses->runs)
		agent_cost_warn(cost,
				"the kernel left out %llu runs of our programs: times may be off by as many switches",
				(unsigned long long)losses->runs);
	if (losses->requests)
		agent_cost_warn(cost, "%llu block requests were not followed: too many at once",
				(unsigned long long)losses->requests);
	if (files_dropped_pages(watch->files))
		agent_cost_warn(cost, "the list of files leaves out %llu pages: more than %d files missed",
				(unsigned long long)files_dropped_pages(watch->files), FILES_MAX);
	for (app = 0; app < watch->napps; app++)
		if (!tracer_read_counts(watch->tracer, app, &counts) && counts.unfollowed)
			agent_cost_warn(cost, "%llu threads of %s were not followed: no memory for their marks",
					(unsigned long long)counts.unfollowed, watch->apps[app].name);
}

/*
 * The most that was resident, in KiB; 0: unknown. Not ru_maxrss of getrusage(2): that begins with what the process had
 * before its exec, so it would be the shell's, or the script's, that started the agent.
 */
static uint64_t peak_kib(void)
{
	unsigned long long kib;
	char text[4096];
	const char *line;
	size_t len;

	if (read_file_start_at(AT_FDCWD, "/proc/self/status", text, sizeof(text) - 1, &len))
		return 0;
	text[len] = '\0';
	line = strstr(text, "\nVmHWM:");
	return line && sscanf(line, "\nVmHWM: %llu kB", &kib) == 1 ? kib : 0;
}

static void measure_cost(const struct watch *watch, struct agent_cost *ret)
{
	struct tracer_losses losses;
	unsigned int i;

	ret->cpu_seconds = clock_cpu_seconds();
	ret->max_rss_kib = peak_kib();
	ret->bpf_seconds = tracer_bpf_seconds(watch->tracer);
	ret->events = watch->events;
	ret->start_seconds = watch->start_seconds;
	ret->start_cpu_seconds = watch->start_cpu_seconds;
	tracer_losses(watch->tracer, &losses);
	for (i = 0; i < AA_RECORD_KINDS; i++) {
		ret->lost_by_kind[i] = losses.records[i];
		ret->lost_events += losses.records[i];
	}
	warn_of_gaps(ret, watch, &losses);
}

struct report_style emit_style(const struct config *config)
{
	struct report_style style = { .columns = 80, .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8") };
	struct winsize size;

	if (config->output || !isatty(STDOUT_FILENO))
		return style;
	style.colour = !getenv("NO_COLOR");
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		style.columns = size.ws_col;
	return style;
}

static const char *known_kind(void *catalogue, const char *command)
{
	return catalogue_kind(catalogue, command);
}

#define CHANGES_MAX 64

static int print_app(const struct config *config, const struct host *host, const struct app *app,
		     const struct agent_cost *cost, const struct tuning *tuning, const struct recording *recording,
		     unsigned int index, FILE *out)
{
	struct report_style style = emit_style(config);
	struct verdict verdicts[DETECT_MAX];
	cleanup_free struct operation *operations = NULL;
	cleanup_free struct change *changes = calloc(CHANGES_MAX, sizeof(*changes));
	size_t noperations = 0;
	int err = config->known ? operations_of(app, known_kind, config->known, &operations, &noperations) : 0;
	struct report report = {
		.app = app,
		.host = host,
		.cost = cost,
		.verdicts = verdicts,
		.nverdicts = app->seen ? detect_all(app, host, verdicts) : 0,
		.changes = changes,
		.nchanges = changes ? tuning_changes(tuning, index, changes, CHANGES_MAX) : 0,
		.unchanged = tuning->off,
		.restricted = config->actions != ACTION_ALL,
		.replayed = tuning->replaying ? replaying_result(tuning->replaying, index) : NULL,
		.recorded = recording ? recording_result(recording, index) : NULL,
		.operations = operations,
		.noperations = noperations,
		.interim = app->ending == ENDING_NOT_YET,
		.dry_run = config->dry_run,
		.keep = config->on_exit == ON_EXIT_KEEP,
	};

	if (err || !changes)
		return err ? err : -ENOMEM;
	return config->format == FORMAT_JSON ? report_json(&report, out) : report_text(&report, &style, out);
}

/* Of the apps of the catalogue only those count that were there; where none was, one report says so. */
static bool is_reported(const struct config *config, const struct watch *watch, unsigned int app)
{
	unsigned int first = 0;

	if (!config->from_catalogue || watch->apps[app].seen)
		return true;
	while (first < watch->napps && !watch->apps[first].seen)
		first++;
	return first == watch->napps && !app;
}

static int print_all(const struct config *config, const struct host *host, struct watch *watch,
		     const struct tuning *tuning, enum ending ending, FILE *out)
{
	struct agent_cost cost = { 0 };
	struct app app;
	unsigned int i;
	int err = 0;

	measure_cost(watch, &cost);
	for (i = 0; !err && i < watch->napps; i++) {
		if (!is_reported(config, watch, i))
			continue;
		/* it may have ended by itself, while others still were followed */
		err = watch_gather(watch, i, ending != ENDING_NOT_YET && watch->apps[i].ended ? ENDING_APP : ending,
				   &app);
		if (err)
			break;
		if (config->from_catalogue && !app.seen)
			snprintf(app.name, sizeof(app.name), "any of %u known app%s", watch->napps,
				 watch->napps == 1 ? "" : "s");
		err = print_app(config, host, &app, &cost, tuning, watch->recording, i, out);
		app_clear(&app);
	}
	agent_cost_clear(&cost);
	return err;
}

static int write_stdout(const char *text, size_t len)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t n;

	while (len) {
		n = write(STDOUT_FILENO, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) { /* the command made the stdout that we share non-blocking */
			poll(&out, 1, -1);
			continue;
		}
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_file(const char *path, const char *text, size_t len)
{
	struct output_file out;
	int err = output_file_open(&out, path);

	if (err)
		return err;
	fwrite(text, 1, len, out.stream); /* commit reports what went wrong */
	return output_file_commit(&out);
}

int emit_write(const struct config *config, const char *text, size_t len)
{
	int err = config->output ? write_file(config->output, text, len) : write_stdout(text, len);

	if (err)
		log_err("%s: the report could not be written: %s", config->output ? config->output : "stdout",
			strerror(-err));
	return err;
}

int emit_reports(const struct config *config, const struct host *host, struct watch *watch, const struct tuning *tuning,
		 enum ending ending)
{
	cleanup_free char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err = out ? 0 : -errno;

	if (!err)
		err = print_all(config, host, watch, tuning, ending, out);
	if (out && fclose(out) && !err)
		err = -errno;
	if (!err)
		return emit_write(config, text, len);
	log_err("the report could not be made: %s", strerror(-err));
	return err;
}
