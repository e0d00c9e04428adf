/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Files of settings. Read as root, so nothing in one is taken on trust: neither who wrote it nor what it holds. */
#include "settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/log.h"

#define LINES_MAX 4096 /* a file that never ends is not a settings file */

struct settings_file {
	FILE *file;
	const struct settings_form *form;
	int line; /* in hand */
	int err; /* the first error, and */
	int err_line; /* where it was */
	char why[320]; /* message, "": none */
};

int settings_file_stop(struct settings_file *p, int err, const char *format, ...)
{
	va_list args;

	p->err = err;
	p->err_line = p->line;
	va_start(args, format);
	vsnprintf(p->why, sizeof(p->why), format, args);
	va_end(args);
	return err;
}

int settings_file_line(const struct settings_file *p)
{
	return p->line;
}

/*
 * Reads a line of at most size bytes, without its newline. fgets() would hide NUL bytes and cut long lines in two; and
 * the parser takes a line that begins with a blank for more of the value before it, so leading blanks are dropped here.
 * Returns its length or a negative error.
 */
static int read_bytes(struct settings_file *p, char *line, int size)
{
	int len = 0, c;

	while ((c = getc(p->file)) != EOF && c != '\n') {
		if (c == '\r' || (!len && (c == ' ' || c == '\t')))
			continue;
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return settings_file_stop(p, -EINVAL, "control character \\x%02x", c);
		if (len >= size)
			return settings_file_stop(p, -EINVAL, "the line is longer than %d bytes", size);
		line[len++] = (char)c;
	}
	if (ferror(p->file))
		return settings_file_stop(p, -EIO, "cannot be read: %s", strerror(errno));
	line[len] = '\0';
	return len;
}

/* The parser would cut a long name off, skip what follows the ']', and not tell of a section that has no lines. */
static int check_section(struct settings_file *p, const char *line)
{
	const char *const *section = p->form->sections;
	const char *name = line + 1, *end = strchr(name, ']'), *rest;
	size_t len;

	if (!end)
		return settings_file_stop(p, -EINVAL, "'%.64s': no ']' ends the name of the section", line);
	len = (size_t)(end - name);
	rest = end + 1 + strspn(end + 1, " \t");
	if (*rest && (*rest != ';' || rest == end + 1))
		return settings_file_stop(p, -EINVAL, "'%.64s' stands behind the name of the section", rest);
	if (!section)
		return settings_file_stop(p, -EINVAL, "[%.*s]: settings stand in no section", len > 64 ? 64 : (int)len,
					  name);
	while (*section && (strlen(*section) != len || strncmp(*section, name, len)))
		section++;
	if (!*section)
		return settings_file_stop(p, -EINVAL, "[%.*s]: there is no such section", len > 64 ? 64 : (int)len,
					  name);
	return 0;
}

/* One line for the parser, in the manner of fgets(). */
static char *read_line(char *line, int size, void *user)
{
	struct settings_file *p = user;
	const char *start = line;
	int len;

	if (p->err)
		return NULL;
	p->line++;
	len = read_bytes(p, line, size - 2);
	if (len < 0 || (!len && feof(p->file)))
		return NULL;
	if (p->line > LINES_MAX) {
		settings_file_stop(p, -EINVAL, "more than %d lines", LINES_MAX);
		return NULL;
	}
	if (p->line == 1 && !strncmp(line, "\xef\xbb\xbf", 3)) /* a byte order mark, which the parser skips */
		start += 3 + strspn(line + 3, " \t");
	if (*start == '[' && check_section(p, start))
		return NULL;
	line[len++] = '\n';
	line[len] = '\0';
	return line;
}

/* Called by the parser for each "key = value". Returns 1 to go on, 0 after an error. */
static int take_line(void *user, const char *section, const char *key, const char *value)
{
	struct settings_file *p = user;
	int err;

	if (p->err)
		return 0;
	err = p->form->take(p->form->context, p, section, key, value);
	if (err && !p->err)
		settings_file_stop(p, err, "%s", strerror(-err));
	return !err;
}

int settings_file_parse(FILE *file, const char *name, const struct settings_form *form)
{
	struct settings_file p = { .file = file, .form = form };
	int line = ini_parse_stream(read_line, &p, take_line, &p);

	/* The parser goes on after a line that it does not understand, so an error further down may have been seen. */
	if (line > 0 && (!p.err || line < p.err_line)) {
		p.line = line;
		settings_file_stop(&p, -EINVAL, "not 'key = value'");
	} else if (line < 0 && !p.err) {
		return -ENOMEM;
	}
	if (p.err)
		log_err("%s:%d: %s", name, p.err_line, p.why);
	return p.err;
}

/* Who may write a file that root obeys? Nobody but root. */
static int check_owner(int fd, const char *path)
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

int settings_file_open(const char *path, bool required, FILE **ret_file)
{
	/* O_NONBLOCK: opening a FIFO must not hang. */
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	FILE *file;
	int err;

	if (fd < 0 && errno == ENOENT && !required) {
		*ret_file = NULL;
		return 0;
	}
	if (fd < 0) {
		err = -errno;
		log_err("%s: cannot be read: %s", path, strerror(-err));
		return err;
	}
	err = check_owner(fd, path);
	if (err)
		return err;
	file = fdopen(fd, "r");
	if (!file)
		return -errno;
	fd = -1; /* the file's now */
	*ret_file = file;
	return 0;
}
