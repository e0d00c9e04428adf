/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * The catalogue: names of known apps, operations and background programs, each with its kind. One catalogue is
 * installed, and users have a file of their own, whose words win.
 */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include <stddef.h>
#include <stdio.h>

#define CATALOGUE_NAME_MAX 63 /* bytes in a name or glob */

#define CATALOGUE_INSTALLED_PATH ACCEL_AGENT_CATALOGUE /* the Makefile says where it is installed */
#define CATALOGUE_OWN_PATH "/etc/accel-agent.catalogue"

struct catalogue;

/*
 * Reads the file at path, which has to exist; or, with path NULL, the installed file and the users' own, each if it
 * exists. *ret is NULL if neither does. As root, refuses files that others could have written. Returns 0; -EINVAL, or
 * the errno of a file that cannot be read, with the reason on stderr; -ENOMEM. Free *ret with catalogue_free().
 */
int catalogue_load(const char *path, const char *installed, const char *own, struct catalogue **ret);
void catalogue_free(struct catalogue *catalogue);

/*
 * Makes an empty catalogue. Returns NULL if there is no memory.
 */
struct catalogue *catalogue_new(void);

/*
 * Adds what a file, called name in messages, says: its words come before those that are there, and replace the same
 * words in the same section. Returns 0; -EINVAL or -EIO, with the line and the reason on stderr; -ENOMEM. On failure
 * the catalogue is as it was.
 */
int catalogue_parse(struct catalogue *catalogue, FILE *file, const char *name);

/*
 * The files that were read, for people: "/a", "/a and /b".
 */
const char *catalogue_files(const struct catalogue *catalogue);

/*
 * The names or globs of the apps to follow, the users' own first; NULL from the end on.
 */
const char *catalogue_app(const struct catalogue *catalogue, size_t i);
size_t catalogue_apps(const struct catalogue *catalogue);

/*
 * The kind of operation that a command is: by [operations]; failing that, by [apps] ("make" itself: "build") and
 * [background]. NULL: not known. The kernel cuts the names of commands to 15 bytes: one of that length matches longer
 * names that begin so, and globs that are longer than that and have no star before.
 */
const char *catalogue_kind(const struct catalogue *catalogue, const char *command);

/*
 * The kind of background program that a command is, or NULL if it is none.
 */
const char *catalogue_background(const struct catalogue *catalogue, const char *command);

#endif /* CATALOGUE_H */
