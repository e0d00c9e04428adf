/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The command line: what the user asked for, in one struct. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "aa_record.h"
#include "util/log.h"

enum target {
	TARGET_NONE,
	TARGET_APPS,
	TARGET_PID,
	TARGET_CGROUP,
	TARGET_COMMAND,
};

enum report_format {
	FORMAT_TEXT,
	FORMAT_JSON,
};

enum on_exit {
	ON_EXIT_RESTORE,
	ON_EXIT_KEEP,
};

enum action {
	ACTION_CPU = 1 << 0,
	ACTION_MEMORY = 1 << 1,
	ACTION_IO = 1 << 2,
	ACTION_PREFETCH = 1 << 3,
	ACTION_ALL = ACTION_CPU | ACTION_MEMORY | ACTION_IO | ACTION_PREFETCH,
};

#define OPTIONS_APP_MAX 63 /* bytes in an app's name: what struct app holds */
#define OPTIONS_PAIRS_MAX 1000
#define OPTIONS_BACKGROUND_MAX 16 /* control groups named as background */

struct catalogue;

struct config {
	enum target target; /* set by options_check() */
	char *apps[AA_MAX_APPS]; /* owned; names or globs */
	size_t napps;
	bool from_catalogue; /* TARGET_APPS: apps are those of the catalogue; set by options_check() */
	pid_t pid;
	char *cgroup; /* owned */
	char *const *command; /* tail of argv, NULL-terminated, not owned */
	char *const
		*words; /* the same, without "--": what a command is about; after options_check_words() also with it */

	uint64_t duration_ns; /* 0: until the app ends */
	uint64_t interval_ns; /* 0: no interim reports */
	enum report_format format;
	char *output; /* owned; NULL: stdout */
	uint32_t ring_bytes; /* of each event ring buffer */

	bool dry_run;
	bool all; /* profiles, for profile forget */
	uint64_t budget_bytes; /* of memory, for warm; 0: what is available */
	unsigned int pairs; /* for bench, up to OPTIONS_PAIRS_MAX; 0: the default */
	bool cold; /* the page cache is dropped before each run */
	char *prepare; /* owned; shell command that comes before each run; NULL: none */
	unsigned int only, without; /* enum action bits, as given */
	unsigned int actions; /* enum action bits that are allowed; set by options_check() */
	enum on_exit on_exit;
	char *background[OPTIONS_BACKGROUND_MAX]; /* owned; control groups that may be slowed in favour of the app */
	size_t nbackground;
	bool demote_background; /* so may processes whose names the catalogue knows as background */
	bool kubepods; /* groups of Kubernetes may be changed */
	char *cgroup_root; /* owned; absolute: where cgroupfs is mounted; NULL: where this process sees it */

	char *catalogue; /* owned; NULL: the installed one, and the users' own */
	struct catalogue *known; /* owned; what was read of it, by catalogue_load(); NULL: there is none */
	char *settings; /* owned; NULL: the default file, if it exists */
	enum log_level log_level;
	bool help;
	bool version;
	uint32_t given; /* 1 << row of option_rows[], for each option that was set */
};

#define OPTIONS_WHY_SIZE 256

struct option_row;

/*
 * Fills ret with the defaults. Free with options_clear().
 */
void options_init(struct config *ret);

/*
 * Reads the command line of a command ("run", "bench"), whose options may have letters of their own. Knows nothing of
 * settings files: see settings_read(), then options_check(). Stops at --help and --version. Returns 0; -EINVAL, with the
 * reason on stderr; -ENOMEM. On success, free ret with options_clear(); it points into argv.
 */
int options_parse(const char *command, int argc, char *const argv[], struct config *ret);

/*
 * The same for a command that is about words: options may stand behind and between them, and the words are moved to the
 * end of argv. "--" ends the options.
 */
int options_parse_mixed(const char *command, int argc, char *argv[], struct config *ret);

/*
 * Last look at a config that is complete: with wants_target one kind of target, or none and a catalogue, whose apps are
 * the target then; none on the command line without. Sets config->target, from_catalogue and actions. Returns 0; -EINVAL
 * with the reason on stderr; -ENOMEM.
 */
int options_check(struct config *config, bool wants_target);

/*
 * The same for a command that is about words (paths, names) and follows no app: sets config->words, which are at least
 * one, and refuses all options but those in allowed, which is NULL-terminated. what: "path". Returns 0, or -EINVAL with
 * the reason on stderr.
 */
int options_check_words(struct config *config, const char *what, const char *const allowed[]);

/*
 * Refuses all options of the command line but those in allowed, which is NULL-terminated. Returns 0, or -EINVAL with the
 * reason on stderr.
 */
int options_check_allowed(const struct config *config, const char *const allowed[]);

/*
 * Looks an option up by its full long name. Returns NULL if there is none.
 */
const struct option_row *options_find(const char *name);

/*
 * Whether the command line of config decides what row is about, so that a settings file has no say.
 */
bool options_given(const struct config *config, const struct option_row *row);

/*
 * Sets one option; value is NULL for those that take none. Returns 0; -EINVAL with the reason, without the option's
 * name, in why; -ENOMEM. config is untouched on failure.
 */
int options_set(struct config *config, const struct option_row *row, const char *value, char why[OPTIONS_WHY_SIZE]);

/*
 * Frees what config owns and zeroes it. Accepts a zeroed config.
 */
void options_clear(struct config *config);

/*
 * Print the short usage, or the whole help. Check ferror(out) or fflush(out) for errors.
 */
void options_usage(FILE *out);
void options_help(FILE *out);
void options_help_warm(FILE *out);
void options_help_doctor(FILE *out);
void options_help_restore(FILE *out);
void options_help_profile(FILE *out);
void options_help_bench(FILE *out);

#endif /* OPTIONS_H */
