/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The settings file: "key = value" lines, keys as the long options. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdio.h>

#include "options.h"

#define SETTINGS_DEFAULT_PATH "/etc/accel-agent.conf"

/*
 * Reads config->settings, or default_path if that is NULL and the file exists, into config, after options_parse() and
 * before options_check(). What the command line set stays. As root, refuses a file that others could have written.
 * Returns 0; -EINVAL, or the errno of a file that cannot be read, with the reason on stderr; -ENOMEM. On failure config
 * may hold part of the file: it is good for options_clear() only.
 */
int settings_read(struct config *config, const char *default_path);

/*
 * Reads settings from file, called name in messages. Otherwise like settings_read().
 */
int settings_parse(FILE *file, const char *name, struct config *config);

#endif /* SETTINGS_H */
