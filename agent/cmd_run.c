// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* The main job: follow what the user named until it ends, then report on it. */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "options.h"
#include "profile/profile.h"
#include "run/emit.h"
#include "run/launch.h"
#include "run/permit.h"
#include "run/prefetch_plan.h"
#include "run/recording.h"
#include "run/replaying.h"
#include "run/signals.h"
#include "run/target.h"
#include "run/tuning.h"
#include "run/watch.h"
#include "util/clock.h"

#define TICK_MS 250 /* while an app lives: how often records are drained and the level of detail is reconsidered */
#define LIVELY_MS 2000 /* the same for what an app leaves to do, after its end; then rarer and rarer, up to: */
#define WAITING_MAX_MS 64000
#define UNTOLD_MAX_MS 1000 /* where something may happen that nobody tells us of */
#define WAKE_MIN_NS 20000ULL
#define LAST_BREATH_MS 200 /* a command that was reaped may still be on its way out of the scheduler */

struct run {
	const struct config *config;
	struct host host;
	struct watch watch;
	struct tuning tuning;
	struct replaying *replaying; /* NULL: nothing is replayed */
	struct target_state target;
	struct launch launch;
	int signals; /* signalfd */
	uint64_t lively_ns; /* when somebody lived last, or something happened, CLOCK_MONOTONIC */
	uint64_t tuning_ns; /* when the governor is due, CLOCK_MONOTONIC; UINT64_MAX: it is not */
	uint64_t began_ns; /* the agent itself */
	uint64_t started_ns;
	uint64_t reported_ns; /* last interim report */
	int command_status; /* as wait(2) has it */
	bool command_ended;
	bool report_failed;
	enum ending ending; /* ENDING_NOT_YET while it goes on */
};

/* --- signals and the command --- */

static int catch_signals(struct run *run)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	struct signals_before before; /* the command has left already */

	/* the last three are for the command, if there is one */
	run->signals = signals_catch(all, run->config->target == TARGET_COMMAND ? 6 : 3, &before);
	return run->signals < 0 ? run->signals : 0;
}

static void on_signal(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == sizeof(info)) {
		if (run->config->target != TARGET_COMMAND) {
			run->ending = ENDING_SIGNAL;
			continue;
		}
		/* what the terminal sends has reached the command as well: it is in our process group */
		if (info.ssi_code <= 0 && !run->command_ended)
			kill(run->launch.pid, (int)info.ssi_signo);
	}
}

/*
 * The replay of an app that runs already races with it. That of a command has been under way for long, and goes where
 * the command is put.
 */
static void on_started(void *context, unsigned int app, pid_t pid)
{
	struct run *run = context;
	bool races = run->config->target != TARGET_COMMAND;

	if (run->replaying && races)
		replaying_started(run->replaying, app, pid);
	tuning_started(&run->tuning, app, pid);
	if (run->replaying && !races)
		replaying_started(run->replaying, app, pid);
}

static void on_cold(void *context, unsigned int app)
{
	struct run *run = context;

	if (run->replaying)
		replaying_cold(run->replaying, app);
}

/*
 * Who sent us a signal while the command was held back meant it. What the terminal sent has reached it as well, and ended
 * it already unless it ignores that.
 */
static void pass_on_early(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == sizeof(info))
		kill(run->launch.pid, (int)info.ssi_signo);
}

static int cannot_start(const struct run *run, int err)
{
	log_err("%s: cannot be started: %s", run->config->command[0], strerror(-err));
	return EXIT_UNSUPPORTED;
}

/* As long as we are what we were when we were started. */
static int hold_command(struct run *run)
{
	int err = launch_start(run->config->command, &run->launch);

	return err ? cannot_start(run, err) : 0;
}

static int start_command(struct run *run)
{
	int err = tracer_seed(run->watch.tracer, 0, run->launch.pidfd, true);

	if (err)
		return cannot_start(run, err);
	if (run->watch.recording)
		recording_identify(run->watch.recording, run->config->command);
	on_started(run, 0, run->launch.pid); /* it has its place before its first instruction */
	pass_on_early(run);
	err = launch_go(&run->launch);
	if (!err)
		return 0;
	run->launch.pid = 0;
	log_err("%s: %s", run->config->command[0], err == -ENOENT ? "command not found" : strerror(-err));
	return err == -ENOENT ? 127 : 126;
}

/* As process 1 of a container, orphans are ours to reap, too. */
static void reap_command(struct run *run)
{
	pid_t pid = getpid() == 1 ? -1 : run->launch.pid, ended;
	int status;

	while (!run->command_ended && (ended = waitpid(pid, &status, WNOHANG)) > 0) {
		if (ended != run->launch.pid)
			continue;
		run->command_status = status;
		run->command_ended = true;
		run->ending = ENDING_APP;
	}
}

/* --- the wait --- */

static int remaining_ms(uint64_t from_ns, uint64_t length_ns)
{
	uint64_t now = clock_monotonic_ns(), end = from_ns + length_ns;

	if (now >= end)
		return 0;
	return end - now < 3600000000000ULL ? (int)((end - now) / 1000000) + 1 : 3600000;
}

/*
 * Until the next look by the clock alone: of an app that starts we are told, but not of a group that is removed, nor, as
 * process 1, of orphans that end.
 */
static int look_ms(const struct run *run, uint64_t now_ns)
{
	uint64_t calm_ms = (now_ns - run->lively_ns) / 1000000;
	uint64_t max_ms = run->config->target == TARGET_CGROUP || getpid() == 1 ? UNTOLD_MAX_MS : WAITING_MAX_MS;

	if (calm_ms < LIVELY_MS)
		return TICK_MS;
	return (int)(3 * calm_ms < max_ms ? 3 * calm_ms : max_ms);
}

/* How long nobody needs us. Never 0: whatever goes wrong, others come to run in between. */
static struct timespec next_wake(const struct run *run)
{
	const struct config *c = run->config;
	uint64_t ns, now = clock_monotonic_ns();
	int left, ms = look_ms(run, now);

	if (c->duration_ns) {
		left = remaining_ms(run->started_ns, c->duration_ns);
		ms = left < ms ? left : ms;
	}
	if (c->interval_ns) {
		left = remaining_ms(run->reported_ns, c->interval_ns);
		ms = left < ms ? left : ms;
	}
	ns = (uint64_t)ms * 1000000;
	if (run->tuning_ns < now + ns)
		ns = run->tuning_ns > now + WAKE_MIN_NS ? run->tuning_ns - now : WAKE_MIN_NS;
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };
}

static void check_cgroup(struct run *run)
{
	if (run->watch.cgroup_moved || target_cgroup_gone(&run->target)) {
		run->watch.cgroup_moved = false;
		target_mark_cgroup(&run->target, &run->watch);
		if (run->target.gone)
			run->ending = ENDING_APP;
	}
}

static void check_clock(struct run *run)
{
	const struct config *c = run->config;

	/* first: where both are due, the last report says it all */
	if (c->duration_ns && !remaining_ms(run->started_ns, c->duration_ns) && run->ending == ENDING_NOT_YET)
		run->ending = ENDING_DURATION;
	if (c->interval_ns && !remaining_ms(run->reported_ns, c->interval_ns) && run->ending == ENDING_NOT_YET) {
		run->reported_ns += c->interval_ns;
		if (emit_reports(c, &run->host, &run->watch, &run->tuning, ENDING_NOT_YET))
			run->report_failed = true;
	}
}

/*
 * Whether apps that ended mean that the run has: a command is over when it was reaped, and of the apps of the catalogue
 * others come.
 */
static bool ends_with_apps(const struct run *run)
{
	return (run->config->target == TARGET_APPS && !run->config->from_catalogue) ||
	       run->config->target == TARGET_PID || run->config->target == TARGET_CGROUP;
}

static void wait_for_end(struct run *run)
{
	struct pollfd fds[] = {
		{ .fd = run->signals, .events = POLLIN },
		{ .fd = tracer_fd(run->watch.tracer), .events = POLLIN },
		{ .fd = run->config->target == TARGET_COMMAND ? run->launch.pidfd : -1, .events = POLLIN },
		{ .fd = -1, .events = POLLIN }, /* profiles */
	};
	struct timespec wait;
	uint64_t tick_ns = 0;
	int events;

	run->lively_ns = clock_monotonic_ns();
	while (run->ending == ENDING_NOT_YET) {
		wait = next_wake(run);
		fds[3].fd = run->replaying ? replaying_fd(run->replaying) : -1;
		events = ppoll(fds, sizeof(fds) / sizeof(fds[0]), &wait, NULL);
		if (events || watch_any_lives(&run->watch))
			run->lively_ns = clock_monotonic_ns();
		if (fds[0].revents)
			on_signal(run);
		tracer_drain(run->watch.tracer);
		if (run->watch.recording)
			recording_tick(run->watch.recording);
		run->tuning_ns = tuning_tick(&run->tuning);
		if (fds[2].revents || getpid() == 1)
			reap_command(run);
		if (fds[3].revents || !remaining_ms(tick_ns, TICK_MS * 1000000ULL)) {
			watch_tick(&run->watch);
			if (run->replaying)
				replaying_tick(run->replaying);
			tick_ns = clock_monotonic_ns();
		}
		if (run->config->target == TARGET_CGROUP)
			check_cgroup(run);
		if (ends_with_apps(run) && watch_all_ended(&run->watch) && run->ending == ENDING_NOT_YET)
			run->ending = ENDING_APP;
		check_clock(run);
	}
}

/* The parent of a process is told of its end a moment before its last switch, with which the ledger lets it go. */
static void await_last_breath(struct run *run)
{
	uint64_t from = clock_monotonic_ns();
	struct pollfd ring = { .fd = tracer_fd(run->watch.tracer), .events = POLLIN };

	while (run->command_ended && !watch_all_ended(&run->watch) && remaining_ms(from, LAST_BREATH_MS * 1000000ULL)) {
		poll(&ring, 1, 10);
		tracer_drain(run->watch.tracer);
		watch_tick(&run->watch);
	}
}

/*
 * After -d the command may live on: it is not ours to stop. Nobody watches any more, but signals are still passed on.
 */
static int command_exit_status(struct run *run)
{
	struct pollfd fds[] = {
		{ .fd = run->signals, .events = POLLIN },
		{ .fd = run->launch.pidfd, .events = POLLIN },
	};

	tracer_close(run->watch.tracer);
	run->watch.tracer = NULL;
	if (!run->command_ended)
		tuning_calm(&run->tuning);
	while (!run->command_ended) {
		poll(fds, 2, -1);
		on_signal(run);
		reap_command(run);
	}
	if (WIFSIGNALED(run->command_status))
		return 128 + WTERMSIG(run->command_status);
	return WEXITSTATUS(run->command_status);
}

static int follow(struct run *run)
{
	int status, command_status = 0;

	if (run->config->target == TARGET_COMMAND) {
		status = start_command(run);
		if (status)
			return status;
	}
	run->started_ns = run->reported_ns = clock_monotonic_ns();
	run->watch.start_seconds = (double)(run->started_ns - run->began_ns) / 1e9;
	status = target_mark(&run->target, &run->watch);
	if (status)
		return status;
	run->tuning_ns = tuning_tick(&run->tuning);
	if (run->replaying && run->config->target != TARGET_COMMAND)
		replaying_await(run->replaying);
	wait_for_end(run);
	await_last_breath(run);
	if (run->replaying)
		replaying_finish(run->replaying);
	tuning_finish(&run->tuning);
	watch_tick(&run->watch);
	tracer_drain(run->watch.tracer);
	if (run->watch.recording)
		recording_finish(run->watch.recording);
	if (emit_reports(run->config, &run->host, &run->watch, &run->tuning, run->ending))
		run->report_failed = true;
	if (run->config->target == TARGET_COMMAND)
		command_status = command_exit_status(run);
	if (command_status)
		return command_status;
	return run->report_failed ? EXIT_REPORT : EXIT_DONE;
}

/* Profiles are root's: they say what root is to read. */
static bool could_prefetch(const struct config *c)
{
	return (c->actions & ACTION_PREFETCH) && geteuid() == 0 &&
	       (c->target == TARGET_APPS || c->target == TARGET_COMMAND);
}

static bool may_prefetch(const struct config *c)
{
	return could_prefetch(c) && !c->dry_run;
}

static int open_tracer(struct run *run)
{
	struct tracer_config tc = {
		.apps = run->watch.napps,
		.cpus = run->host.cpus,
		.scans = run->config->target != TARGET_COMMAND,
		.sessions = (run->config->actions & ACTION_CPU) && sys_autogroup(""),
		.use = may_prefetch(run->config),
		.hierarchy = run->target.hierarchy,
		.cgroup = run->target.cgroup.id,
		.ring_bytes = run->config->ring_bytes,
		.patterns = run->target.patterns,
		.npatterns = run->target.npatterns,
		.record = watch_record,
		.context = &run->watch,
	};

	return permit_open(&tc, &run->watch.tracer);
}

/* A command's replay begins now: it is under way while the programs are loaded. */
static void start_replaying(struct run *run)
{
	const struct config *c = run->config;

	if (c->dry_run && c->target == TARGET_COMMAND && could_prefetch(c))
		prefetch_plan_say(PROFILE_DIR, c->command);
	if (!may_prefetch(c))
		return;
	run->replaying = replaying_open(&run->watch, PROFILE_DIR);
	if (!run->replaying)
		log_warn("out of memory: nothing is prefetched; ignoring");
	else if (c->target == TARGET_COMMAND)
		replaying_command(run->replaying, c->command);
}

/* Runs that are seen from their start are recorded, for their next time. */
static void start_recording(struct run *run)
{
	if (!may_prefetch(run->config))
		return;
	run->watch.recording = recording_open(&run->watch, PROFILE_DIR, run->replaying);
	if (!run->watch.recording)
		log_warn("out of memory: nothing is recorded; ignoring");
}

static int prepare(struct run *run)
{
	const struct config *c = run->config;
	int status;

	status = target_prepare(c, &run->target);
	if (status)
		return status;
	if (sys_host_read("", &run->host)) {
		log_err("/proc is not mounted, or not readable");
		return EXIT_UNSUPPORTED;
	}
	if (emit_check(c))
		return EXIT_REPORT;
	status = c->target == TARGET_COMMAND ? hold_command(run) : 0;
	if (status)
		return status;
	/* to the end: loading takes a tenth of a second of CPU time, and the report is waited for */
	tuning_urgent(&run->tuning, c);
	if (watch_init(&run->watch, c->target == TARGET_APPS ? (unsigned int)c->napps : 1)) {
		log_err("out of memory");
		return EXIT_UNSUPPORTED;
	}
	target_name(&run->target, &run->watch);
	start_replaying(run);
	status = open_tracer(run);
	if (status)
		return status;
	run->watch.start_cpu_seconds = clock_cpu_seconds();
	run->watch.started = on_started;
	run->watch.cold = on_cold;
	run->watch.started_context = run;
	tuning_start(&run->tuning, c, &run->host, &run->watch);
	run->tuning.replaying = run->replaying;
	start_recording(run);
	log_debug("BPF programs loaded and attached, %.0f ms of CPU time", run->watch.start_cpu_seconds * 1e3);
	return catch_signals(run) ? EXIT_UNSUPPORTED : 0;
}

int cmd_run(const struct config *config)
{
	struct run run = {
		.config = config,
		.began_ns = clock_monotonic_ns(),
		.signals = -1,
		.launch = { .pidfd = -1, .go = -1, .failed = -1 },
	};
	int status;

	setlocale(LC_CTYPE, "");
	status = prepare(&run);
	if (!status)
		status = follow(&run);
	launch_close(&run.launch);
	tuning_stop(&run.tuning);
	replaying_close(run.replaying);
	recording_close(run.watch.recording);
	tracer_close(run.watch.tracer);
	watch_clear(&run.watch);
	target_clear(&run.target);
	if (run.signals >= 0)
		close(run.signals);
	return status;
}
