/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A temporary folder in place of the system's root, for tests of what writes to /sys. Failures end the test. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <limits.h>
#include <stdint.h>

struct sandbox {
	char root[64];
	char state[128]; /* for journals; not made */
	char paths[4][PATH_MAX]; /* see sandbox_path() */
	unsigned int next;
};

/*
 * Setup and teardown for cmocka: *state is a struct sandbox. What is in it is removed with it.
 */
int sandbox_make(void **state);
int sandbox_remove(void **state);

/*
 * The full path of what lies below the root. Good for the next three calls.
 */
const char *sandbox_path(struct sandbox *s, const char *below);

/*
 * Makes a folder with those above it, and returns its id.
 */
uint64_t sandbox_group(struct sandbox *s, const char *below);

/*
 * Replace a file's text, with the folders above it; and compare it.
 */
void sandbox_write(struct sandbox *s, const char *below, const char *text);
void sandbox_assert(struct sandbox *s, const char *below, const char *text);

/*
 * Ends the test, as skipped, where openat2() is refused: by an emulator or a container's filter.
 */
void sandbox_need_openat2(void);

/*
 * The number of entries in the state folder whose names start with prefix; the last one's path is left in ret.
 */
unsigned int sandbox_journals(struct sandbox *s, const char *prefix, char ret[PATH_MAX]);

#endif /* SANDBOX_H */
