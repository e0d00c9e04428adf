/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * crowd PROCESSES THREADS WARM SEC CPU: PROCESSES of THREADS threads each, all asleep, beside a ping-pong between two
 * more processes on one CPU: WARM seconds to warm up, then it prints "warm", then SEC that are measured. Prints
 * "ns_per_turn=N" (a turn is two switches), then stays as it is until stdin ends.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ready[2], end[2];

static void die(const char *what)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void say_ready(void)
{
	if (write(ready[1], "r", 1) != 1)
		die("write");
}

static void *sleeper(void *arg)
{
	say_ready();
	for (;;)
		pause();
	return arg;
}

/* One process of the crowd: ends when the parent closes its end of the pipe. */
static void crowd_process(long threads)
{
	pthread_attr_t attr;
	pthread_t id;
	char byte;
	long i;

	close(end[1]);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	for (i = 1; i < threads; i++) {
		errno = pthread_create(&id, &attr, sleeper, NULL);
		if (errno)
			die("pthread_create");
	}
	say_ready();
	_exit(read(end[0], &byte, 1) != 0);
}

static void crowd_start(long processes, long threads)
{
	long i, left = processes * threads;
	char bytes[4096];
	ssize_t n;
	pid_t pid;

	if (pipe(ready) || pipe(end))
		die("pipe");
	for (i = 0; i < processes; i++) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid)
			crowd_process(threads);
	}
	close(ready[1]);
	for (; left > 0; left -= n) {
		n = read(ready[0], bytes, sizeof(bytes));
		if (n <= 0) {
			errno = n ? errno : ECHILD;
			die("a process of the crowd");
		}
	}
}

static unsigned long play(int out, int in, double seconds)
{
	double until = now() + seconds;
	unsigned long turns = 0;
	char byte = 'x';

	/* the clock is read seldom: it is not what is measured */
	do {
		if (write(out, &byte, 1) != 1 || read(in, &byte, 1) != 1)
			die("pipe");
		turns++;
	} while (turns % 256 || now() < until);
	return turns;
}

static void echo(int in, int out)
{
	char byte;

	close(end[1]);
	while (read(in, &byte, 1) == 1 && write(out, &byte, 1) == 1)
		;
	_exit(0);
}

int main(int argc, char **argv)
{
	int ping[2], pong[2];
	unsigned long turns;
	double from;
	cpu_set_t set;
	char byte;
	pid_t pid;

	if (argc != 6)
		return 2;
	crowd_start(atol(argv[1]), atol(argv[2]));
	CPU_ZERO(&set);
	CPU_SET(atoi(argv[5]), &set);
	if (pipe(ping) || pipe(pong) || sched_setaffinity(0, sizeof(set), &set))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		close(ping[1]);
		echo(ping[0], pong[1]);
	}
	play(ping[1], pong[0], atof(argv[3]));
	puts("warm");
	fflush(stdout);
	from = now();
	turns = play(ping[1], pong[0], atof(argv[4]));
	printf("ns_per_turn=%.1f\n", (now() - from) * 1e9 / (double)turns);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	close(ping[1]);
	close(end[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
