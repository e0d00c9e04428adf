/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One run of the command, by itself or under an agent, and how long it took. */
#include "bench/timed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/text.h"

#define DROP_CACHES "/proc/sys/vm/drop_caches"

/* --- signals --- */

/*
 * Passes on to pid (0: nobody) what came. What the terminal sends reaches a run as well, as it is in our process group,
 * but for what came before it was forked.
 */
static void on_signal(struct timed *timed, pid_t pid, bool forked_since)
{
	struct signalfd_siginfo info;

	while (read(timed->signals, &info, sizeof(info)) == sizeof(info)) {
		timed->signal = (int)info.ssi_signo;
		if (pid > 0 && (forked_since || info.ssi_code <= 0))
			kill(pid, timed->signal);
	}
}

/* --- output --- */

/* The end of all that was printed so far. */
static void keep(struct timed *timed, const char *text, size_t len)
{
	size_t over;

	if (len > TIMED_SAID) {
		text += len - TIMED_SAID;
		len = TIMED_SAID;
	}
	over = timed->nsaid + len > TIMED_SAID ? timed->nsaid + len - TIMED_SAID : 0;
	memmove(timed->said, timed->said + over, timed->nsaid - over);
	timed->nsaid -= over;
	memcpy(timed->said + timed->nsaid, text, len);
	timed->nsaid += len;
}

/* Not more than there may be in a pipe: who never stops printing must not keep us from looking up. */
static void drain(struct timed *timed, int output)
{
	char text[16384];
	ssize_t n;
	int i;

	for (i = 0; i < 64 && (n = read(output, text, sizeof(text))) > 0; i++)
		keep(timed, text, (size_t)n);
}

void timed_say_output(const struct timed *timed, const char *prefix, FILE *out)
{
	const char *at = timed->said, *end = at + timed->nsaid, *next;
	char shown[4 * TIMED_SAID + 1];

	/* of more than there is room for, the first line is not a whole one */
	if (timed->nsaid == TIMED_SAID && memchr(at, '\n', timed->nsaid))
		at = (const char *)memchr(at, '\n', timed->nsaid) + 1;
	for (; at < end; at = next + 1) {
		next = memchr(at, '\n', (size_t)(end - at));
		if (!next)
			next = end;
		if (next == at)
			continue;
		text_escape(at, (size_t)(next - at), shown, sizeof(shown));
		fprintf(out, "%s%s\n", prefix, shown);
	}
}

/* --- runs --- */

static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* As process 1 of a container, orphans are ours to reap, too. */
static bool is_over(pid_t pid, int *ret_status)
{
	pid_t ended;
	int status;

	while ((ended = waitpid(getpid() == 1 ? -1 : pid, &status, WNOHANG)) > 0) {
		if (ended != pid)
			continue;
		*ret_status = shell_status(status);
		return true;
	}
	return false;
}

/* Until the process is over. Returns its status as a shell says it. */
static int await(struct timed *timed, pid_t pid, int pidfd, int output)
{
	struct pollfd fds[] = {
		{ .fd = timed->signals, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
		{ .fd = output, .events = POLLIN },
	};
	int status;

	on_signal(timed, pid, true);
	while (!is_over(pid, &status)) {
		poll(fds, 3, -1);
		on_signal(timed, pid, false);
		drain(timed, output);
		if (fds[2].revents == POLLHUP) /* closed, while it goes on: there is nothing more to come */
			fds[2].fd = -1;
	}
	drain(timed, output);
	on_signal(timed, 0, false); /* who ends a whole group of processes may come to us last */
	return status;
}

/* In the child: nothing to read, and what it prints goes into the pipe. */
static void redirect(int output)
{
	int nothing = open("/dev/null", O_RDONLY);

	dup2(nothing, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	if (nothing > STDERR_FILENO)
		close(nothing);
}

static void become(char *const command[])
{
	int err;

	execvp(command[0], command);
	err = errno;
	log_err("%s: %s", command[0], err == ENOENT ? "command not found" : strerror(err));
	_exit(err == ENOENT ? 127 : 126);
}

/* What would make the runs differ in more than the tuning is not taken from the settings. */
static void become_agent(const struct timed *timed)
{
	struct config config = *timed->config;
	char report[32];

	snprintf(report, sizeof(report), "/dev/fd/%d", timed->report);
	config.target = TARGET_COMMAND;
	config.format = FORMAT_JSON;
	config.output = report;
	config.dry_run = false;
	config.duration_ns = config.interval_ns = 0;
	config.on_exit = ON_EXIT_RESTORE;
	log_set_level(LOG_LEVEL_WARN);
	_exit(cmd_run(&config));
}

/* command NULL: the agent with the benchmark's command. */
static void run_child(const struct timed *timed, char *const command[], int output, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(125);
	redirect(output);
	signals_give_back(&timed->signals_before);
	if (!command)
		become_agent(timed);
	become(command);
}

static int run(struct timed *timed, char *const command[], struct timed_run *ret)
{
	cleanup_close int pidfd = -1, output = -1, printed = -1;
	uint64_t begin = clock_monotonic_ns();
	pid_t pid, parent = getpid();
	int ends[2], status, err;

	on_signal(timed, 0, false);
	if (timed->signal)
		return -EINTR;
	timed->nsaid = 0;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	output = ends[0];
	printed = ends[1];
	if (fcntl(output, F_SETFL, O_NONBLOCK))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		run_child(timed, command, printed, parent);
	close(printed);
	printed = -1;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		err = -errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return err;
	}
	status = await(timed, pid, pidfd, output);
	if (timed->signal)
		return -EINTR;
	*ret = (struct timed_run){ .seconds = (double)(clock_monotonic_ns() - begin) / 1e9, .status = status };
	return 0;
}

int timed_run_without(struct timed *timed, struct timed_run *ret)
{
	return run(timed, timed->config->command, ret);
}

int timed_run_with(struct timed *timed, struct timed_run *ret)
{
	if (ftruncate(timed->report, 0) || lseek(timed->report, 0, SEEK_SET) < 0)
		return -errno;
	return run(timed, NULL, ret);
}

int timed_prepare(struct timed *timed, struct timed_run *ret)
{
	char *const command[] = { "sh", "-c", timed->config->prepare, NULL };

	if (timed->config->prepare)
		return run(timed, command, ret);
	*ret = (struct timed_run){ 0 };
	return 0;
}

int timed_drop_cache(void)
{
	cleanup_close int fd = open(DROP_CACHES, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	sync(); /* what is dirty is not dropped */
	return write(fd, "3", 1) == 1 ? 0 : -errno;
}

int timed_open(struct timed *ret, const struct config *config)
{
	static const int caught[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	struct timed timed = { .config = config, .signals = -1, .report = -1 };
	int err;

	timed.report = memfd_create("accel-agent-bench", MFD_CLOEXEC);
	if (timed.report < 0)
		return -errno;
	timed.signals = signals_catch(caught, sizeof(caught) / sizeof(*caught), &timed.signals_before);
	if (timed.signals < 0) {
		err = timed.signals;
		timed_close(&timed);
		return err;
	}
	*ret = timed;
	return 0;
}

void timed_close(struct timed *timed)
{
	if (timed->report >= 0)
		close(timed->report);
	if (timed->signals >= 0)
		close(timed->signals);
	signals_give_back(&timed->signals_before);
}
