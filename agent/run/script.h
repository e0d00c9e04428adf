/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which script a program runs: what tells the runs of one interpreter apart. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_NAME_MAX (NAME_MAX + 1)
#define SCRIPT_ARGS_MAX 8192 /* bytes of the arguments among which it is looked for */

/*
 * The name, without its folder, of the script that a program runs: by the rule by which --app finds scripts, but for program
 * text that stands behind options like "-ec", which is no name. program is the path of the executable; args are length
 * bytes of NUL-separated arguments, the first is what it was called as. Returns false if it is no interpreter, or runs
 * no script.
 */
bool script_name(const char *program, const char *args, size_t length, char ret[SCRIPT_NAME_MAX]);

#endif /* SCRIPT_H */
