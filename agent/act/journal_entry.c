/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* One entry of a journal as a line of text, and back. Pure: no I/O. */
#include "act/journal_entry.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "act/journal.h"
#include "act/systemd_unit.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define FIELDS 5 /* those that are text: path, name, old, ours, home */
#define EMPTY "-"
#define CHECKSUM_LEN 8
#define LEAST_ROOM 64 /* for the kind, the id, the checksum and all blanks */

static const char *const kinds[] = {
	[JOURNAL_ENTRY_VALUE] = "value",           [JOURNAL_ENTRY_FILE] = "file", [JOURNAL_ENTRY_GROUP] = "group",
	[JOURNAL_ENTRY_CONTROLLER] = "controller", [JOURNAL_ENTRY_UNIT] = "unit", [JOURNAL_ENTRY_SCOPE] = "scope",
};

static unsigned int checksum(const char *text, size_t len)
{
	return (unsigned int)crc32(0, (const unsigned char *)text, (unsigned int)len);
}

/* A path in its shortest form has only one spelling, and goes nowhere but down. */
static int check_path(const char *path)
{
	struct span rest = { path, strlen(path) }, part;

	if (rest.len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (rest.len < 2 || path[0] != '/' || path[rest.len - 1] == '/')
		return -EINVAL;
	rest.text++;
	rest.len--;
	while (span_next(&rest, '/', &part)) {
		if (!part.len || span_equals(part, ".") || span_equals(part, ".."))
			return -EINVAL;
		if (part.len > NAME_MAX)
			return -ENAMETOOLONG;
	}
	return 0;
}

static bool is_name(const char *name)
{
	return *name && strlen(name) <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

/* It is written behind a '-' to cgroup.subtree_control, where a blank would start the next one. */
static bool is_controller(const char *name)
{
	return *name && strlen(name) <= NAME_MAX && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static bool is_value(const char *text)
{
	return strlen(text) < JOURNAL_VALUE && !strchr(text, '\n');
}

static bool is_ours(const char *group)
{
	return !strncmp(strrchr(group, '/') + 1, JOURNAL_GROUP_PREFIX, strlen(JOURNAL_GROUP_PREFIX));
}

/* Values are the bus's to refuse: another version may know more of them. */
static int check_unit(const struct journal_entry *e)
{
	char unit[SYSTEMD_UNIT_MAX];

	if (e->id || *e->home || !systemd_property(e->name))
		return -EINVAL;
	return systemd_unit_name(e->path, unit);
}

static int check_scope(const struct journal_entry *e)
{
	char unit[SYSTEMD_UNIT_MAX];

	if (*e->name || !is_ours(e->path) || !*e->home || !e->id || systemd_unit_name(e->path, unit))
		return -EINVAL;
	return strcmp(strrchr(unit, '.'), ".scope") ? -EINVAL : check_path(e->home);
}

static int check_entry(const struct journal_entry *e)
{
	bool has_values = e->kind == JOURNAL_ENTRY_VALUE || e->kind == JOURNAL_ENTRY_FILE ||
			  e->kind == JOURNAL_ENTRY_UNIT;
	int err = check_path(e->path);

	if (err)
		return err;
	if (!is_value(e->old) || !is_value(e->ours) || (!has_values && (*e->old || *e->ours)))
		return -EINVAL;
	switch (e->kind) {
	case JOURNAL_ENTRY_VALUE:
		return e->id && is_name(e->name) && !*e->home ? 0 : -EINVAL;
	case JOURNAL_ENTRY_FILE:
		return !*e->name && !*e->home && !e->id ? 0 : -EINVAL;
	case JOURNAL_ENTRY_GROUP:
		if (*e->name || !is_ours(e->path) || !*e->home != !e->id)
			return -EINVAL;
		return *e->home ? check_path(e->home) : 0;
	case JOURNAL_ENTRY_CONTROLLER:
		return e->id && is_controller(e->name) && !*e->home ? 0 : -EINVAL;
	case JOURNAL_ENTRY_UNIT:
		return check_unit(e);
	case JOURNAL_ENTRY_SCOPE:
		return check_scope(e);
	}
	return -EINVAL;
}

/* Appends a blank and a field to a text that has room. Returns its new end. */
static char *put_field(char *end, const char *field)
{
	bool dash = !strcmp(field, EMPTY);

	*end++ = ' ';
	if (!*field)
		return stpcpy(end, EMPTY);
	for (; *field; field++) {
		unsigned char c = (unsigned char)*field;

		if (c > 0x20 && c < 0x7f && c != '%' && !dash)
			*end++ = (char)c;
		else
			end += sprintf(end, "%%%02X", c);
	}
	return end;
}

int journal_entry_encode(const struct journal_entry *entry, char **ret_line, size_t *ret_len)
{
	const char *const fields[FIELDS] = { entry->path, entry->name, entry->old, entry->ours, entry->home };
	size_t i, room = LEAST_ROOM;
	char *line, *end;
	int err;

	err = check_entry(entry);
	if (err)
		return err;
	for (i = 0; i < FIELDS; i++)
		room += 3 * strlen(fields[i]);
	line = malloc(room);
	if (!line)
		return -ENOMEM;
	end = line + sprintf(line, "%s %llu", kinds[entry->kind], (unsigned long long)entry->id);
	for (i = 0; i < FIELDS; i++)
		end = put_field(end, fields[i]);
	end += sprintf(end, " %08x\n", checksum(line, (size_t)(end - line)));
	*ret_line = line;
	*ret_len = (size_t)(end - line);
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Cuts the next field off the front of rest and decodes it in place. Its NUL goes where the next blank was, or before:
 * the text only becomes shorter; behind the last field is the blank before the checksum. Returns NULL for a byte or an
 * escape that is never written.
 */
static char *take_field(struct span *rest, char *line)
{
	struct span piece;
	char *start, *out;
	size_t i;

	if (!span_next(rest, ' ', &piece) || !piece.len)
		return NULL;
	start = out = line + (piece.text - line);
	if (span_equals(piece, EMPTY)) {
		*out = '\0';
		return start;
	}
	for (i = 0; i < piece.len; i++) {
		unsigned char c = (unsigned char)start[i];

		if (c <= 0x20 || c >= 0x7f)
			return NULL;
		if (c == '%') {
			int high = i + 2 < piece.len ? hex_digit(start[i + 1]) : -1;
			int low = i + 2 < piece.len ? hex_digit(start[i + 2]) : -1;

			if (high < 0 || low < 0 || !(high | low))
				return NULL;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		}
		*out++ = (char)c;
	}
	*out = '\0';
	return start;
}

static int parse_kind(struct span word, enum journal_kind *ret)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (span_equals(word, kinds[i])) {
			*ret = (enum journal_kind)i;
			return 0;
		}
	}
	return -EBADMSG;
}

/* Cuts blank and checksum off the end of a line. */
static int cut_checksum(const char *line, size_t *len)
{
	char expected[CHECKSUM_LEN + 1];
	size_t rest;

	if (*len <= CHECKSUM_LEN + 1)
		return -EBADMSG;
	rest = *len - CHECKSUM_LEN - 1;
	snprintf(expected, sizeof(expected), "%08x", checksum(line, rest));
	if (line[rest] != ' ' || memcmp(line + rest + 1, expected, CHECKSUM_LEN))
		return -EBADMSG;
	*len = rest;
	return 0;
}

int journal_entry_decode(char *line, size_t len, struct journal_entry *ret)
{
	struct journal_entry entry = { 0 };
	const char **const fields[FIELDS] = { &entry.path, &entry.name, &entry.old, &entry.ours, &entry.home };
	struct span rest, word;
	size_t i;

	if (cut_checksum(line, &len))
		return -EBADMSG;
	rest = (struct span){ line, len };
	if (!span_next(&rest, ' ', &word) || parse_kind(word, &entry.kind))
		return -EBADMSG;
	if (!span_next(&rest, ' ', &word) || parse_u64(word, UINT64_MAX, &entry.id))
		return -EBADMSG;
	for (i = 0; i < FIELDS; i++) {
		*fields[i] = take_field(&rest, line);
		if (!*fields[i])
			return -EBADMSG;
	}
	if (rest.len || check_entry(&entry))
		return -EBADMSG;
	*ret = entry;
	return 0;
}
