// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * An app that watches what is done to it: how long after its start it is in a control group of the agent's, with more
 * than the usual CPU weight. It asks the kernel, not the agent.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_NS 200000000ULL
#define PAUSE_NS 20000 /* between two looks: the kernel makes the list of groups under a lock that a move needs, too */
#define GROUP "/accel-agent."
#define PATH_BYTES 4096

struct hierarchy {
	const char *mount;
	const char *name; /* in /proc/PID/cgroup; v2: "" */
	const char *knob;
	uint64_t usual; /* weight */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Whether names ("cpu,cpuacct") has name. */
static bool has_name(char *names, const char *name)
{
	char *word;

	if (!*name)
		return !*names;
	while ((word = strsep(&names, ",")))
		if (!strcmp(word, name))
			return true;
	return false;
}

/* The path of our group, within text; NULL: not there. */
static char *own_group(char *text, const char *name)
{
	char *line, *names;

	while ((line = strsep(&text, "\n"))) {
		strsep(&line, ":");
		names = strsep(&line, ":");
		if (names && line && has_name(names, name))
			return line;
	}
	return NULL;
}

static ssize_t read_text(int fd, char *ret, size_t size)
{
	ssize_t len = pread(fd, ret, size - 1, 0);

	if (len >= 0)
		ret[len] = '\0';
	return len;
}

static uint64_t weight(const struct hierarchy *h, const char *group)
{
	char path[3 * PATH_BYTES], text[32];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s%s/%s", h->mount, group, h->knob);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read_text(fd, text, sizeof(text));
	close(fd);
	return len > 0 ? strtoull(text, NULL, 10) : 0;
}

static bool is_placed(const struct hierarchy *h, int fd)
{
	char text[2 * PATH_BYTES], *group;

	if (read_text(fd, text, sizeof(text)) <= 0)
		return false;
	group = own_group(text, h->name);
	return group && strstr(group, GROUP) && weight(h, group) > h->usual;
}

static void pause_until(uint64_t end)
{
	while (now_ns() < end)
		;
}

static int watch(const struct hierarchy *h, uint64_t exec_ns, uint64_t main_ns)
{
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	unsigned int looks = 0;
	bool placed = false;
	uint64_t now;

	if (fd < 0) {
		perror("/proc/self/cgroup");
		return 1;
	}
	do {
		if (looks)
			pause_until(now_ns() + PAUSE_NS);
		placed = is_placed(h, fd);
		now = now_ns();
		looks++;
	} while (!placed && now - main_ns < TIMEOUT_NS);
	close(fd);
	printf("placed=%d looks=%u main_ns=%" PRIu64 " seen_ns=%" PRIu64 "\n", placed, looks, main_ns - exec_ns,
	       now - exec_ns);
	return 0;
}

/* Notes the time and becomes the app: argv is its path, and what it is told. */
static int become(char **argv)
{
	char exec_ns[32], *app[] = { argv[0], argv[1], argv[2], argv[3], argv[4], exec_ns, NULL };

	snprintf(exec_ns, sizeof(exec_ns), "%" PRIu64, now_ns());
	execv(app[0], app);
	perror(app[0]);
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t main_ns = now_ns();
	struct hierarchy h;

	if (argc == 7 && !strcmp(argv[1], "exec"))
		return become(argv + 2);
	if (argc != 6) {
		fprintf(stderr, "usage: %s exec APP MOUNT NAME KNOB USUAL\n", argv[0]);
		return 2;
	}
	h = (struct hierarchy){ .mount = argv[1], .name = argv[2], .knob = argv[3] };
	h.usual = strtoull(argv[4], NULL, 10);
	return watch(&h, strtoull(argv[5], NULL, 10), main_ns);
}
