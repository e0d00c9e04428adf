// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Settles down where it disturbs nobody, then hands over to the reading. */
#include "profile/replay_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profile/replay_budget.h"
#include "profile/replay_read.h"
#include "sys/cgroup.h"
#include "sys/limits.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"

#define FILES_MAX 4096 /* open at a time */
#define CPU_SECONDS 60 /* the app's mount table may be as long as its user likes */
#define NICE 5 /* the app comes first; far behind others, it would come after what it is to be ahead of */
#define NICE_IDLE 19

/* A signal of the terminal is meant for the command, which may live on; the agent ends us when it does not. */
static void settle_signals(void)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2 };
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void write_file(const char *path, const char *text)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		errno = 0; /* as far as it works */
}

/*
 * Best effort at its lowest for what the app waits for itself: schedulers that know the idle class (BFQ, mq-deadline)
 * would let it starve beside the very reads that it is to be ahead of.
 */
static void settle_priority(bool idle)
{
	int io = idle ? IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0) : IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7);

	setpriority(PRIO_PROCESS, 0, idle ? NICE_IDLE : NICE);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, io);
	write_file("/proc/self/oom_score_adj", "1000"); /* nothing is lost if it goes */
}

static void settle_limits(void)
{
	const struct rlimit cpu = { .rlim_cur = CPU_SECONDS, .rlim_max = CPU_SECONDS };
	struct rlimit limit;

	setrlimit(RLIMIT_CPU, &cpu); /* of which SIGKILL is the end */
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= FILES_MAX)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* With a v2 group comes its limit of processes, which counts even what it does not keep out: the app would be. */
static bool is_full(pid_t process, pid_t app)
{
	uint64_t room;
	struct stat tasks;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
	return !sys_tasks_room_read("", app, &room) && !stat(path, &tasks) && !replay_fits(room, tasks.st_nlink - 2);
}

static void join(pid_t process, pid_t app, const char *controller)
{
	struct sys_cgroup theirs, ours;
	char path[PATH_MAX + 16], pid[16];

	if (sys_cgroup_of("", app, controller, &theirs))
		return;
	if (!sys_cgroup_of("", process, controller, &ours) && !strcmp(ours.directory, theirs.directory))
		return;
	if (theirs.v2 && is_full(process, app))
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", theirs.directory);
	snprintf(pid, sizeof(pid), "%d", (int)process);
	write_file(path, pid);
}

void replay_join(pid_t process, pid_t app)
{
	join(process, app, "memory");
	join(process, app, "blkio"); /* v1; in v2 it is the same group */
}

_Noreturn void replay_process(const struct replay_job *job, struct replay_progress *progress)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "accel-replay");
	if (getppid() != job->agent) /* it has gone already */
		_exit(1);
	progress->started_ns = clock_monotonic_ns();
	settle_signals();
	leave_stdio(STDIN_FILENO, STDOUT_FILENO); /* in a file system that hangs, nobody can end us */
	sys_view_keep(job->view);
	settle_limits();
	settle_priority(job->last);
	progress->error = replay_read(job, progress);
	if (progress->error)
		progress->stopped = REPLAY_FAILED;
	progress->ended_ns = clock_monotonic_ns();
	_exit(0);
}
