/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Lists of known programs: read from files, asked by name. */
#include "catalogue.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/operations.h"
#include "settings_file.h"
#include "trace/pattern.h"
#include "util/cleanup.h"
#include "util/log.h"

#define ENTRIES_MAX 4096 /* in one file */
#define COMM_BYTES (AA_COMM_LEN - 1) /* of a command's name, as far as the kernel keeps it */
#define NO_KIND "none"

/* In the order in which a command's kind is looked for. */
enum section {
	SECTION_OPERATIONS,
	SECTION_APPS,
	SECTION_BACKGROUND,
	SECTIONS,
};

/* clang-format off */
static const char *const section_names[SECTIONS + 1] = {
	[SECTION_OPERATIONS] = "operations",
	[SECTION_APPS] = "apps",
	[SECTION_BACKGROUND] = "background",
	[SECTIONS] = NULL,
};
/* clang-format on */

struct entry {
	char name[CATALOGUE_NAME_MAX + 1];
	char kind[OPERATION_KIND_MAX];
	enum section section;
	bool glob;
	int line;
};

struct catalogue {
	struct entry *entries; /* owned; the file that was read last comes first */
	size_t nentries;
	char *files; /* owned; for people */
};

/* --- reading --- */

struct reading {
	struct entry *entries; /* owned; those of the file in hand */
	size_t nentries, room;
};

static const struct entry *find_same(const struct entry *entries, size_t n, enum section section, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (entries[i].section == section && !strcmp(entries[i].name, name))
			return &entries[i];
	}
	return NULL;
}

static int check_name(struct settings_file *file, const char *name)
{
	struct aa_pattern pattern;
	int err;

	if (strpbrk(name, ",=\"'#"))
		return settings_file_stop(file, -EINVAL,
					  "'%.64s': names stand between blanks, without commas, quotes, '=' and '#'",
					  name);
	err = strlen(name) > CATALOGUE_NAME_MAX ? -E2BIG : pattern_compile(name, 0, &pattern);
	if (err == -E2BIG)
		return settings_file_stop(file, -EINVAL, "'%.64s...' is longer than %d bytes", name,
					  CATALOGUE_NAME_MAX);
	if (err)
		return settings_file_stop(file, -EINVAL,
					  "'%s' is not a name or a glob of a name (an open '[', a '/' or a last '\\')",
					  name);
	if (!pattern.length)
		return settings_file_stop(file, -EINVAL, "'%s' would take every name", name);
	return 0;
}

static int take_name(struct reading *r, struct settings_file *file, enum section section, const char *kind,
		     const char *name)
{
	int err = check_name(file, name);
	const struct entry *same;
	struct entry *entry;

	if (err)
		return err;
	same = find_same(r->entries, r->nentries, section, name);
	if (same)
		return settings_file_stop(file, -EINVAL, "'%s' stands in line %d already", name, same->line);
	if (r->nentries == ENTRIES_MAX)
		return settings_file_stop(file, -EINVAL, "'%s' is one too many: at most %d names", name, ENTRIES_MAX);
	if (r->nentries == r->room) {
		size_t room = r->room ? r->room * 2 : 64;

		entry = reallocarray(r->entries, room, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		r->entries = entry;
		r->room = room;
	}
	entry = &r->entries[r->nentries++];
	*entry = (struct entry){
		.section = section,
		.glob = strpbrk(name, "*?[\\"),
		.line = settings_file_line(file),
	};
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	snprintf(entry->kind, sizeof(entry->kind), "%s", kind);
	return 0;
}

static bool is_kind(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return !text[len] && len && len < OPERATION_KIND_MAX && *text >= 'a' && *text <= 'z';
}

/* "kind = name name ..." */
static int take_line(void *context, struct settings_file *file, const char *section, const char *kind,
		     const char *value)
{
	struct reading *r = context;
	cleanup_free char *words = NULL;
	char *rest, *word;
	unsigned int s = 0;
	int err = 0;

	while (s < SECTIONS && strcmp(section, section_names[s]))
		s++;
	if (s == SECTIONS)
		return settings_file_stop(file, -EINVAL, "'%.64s' stands in no section", kind);
	if (!is_kind(kind))
		return settings_file_stop(file, -EINVAL,
					  "'%.64s' is not a kind: up to %d small letters, digits and '-'", kind,
					  OPERATION_KIND_MAX - 1);
	if (!*value)
		return settings_file_stop(file, -EINVAL, "%s: no names follow", kind);
	words = strdup(value);
	if (!words)
		return -ENOMEM;
	for (word = strtok_r(words, " \t", &rest); word && !err; word = strtok_r(NULL, " \t", &rest))
		err = take_name(r, file, (enum section)s, kind, word);
	return err;
}

/* An app that is none, and would not have been one anyway: perhaps its glob was meant. */
static void warn_of_idle_words(const struct catalogue *c, const struct reading *r, const char *name)
{
	for (size_t i = 0; i < r->nentries; i++) {
		const struct entry *e = &r->entries[i];

		if (e->section == SECTION_APPS && !strcmp(e->kind, NO_KIND) &&
		    !find_same(c->entries, c->nentries, e->section, e->name))
			log_warn("%s:%d: %s: '%s' is not one of the apps so far, ignoring", name, e->line, NO_KIND,
				 e->name);
	}
}

/* Puts the old entries that stay behind the new ones. */
static int merge(struct reading *r, const struct catalogue *c)
{
	size_t n = r->nentries;
	struct entry *all = reallocarray(r->entries, n + c->nentries + 1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < c->nentries; i++) {
		if (!find_same(all, n, c->entries[i].section, c->entries[i].name))
			all[r->nentries++] = c->entries[i];
	}
	r->entries = all;
	return 0;
}

int catalogue_parse(struct catalogue *c, FILE *file, const char *name)
{
	struct reading r = { 0 };
	struct settings_form form = { .sections = section_names, .take = take_line, .context = &r };
	char *files = NULL;
	int err = settings_file_parse(file, name, &form);

	if (!err && asprintf(&files, "%s%s%s", c->files ? c->files : "", c->files ? " and " : "", name) < 0) {
		files = NULL;
		err = -ENOMEM;
	}
	if (!err) {
		warn_of_idle_words(c, &r, name);
		err = merge(&r, c);
	}
	if (err) {
		free(r.entries);
		free(files);
		return err;
	}
	free(c->entries);
	free(c->files);
	*c = (struct catalogue){ .entries = r.entries, .nentries = r.nentries, .files = files };
	return 0;
}

struct catalogue *catalogue_new(void)
{
	return calloc(1, sizeof(struct catalogue));
}

void catalogue_free(struct catalogue *c)
{
	if (!c)
		return;
	free(c->entries);
	free(c->files);
	free(c);
}

static int read_file(struct catalogue *c, const char *path, bool required)
{
	cleanup_file FILE *file = NULL;
	int err = settings_file_open(path, required, &file);

	return err || !file ? err : catalogue_parse(c, file, path);
}

int catalogue_load(const char *path, const char *installed, const char *own, struct catalogue **ret)
{
	struct catalogue *c = catalogue_new();
	int err;

	if (!c)
		return -ENOMEM;
	err = path ? read_file(c, path, true) : read_file(c, installed, false);
	if (!err && !path)
		err = read_file(c, own, false);
	if (err || !c->files) {
		catalogue_free(c);
		c = NULL;
	}
	if (!err)
		*ret = c;
	return err;
}

const char *catalogue_files(const struct catalogue *c)
{
	return c->files;
}

/* --- asking --- */

const char *catalogue_app(const struct catalogue *c, size_t i)
{
	for (size_t k = 0; k < c->nentries; k++) {
		const struct entry *e = &c->entries[k];

		if (e->section == SECTION_APPS && strcmp(e->kind, NO_KIND) && !i--)
			return e->name;
	}
	return NULL;
}

size_t catalogue_apps(const struct catalogue *c)
{
	size_t n = 0;

	while (catalogue_app(c, n))
		n++;
	return n;
}

/* Whether the glob begins with as many tokens as a cut name has bytes, no star among them, and the name has these. */
static bool takes_cut(const struct aa_pattern *p, const char *name)
{
	if (p->star & ((1ULL << COMM_BYTES) - 1))
		return false;
	for (unsigned int i = 0; i < COMM_BYTES; i++) {
		if (!(p->accept[(unsigned char)name[i]] >> i & 1))
			return false;
	}
	return true;
}

enum match {
	MATCH_NONE,
	MATCH_CUT_GLOB,
	MATCH_CUT_NAME,
	MATCH_GLOB,
	MATCH_NAME,
};

static enum match match_entry(const struct entry *e, const char *command, bool cut)
{
	struct aa_pattern pattern;

	if (!e->glob) {
		if (!strcmp(e->name, command))
			return MATCH_NAME;
		return cut && !strncmp(e->name, command, COMM_BYTES) ? MATCH_CUT_NAME : MATCH_NONE;
	}
	if (pattern_compile(e->name, 0, &pattern))
		return MATCH_NONE;
	if (pattern_matches(&pattern, command))
		return MATCH_GLOB;
	return cut && takes_cut(&pattern, command) ? MATCH_CUT_GLOB : MATCH_NONE;
}

/* The entry that says most precisely what the command is; among equals, the first. */
static const struct entry *find_command(const struct catalogue *c, enum section section, const char *command)
{
	bool cut = strlen(command) == COMM_BYTES;
	const struct entry *best = NULL;
	enum match found = MATCH_NONE;

	for (size_t i = 0; i < c->nentries && found < MATCH_NAME; i++) {
		enum match m = c->entries[i].section == section ? match_entry(&c->entries[i], command, cut) :
								  MATCH_NONE;

		if (m > found) {
			found = m;
			best = &c->entries[i];
		}
	}
	return best;
}

static const char *entry_kind(const struct entry *e)
{
	return e && strcmp(e->kind, NO_KIND) ? e->kind : NULL;
}

const char *catalogue_kind(const struct catalogue *c, const char *command)
{
	const struct entry *e = NULL;

	for (unsigned int s = 0; s < SECTIONS && !e; s++)
		e = find_command(c, (enum section)s, command);
	return entry_kind(e);
}

const char *catalogue_background(const struct catalogue *c, const char *command)
{
	return entry_kind(find_command(c, SECTION_BACKGROUND, command));
}
