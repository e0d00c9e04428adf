/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Files of "key = value" lines that root obeys: who may write them, what their lines may hold, where an error stands. */
#ifndef SETTINGS_FILE_H
#define SETTINGS_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct settings_file; /* one that is being read */

/* What may stand in a file, and who takes it. */
struct settings_form {
	const char *const *sections; /* NULL-terminated; NULL: the file has none */
	/*
	 * Takes one line; section is "" before the first. Returns 0, or what settings_file_stop() returned.
	 */
	int (*take)(void *context, struct settings_file *file, const char *section, const char *key, const char *value);
	void *context;
};

/*
 * Opens a file to read settings from. As root, refuses one that others could have written. Returns 0, with *ret_file
 * NULL if there is no such file and it is not required; -EINVAL or the errno of a file that cannot be read, with the
 * reason on stderr; -ENOMEM.
 */
int settings_file_open(const char *path, bool required, FILE **ret_file);

/*
 * Reads file, called name in messages, line by line. Stops at the first error. Returns 0; -EINVAL or -EIO, with the
 * line and the reason on stderr; -ENOMEM.
 */
int settings_file_parse(FILE *file, const char *name, const struct settings_form *form);

/*
 * For take(): the line in hand is wrong, for the reason given. Returns err, which is negative.
 */
int settings_file_stop(struct settings_file *file, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The number of the line in hand.
 */
int settings_file_line(const struct settings_file *file);

#endif /* SETTINGS_FILE_H */
