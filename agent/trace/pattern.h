/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Globs for program names, compiled for the matcher that kernel and agent share (bpf/match.h). */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "aa_map.h"

/*
 * Compiles a glob (* ? [a-z] [!a-z] \x) for app. Returns 0; -EINVAL for an empty one, one with a slash, an open bracket
 * or a trailing backslash; -E2BIG for more than AA_PATTERN_TOKENS characters to match.
 */
int pattern_compile(const char *glob, unsigned int app, struct aa_pattern *ret);

/*
 * Whether the program at path, or its basename, matches.
 */
bool pattern_matches(const struct aa_pattern *pattern, const char *path);

/*
 * Finds the script that an interpreter runs, by the rule of aa_script_step(). args are length bytes of NUL-separated
 * arguments, argv[0] first. Returns a pointer into args, or NULL if there is none. The name is NUL-terminated if args
 * is.
 */
const char *pattern_script(const char *args, size_t length);

/* Names of the programs that run scripts: globs, NULL-terminated. */
extern const char *const pattern_interpreters[];

#endif /* PATTERN_H */
