/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The settings file. Read as root, so nothing in it is taken on trust: neither who wrote it nor what it holds. */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "option_rows.h"
#include "util/cleanup.h"

#define LINES_MAX 4096 /* a file that never ends is not a settings file */

struct parse {
	FILE *file;
	const struct config *command_line;
	struct config *config;
	struct config *ignored; /* takes what the command line overrides: still checked */
	uint32_t seen; /* 1 << row of option_rows[] */
	int line; /* in hand */
	int err; /* the first error, and */
	int err_line; /* where it was */
	char why[OPTIONS_WHY_SIZE + 32]; /* message, "": none */
};

static int __attribute__((format(printf, 3, 4))) stop(struct parse *p, int err, const char *format, ...)
{
	va_list args;

	p->err = err;
	p->err_line = p->line;
	va_start(args, format);
	vsnprintf(p->why, sizeof(p->why), format, args);
	va_end(args);
	return 0; /* an error, to the parser */
}

/*
 * One line for the parser. fgets() would hide NUL bytes and cut long lines in two; and the parser takes a line that
 * begins with a blank for more of the value before it, so leading blanks are dropped here.
 */
static char *read_line(char *line, int size, void *user)
{
	struct parse *p = user;
	int len = 0, c = EOF;

	if (p->err)
		return NULL;
	p->line++;
	while ((c = getc(p->file)) != EOF && c != '\n') {
		if (c == '\r' || (!len && (c == ' ' || c == '\t')))
			continue;
		if ((c < ' ' && c != '\t') || c == 0x7f) {
			stop(p, -EINVAL, "control character \\x%02x", c);
			return NULL;
		}
		if (len >= size - 2) {
			stop(p, -EINVAL, "the line is longer than %d bytes", size - 2);
			return NULL;
		}
		line[len++] = (char)c;
	}
	if (ferror(p->file)) {
		stop(p, -EIO, "cannot be read: %s", strerror(errno));
		return NULL;
	}
	if (c == EOF && !len)
		return NULL;
	if (p->line > LINES_MAX) {
		stop(p, -EINVAL, "more than %d lines", LINES_MAX);
		return NULL;
	}
	line[len++] = '\n';
	line[len] = '\0';
	return line;
}

/* Options that take no value on the command line take yes or no in the file. Returns 1, 0 or -EINVAL. */
static int parse_switch(const char *value)
{
	if (!strcmp(value, "yes") || !strcmp(value, "true"))
		return 1;
	if (!strcmp(value, "no") || !strcmp(value, "false"))
		return 0;
	return -EINVAL;
}

static int set_key(struct parse *p, const struct option_row *row, const char *value)
{
	struct config *config = options_given(p->command_line, row) ? p->ignored : p->config;
	char why[OPTIONS_WHY_SIZE];
	int err;

	if (!row->takes_value) {
		int on = parse_switch(value);

		if (on < 0)
			return stop(p, -EINVAL, "%s: '%.64s' is neither yes nor no", row->name, value);
		if (!on)
			return 1;
		value = NULL;
	}
	err = options_set(config, row, value, why);
	if (err == -EINVAL)
		return stop(p, err, "%s: %s", row->name, why);
	if (err)
		return stop(p, err, "%s", strerror(-err));
	return 1;
}

/* Called by the parser for each "key = value". Returns 1 to go on, 0 after an error. */
static int take_key(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	const struct option_row *row = options_find(name);
	uint32_t bit;

	if (p->err)
		return 0;
	if (*section)
		return stop(p, -EINVAL, "[%.64s]: settings stand in no section", section);
	if (!row)
		return stop(p, -EINVAL, "'%.64s' is not a setting", name);
	if (!row->in_file)
		return stop(p, -EINVAL, "'%s' belongs on the command line only", name);
	bit = 1U << (row - option_rows);
	if ((p->seen & bit) && !row->repeats)
		return stop(p, -EINVAL, "'%s' is set twice", name);
	p->seen |= bit;
	if (*value == '"' || *value == '\'')
		return stop(p, -EINVAL, "%s: write the value without quotes", name);
	return set_key(p, row, value);
}

int settings_parse(FILE *file, const char *name, struct config *config)
{
	struct config command_line = *config; /* borrows: only what was given counts */
	struct config ignored;
	struct parse p = {
		.file = file,
		.command_line = &command_line,
		.config = config,
		.ignored = &ignored,
	};
	int line;

	options_init(&ignored);
	line = ini_parse_stream(read_line, &p, take_key, &p);
	options_clear(&ignored);
	config->given = command_line.given;

	/* The parser goes on after a line that it does not understand, so an error further down may have been seen. */
	if (line > 0 && (!p.err || line < p.err_line)) {
		p.line = line;
		stop(&p, -EINVAL, "not 'key = value'");
	} else if (line < 0 && !p.err) {
		return -ENOMEM;
	}
	if (p.err)
		log_err("%s:%d: %s", name, p.err_line, p.why);
	return p.err;
}

/* Who may write a file that root obeys? Nobody but root. */
static int check_file(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		log_err("%s: not a regular file", path);
		return -EINVAL;
	}
	if (geteuid() != 0)
		return 0;
	if (st.st_uid != 0) {
		log_err("%s: belongs to user %u, not to root; refusing to read settings from it", path, st.st_uid);
		return -EINVAL;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		log_err("%s: group or others may write it (mode %04o); refusing to read settings from it", path,
			st.st_mode & 07777);
		return -EINVAL;
	}
	return 0;
}

int settings_read(struct config *config, const char *default_path)
{
	const char *path = config->settings ? config->settings : default_path;
	cleanup_file FILE *file = NULL;
	cleanup_close int fd = -1;
	int err;

	/* O_NONBLOCK: opening a FIFO must not hang. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && !config->settings)
		return 0;
	if (fd < 0) {
		err = -errno;
		log_err("%s: settings cannot be read: %s", path, strerror(-err));
		return err;
	}
	err = check_file(fd, path);
	if (err)
		return err;
	file = fdopen(fd, "r");
	if (!file)
		return -errno;
	fd = -1; /* the file's now */
	return settings_parse(file, path, config);
}
