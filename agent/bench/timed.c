/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One run of the command, by itself or under an agent, and how long it took. */
#include "bench/timed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"
#include "util/text.h"

#define DROP_CACHES "/proc/sys/vm/drop_caches"
#define SAID_BYTES 2048 /* of what a command printed last */

/* --- signals --- */

/* What is ignored stays so, as under nohup. */
static void catch_one(sigset_t *set, int signum)
{
	struct sigaction old;

	if (!sigaction(signum, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaddset(set, signum);
}

static int catch_signals(struct timed *timed)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN }, usual = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&set);
	catch_one(&set, SIGINT);
	catch_one(&set, SIGTERM);
	catch_one(&set, SIGHUP);
	sigaction(SIGPIPE, &ignore, &timed->signals_before.pipe);
	sigaction(SIGCHLD, &usual, &timed->signals_before.child);
	sigprocmask(SIG_BLOCK, &set, &timed->signals_before.mask);
	timed->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return timed->signals < 0 ? -errno : 0;
}

/* What the terminal sends has reached the run as well: it is in our process group. */
static void on_signal(struct timed *timed, pid_t pid)
{
	struct signalfd_siginfo info;

	while (read(timed->signals, &info, sizeof(info)) == sizeof(info)) {
		timed->signal = (int)info.ssi_signo;
		if (info.ssi_code <= 0 && pid > 0)
			kill(pid, timed->signal);
	}
}

static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Until the process is over. Returns its status as a shell says it. */
static int await(struct timed *timed, pid_t pid, int pidfd)
{
	struct pollfd fds[] = {
		{ .fd = timed->signals, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	int status;

	do {
		poll(fds, 2, -1);
		on_signal(timed, pid);
	} while (waitpid(pid, &status, WNOHANG) != pid);
	return shell_status(status);
}

/* --- output --- */

static int empty_output(const struct timed *timed)
{
	return ftruncate(timed->output, 0) || lseek(timed->output, 0, SEEK_SET) < 0 ? -errno : 0;
}

void timed_say_output(const struct timed *timed, const char *prefix, FILE *out)
{
	char text[SAID_BYTES + 1], shown[4 * SAID_BYTES + 1], *line, *rest = text;
	struct stat st;
	ssize_t n;

	if (fstat(timed->output, &st))
		return;
	n = pread(timed->output, text, SAID_BYTES, st.st_size > SAID_BYTES ? st.st_size - SAID_BYTES : 0);
	if (n <= 0)
		return;
	text[n] = '\0';
	if (st.st_size > SAID_BYTES && strchr(text, '\n'))
		rest = strchr(text, '\n') + 1;
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		text_escape(line, strlen(line), shown, sizeof(shown));
		fprintf(out, "%s%s\n", prefix, shown);
	}
}

/* In a child: nothing to read, and what it prints goes to the file. */
static void redirect(const struct timed *timed)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	dup2(nothing, STDIN_FILENO);
	dup2(timed->output, STDOUT_FILENO);
	dup2(timed->output, STDERR_FILENO);
}

/* --- runs --- */

/* As the command's own children find things. */
static void give_back_signals(const struct signals_before *before)
{
	sigaction(SIGPIPE, &before->pipe, NULL);
	sigaction(SIGCHLD, &before->child, NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

static void become(char *const command[])
{
	int err;

	execvp(command[0], command);
	err = errno;
	log_err("%s: %s", command[0], err == ENOENT ? "command not found" : strerror(err));
	_exit(err == ENOENT ? 127 : 126);
}

static void become_agent(const struct timed *timed, char *report)
{
	struct config config = *timed->config;

	config.target = TARGET_COMMAND;
	config.format = FORMAT_JSON;
	config.output = report;
	if (config.log_level < LOG_LEVEL_DEBUG)
		log_set_level(LOG_LEVEL_WARN);
	_exit(cmd_run(&config));
}

/* Without report, command becomes the process itself. */
static int run(struct timed *timed, char *const command[], char *report, struct timed_run *ret)
{
	uint64_t begin = clock_monotonic_ns();
	cleanup_close int pidfd = -1;
	int status;
	pid_t pid;

	on_signal(timed, 0);
	if (timed->signal)
		return -EINTR;
	if (empty_output(timed))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		redirect(timed);
		give_back_signals(&timed->signals_before);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (report)
			become_agent(timed, report);
		become(command);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	status = await(timed, pid, pidfd);
	if (timed->signal)
		return -EINTR;
	*ret = (struct timed_run){ .seconds = (double)(clock_monotonic_ns() - begin) / 1e9, .status = status };
	return 0;
}

int timed_run_without(struct timed *timed, struct timed_run *ret)
{
	return run(timed, timed->config->command, NULL, ret);
}

int timed_run_with(struct timed *timed, struct timed_run *ret)
{
	unlink(timed->report);
	return run(timed, timed->config->command, timed->report, ret);
}

static int drop_caches(void)
{
	cleanup_close int fd = open(DROP_CACHES, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	sync(); /* what is dirty is not dropped */
	return write(fd, "3", 1) == 1 ? 0 : -errno;
}

int timed_prepare(struct timed *timed, int *ret_status)
{
	char *const command[] = { "sh", "-c", timed->config->prepare, NULL };
	struct timed_run prepared = { 0 };
	int err = 0;

	if (timed->config->prepare)
		err = run(timed, command, NULL, &prepared);
	if (!err && !prepared.status && timed->config->cold)
		err = drop_caches();
	if (!err)
		*ret_status = prepared.status;
	return err;
}

/* --- files --- */

static int make_files(struct timed *timed)
{
	char output[] = "/tmp/accel-agent-bench-XXXXXX";

	snprintf(timed->report, sizeof(timed->report), "/tmp/accel-agent-bench-XXXXXX");
	if (!mkdtemp(timed->report)) {
		timed->report[0] = '\0';
		return -errno;
	}
	strcat(timed->report, "/report"); /* fits */
	timed->output = mkostemp(output, O_CLOEXEC);
	if (timed->output < 0)
		return -errno;
	unlink(output);
	return 0;
}

int timed_open(struct timed *ret, const struct config *config)
{
	struct timed timed = { .config = config, .signals = -1, .output = -1 };
	int err = make_files(&timed);

	if (!err)
		err = catch_signals(&timed);
	if (err) {
		timed_close(&timed);
		return err;
	}
	*ret = timed;
	return 0;
}

void timed_close(struct timed *timed)
{
	char *end;

	if (timed->report[0]) {
		unlink(timed->report);
		end = strrchr(timed->report, '/');
		*end = '\0';
		rmdir(timed->report);
	}
	if (timed->signals >= 0)
		close(timed->signals);
	if (timed->output >= 0)
		close(timed->output);
}
