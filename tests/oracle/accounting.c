/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * accounting -o FILE -- COMMAND...: runs COMMAND and writes to FILE what the scheduler accounted to all threads of its
 * process tree: {"run": seconds, "runq": seconds, "threads": n, "processes": n}. Exits with the command's status, or
 * with 125 where it cannot tell the truth.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "accounting.h"
#include "accounting.skel.h"

#define FAILED 125
#define WAIT_MS 5000 /* for the last threads to leave the CPU after their process was waited for */

static int fail(const char *what, int err)
{
	fprintf(stderr, "accounting: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return FAILED;
}

/* A child that waits for a byte before it becomes the command, so that it is watched from the start. */
static pid_t start_stopped(char **command, int *ret_go)
{
	int go[2];
	char byte;
	pid_t pid;

	if (pipe(go))
		return -1;
	pid = fork();
	if (pid) {
		close(go[0]);
		*ret_go = go[1];
		return pid;
	}
	close(go[1]);
	if (read(go[0], &byte, 1) != 1)
		_exit(FAILED);
	close(go[0]);
	execvp(command[0], command);
	_exit(errno == ENOENT ? 127 : 126);
}

/* What the child was accounted before the programs were attached belongs to us, not to the command. */
static int read_schedstat(pid_t pid, uint64_t *ret_run, uint64_t *ret_runq)
{
	char path[64];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	n = fscanf(file, "%" SCNu64 " %" SCNu64, ret_run, ret_runq);
	fclose(file);
	return n == 2 ? 0 : -EIO;
}

static int load(pid_t root, struct accounting **ret)
{
	struct accounting *skel = accounting__open();
	int err;

	if (!skel)
		return -errno;
	skel->rodata->root_tgid = root;
	skel->bss->sums.live = 1;
	err = accounting__load(skel);
	if (!err)
		err = accounting__attach(skel);
	if (err) {
		accounting__destroy(skel);
		return err;
	}
	*ret = skel;
	return 0;
}

static void wait_quiet(volatile struct accounting_sums *sums)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < WAIT_MS && sums->live; i++)
		nanosleep(&ms, NULL);
}

static int write_sums(const char *path, const struct accounting_sums *sums, uint64_t run, uint64_t runq)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	fprintf(file, "{\"run\": %.9f, \"runq\": %.9f, \"threads\": %llu, \"processes\": %llu}\n",
		(double)(sums->run_ns - run + sums->run_late_ns) * 1e-9,
		(double)(sums->runq_ns - runq + sums->runq_late_ns) * 1e-9, sums->threads, sums->processes);
	return fclose(file) ? -errno : 0;
}

static int run(const char *path, char **command)
{
	struct accounting *skel = NULL;
	uint64_t before_run = 0, before_runq = 0;
	siginfo_t ended;
	int go = -1, status, err;
	pid_t pid = start_stopped(command, &go);

	if (pid < 0)
		return fail("start", errno);
	err = load(pid, &skel);
	if (!err)
		err = read_schedstat(pid, &before_run, &before_runq);
	if (!err && write(go, "g", 1) != 1)
		err = -EPIPE;
	close(go);
	/* the zombie keeps its number, and so its membership, until the sums are read */
	waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT);
	if (!err) {
		wait_quiet(&skel->bss->sums);
		if (skel->bss->sums.live || skel->bss->sums.dropped)
			err = -EOVERFLOW;
		else
			err = write_sums(path, &skel->bss->sums, before_run, before_runq);
	}
	accounting__destroy(skel);
	if (waitpid(pid, &status, 0) != pid && !err)
		err = -errno;
	if (err)
		return fail(path, err);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	if (argc < 5 || strcmp(argv[1], "-o") || strcmp(argv[3], "--")) {
		fprintf(stderr, "usage: accounting -o FILE -- COMMAND...\n");
		return FAILED;
	}
	return run(argv[2], argv + 4);
}
