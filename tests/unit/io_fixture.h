/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* A temporary folder, and both backends, for tests of the I/O engine. Failures end the test. */
#ifndef IO_FIXTURE_H
#define IO_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accel_io.h"

struct io_fixture {
	char folder[64];
	int dir;
};

/*
 * Setup and teardown for cmocka: *state is a struct io_fixture. What is in its folder is removed with it.
 */
int io_fixture_make(void **state);
int io_fixture_remove(void **state);

/*
 * A new file of that many bytes, of which byte i is io_fixture_byte(i). Returns a descriptor for reading and writing.
 */
int io_fixture_file(struct io_fixture *f, const char *name, size_t bytes);
unsigned char io_fixture_byte(size_t i);

/*
 * Calls test with an engine of each backend that works here; one that does not is named on stdout as a skip.
 */
void io_fixture_each(struct io_fixture *f, struct accel_io_config config,
		     void (*test)(struct io_fixture *f, struct accel_io *io));

/*
 * From now on, a system call whose second argument is that much or more fails with an error in all threads of this
 * process. For children only. The other one tells beforehand whether that works here, and says so on stdout if not.
 */
bool io_fixture_can_refuse(void);
void io_fixture_refuse(int number, uint32_t second, int err);

#endif /* IO_FIXTURE_H */
