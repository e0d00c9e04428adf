/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Command lines for tests, and what is said of them on stderr. */
#ifndef OPTIONS_LINE_H
#define OPTIONS_LINE_H

#include "options.h"

extern char options_said[4096]; /* on stderr by the last call of those below */

/*
 * Parses the command line of command and, if check is not NULL, checks it by that. Returns what they return; only after 0
 * there is something in ret to clear.
 */
int options_line(const char *command, int argc, char **argv, struct config *ret, int (*check)(struct config *config));

/*
 * The same for the words of one line, with blanks between them. ret points into a buffer that the next call overwrites.
 */
int options_words(const char *command, const char *line, struct config *ret, int (*check)(struct config *config));

#endif /* OPTIONS_LINE_H */
