/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A temporary root with a control group of each version: folders and files that a test fills. */
#ifndef FAKE_GROUP_H
#define FAKE_GROUP_H

#include "sys/cgroup.h"

struct fake {
	char root[64];
	struct sys_cgroup v1, v2; /* ROOT/v1/app and ROOT/v2/app, mounted at ROOT/v1 and ROOT/v2; id is 0 */
};

/*
 * cmocka's setup and teardown: *state is a struct fake.
 */
int fake_make(void **state);
int fake_remove(void **state);

/*
 * Writes a file below the root, and the folders above it.
 */
void fake_put(const struct fake *fake, const char *path, const char *text);

/*
 * Fails the test unless the first line of the file is text.
 */
void fake_assert(const struct fake *fake, const char *path, const char *text);

#endif /* FAKE_GROUP_H */
