/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Adds up the weights of sessions. */
#include "trace/sessions.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "aa_map.h"

#define SESSIONS_MAX 64
#define ROWS 64 /* read at a time */

struct seen {
	__u64 id[SESSIONS_MAX];
	size_t n;
};

/* Whether a session is to be counted, which it is once. */
static bool is_new(struct seen *seen, __u64 id)
{
	size_t i;

	for (i = 0; i < seen->n; i++)
		if (seen->id[i] == id)
			return false;
	if (seen->n == SESSIONS_MAX)
		return false;
	seen->id[seen->n++] = id;
	return true;
}

int sessions_weigh(int fd, double *ret_weight)
{
	struct aa_session rows[ROWS];
	struct seen seen = { .n = 0 };
	double sum = 0;
	ssize_t n;
	size_t i;

	for (;;) {
		n = read(fd, rows, sizeof(rows)); /* whole rows: the kernel hands out what fits, and so do pipes */
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			break;
		for (i = 0; i < (size_t)n / sizeof(rows[0]); i++)
			if (!rows[i].id || is_new(&seen, rows[i].id))
				sum += (double)rows[i].weight;
	}
	if (n < 0)
		return -errno;
	*ret_weight = sum / AA_SESSION_WEIGHT;
	return 0;
}
