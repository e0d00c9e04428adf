/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* sigself N: ends by signal N. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rlimit none = { 0 };
	sigset_t all;
	int number = argc > 1 ? atoi(argv[1]) : SIGTERM;

	setrlimit(RLIMIT_CORE, &none);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	signal(number, SIG_DFL);
	raise(number);
	return 1;
}
