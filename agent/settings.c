/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The settings file: each line is an option. */
#include "settings.h"

#include <errno.h>
#include <string.h>

#include "option_rows.h"
#include "settings_file.h"
#include "util/cleanup.h"

struct parse {
	const struct config *command_line;
	struct config *config;
	struct config *ignored; /* takes what the command line overrides: still checked */
	uint32_t seen; /* 1 << row of option_rows[] */
};

/* Options that take no value on the command line take yes or no in the file. Returns 1, 0 or -EINVAL. */
static int parse_switch(const char *value)
{
	if (!strcmp(value, "yes") || !strcmp(value, "true"))
		return 1;
	if (!strcmp(value, "no") || !strcmp(value, "false"))
		return 0;
	return -EINVAL;
}

static int set_key(struct parse *p, struct settings_file *file, const struct option_row *row, const char *value)
{
	struct config *config = options_given(p->command_line, row) ? p->ignored : p->config;
	char why[OPTIONS_WHY_SIZE];
	int err;

	if (!row->takes_value) {
		int on = parse_switch(value);

		if (on < 0)
			return settings_file_stop(file, -EINVAL, "%s: '%.64s' is neither yes nor no", row->name, value);
		if (!on)
			return 0;
		value = NULL;
	}
	err = options_set(config, row, value, why);
	return err == -EINVAL ? settings_file_stop(file, err, "%s: %s", row->name, why) : err;
}

static int take_key(void *context, struct settings_file *file, const char *section, const char *name, const char *value)
{
	struct parse *p = context;
	const struct option_row *row = options_find(name);
	uint32_t bit;

	(void)section; /* there are none */
	if (!row)
		return settings_file_stop(file, -EINVAL, "'%.64s' is not a setting", name);
	if (!row->in_file)
		return settings_file_stop(file, -EINVAL, "'%s' belongs on the command line only", name);
	bit = 1U << (row - option_rows);
	if ((p->seen & bit) && !row->repeats)
		return settings_file_stop(file, -EINVAL, "'%s' is set twice", name);
	p->seen |= bit;
	if (*value == '"' || *value == '\'')
		return settings_file_stop(file, -EINVAL, "%s: write the value without quotes", name);
	return set_key(p, file, row, value);
}

int settings_parse(FILE *file, const char *name, struct config *config)
{
	struct config command_line = *config; /* borrows: only what was given counts */
	struct config ignored;
	struct parse p = {
		.command_line = &command_line,
		.config = config,
		.ignored = &ignored,
	};
	struct settings_form form = { .take = take_key, .context = &p };
	int err;

	options_init(&ignored);
	err = settings_file_parse(file, name, &form);
	options_clear(&ignored);
	config->given = command_line.given;
	return err;
}

int settings_read(struct config *config, const char *default_path)
{
	const char *path = config->settings ? config->settings : default_path;
	cleanup_file FILE *file = NULL;
	int err = settings_file_open(path, config->settings, &file);

	return err || !file ? err : settings_parse(file, path, config);
}
