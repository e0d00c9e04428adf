/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The table of options: the command line and the settings file are both read by it. */
#ifndef OPTION_ROWS_H
#define OPTION_ROWS_H

#include "options.h"

/* An option on the command line silences all of its group in the settings file; without a group, only itself. */
enum option_group {
	OPTION_GROUP_NONE,
	OPTION_GROUP_TARGET,
	OPTION_GROUP_ACTIONS,
	OPTION_GROUP_LOG,
};

struct option_row {
	const char *name; /* the long option, and the key in a settings file */
	int letter; /* 0: none */
	bool takes_value;
	bool in_file; /* may be a key of a settings file */
	bool repeats;
	enum option_group group;
	const char *command; /* the only one that has it, and its letter with it; NULL: all that do not refuse it */
	/* See options_set(). value is NULL without takes_value. */
	int (*set)(struct config *config, const char *value, char why[OPTIONS_WHY_SIZE]);
};

#define OPTION_ROWS_MAX 32

extern const struct option_row option_rows[];
extern const size_t option_count;

#endif /* OPTION_ROWS_H */
