/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A thread beside a warm run: it shows the progress, and stops the run when a signal comes. */
#include "warm/attendant.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "util/clock.h"
#include "warm/counts.h"
#include "warm/progress.h"
#include "warm/rate.h"

#define REDRAW_MS 100
#define COLUMNS_DEFAULT 80
#define ONE_SIGNAL_NS 250000000ULL /* timeout(1) signals its child, and then the group of both: nobody asked twice */

struct attendant {
	struct attendant_config config;
	pthread_t thread;
	sigset_t signals;
	int signal_fd, over_fd;
	uint64_t start_ns;
	struct rate rate; /* of what is read */
	bool drawn;
	int signal; /* the first that came */
	uint64_t signal_ns;
};

/* Who started us may want us to live on: nohup, or a shell for what runs in the background. */
static void choose_signals(sigset_t *ret)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;
	size_t i;

	sigemptyset(ret);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!sigaction(numbers[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaddset(ret, numbers[i]);
	}
}

static void sample(struct attendant *a, struct progress *ret)
{
	const struct warm_counts *counts = a->config.counts;

	/* what is done is read before what there is, so that it is never more */
	ret->read_files = counts->read_files;
	ret->settled_bytes = counts->settled_bytes;
	ret->planned_files = counts->planned_files;
	ret->planned_bytes = counts->planned_bytes;
	ret->examined = counts->examined;
	ret->walked = counts->walked;
	ret->found = counts->found;
	rate_note(&a->rate, (double)(clock_monotonic_ns() - a->start_ns) / 1e9, ret->settled_bytes);
	ret->rate = rate_per_second(&a->rate);
}

static void draw(struct attendant *a)
{
	struct winsize size;
	struct progress progress;
	char line[PROGRESS_LEN], text[sizeof(line) + sizeof(PROGRESS_CLEAR)];
	unsigned int columns = COLUMNS_DEFAULT;

	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		columns = size.ws_col;
	sample(a, &progress);
	snprintf(text, sizeof(text), PROGRESS_CLEAR "%s", progress_line(&progress, columns, line));
	fputs(text, stderr);
	a->drawn = true;
}

static void erase(struct attendant *a)
{
	if (a->drawn)
		fputs(PROGRESS_CLEAR, stderr);
	a->drawn = false;
}

static void take_signal(struct attendant *a)
{
	struct signalfd_siginfo info;

	if (read(a->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (a->signal && clock_monotonic_ns() - a->signal_ns < ONE_SIGNAL_NS)
		return;
	if (a->signal) { /* something does not end: the user has had enough */
		erase(a);
		signal((int)info.ssi_signo, SIG_DFL);
		pthread_sigmask(SIG_UNBLOCK, &a->signals, NULL);
		raise((int)info.ssi_signo);
	}
	a->signal = (int)info.ssi_signo;
	a->signal_ns = clock_monotonic_ns();
	atomic_store(a->config.stop, true);
	if (a->config.stopped)
		a->config.stopped(a->config.context);
}

static void *attend(void *context)
{
	struct attendant *a = context;
	struct pollfd fds[] = { { .fd = a->over_fd, .events = POLLIN }, { .fd = a->signal_fd, .events = POLLIN } };

	for (;;) {
		int n = poll(fds, 2, a->config.progress ? REDRAW_MS : -1);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0 && fds[0].revents)
			break;
		if (n > 0 && fds[1].revents)
			take_signal(a);
		else if (!n)
			draw(a);
	}
	erase(a);
	return NULL;
}

static void attendant_free(struct attendant *a)
{
	if (a->signal_fd >= 0)
		close(a->signal_fd);
	if (a->over_fd >= 0)
		close(a->over_fd);
	free(a);
}

int attendant_start(const struct attendant_config *config, struct attendant **ret)
{
	struct attendant *a = calloc(1, sizeof(*a));
	int err = 0;

	if (!a)
		return -ENOMEM;
	a->config = *config;
	a->start_ns = clock_monotonic_ns();
	choose_signals(&a->signals);
	pthread_sigmask(SIG_BLOCK, &a->signals, NULL);
	a->over_fd = eventfd(0, EFD_CLOEXEC);
	a->signal_fd = signalfd(-1, &a->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (a->over_fd < 0 || a->signal_fd < 0)
		err = -errno;
	if (!err)
		err = -pthread_create(&a->thread, NULL, attend, a);
	if (err) {
		attendant_free(a);
		return err;
	}
	*ret = a;
	return 0;
}

int attendant_end(struct attendant *a)
{
	uint64_t one = 1;
	int number;

	while (write(a->over_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(a->thread, NULL);
	number = a->signal;
	attendant_free(a);
	return number;
}
