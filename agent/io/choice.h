/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which backends work here, and which is the faster one for a device. */
#ifndef IO_CHOICE_H
#define IO_CHOICE_H

#include "io/backend.h"

#define CHOICE_BACKENDS 2

struct choice {
	void *state[CHOICE_BACKENDS];
	int err[CHOICE_BACKENDS]; /* why it does not work, -errno; 0: it does */
	enum accel_io_backend asked;
	unsigned int best; /* as far as is known */
	unsigned int depth_asked; /* 0: adapted */
	struct depth depth; /* of the device that the last run was on */
	uint64_t device;
	bool begun; /* there was a run */
	bool tried; /* the backends were compared on the device */
	char text[160]; /* for people */
};

/*
 * Tries what was asked for. Returns 0, -EINVAL or -ENOTSUP. Close with choice_close().
 */
int choice_open(enum accel_io_backend asked, unsigned int depth, struct choice *ret);
void choice_close(struct choice *choice);

/*
 * Does all transfers of work, with the better backend. If there is enough of it, the first part is done by turns, to find
 * out which one that is on this device.
 */
void choice_run(struct choice *choice, struct work *work, uint64_t device);

#endif /* IO_CHOICE_H */
