/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The command line, read by the table of options. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "option_rows.h"

#define RING_BYTES_DEFAULT (256 * 1024)
#define LONG_BASE 256 /* getopt value of a long option: this plus its row */

const struct option_row *options_find(const char *name)
{
	for (size_t i = 0; i < option_count; i++) {
		if (!strcmp(option_rows[i].name, name))
			return &option_rows[i];
	}
	return NULL;
}

/* By getopt_long()'s value. A letter that only this command has comes before one that all have. */
static const struct option_row *find_value(int value, const char *command)
{
	const struct option_row *found = NULL;

	if (value >= LONG_BASE)
		return &option_rows[value - LONG_BASE];
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->letter == value && (row->command ? !strcmp(row->command, command) : !found))
			found = row;
	}
	return found;
}

int options_set(struct config *config, const struct option_row *row, const char *value, char why[OPTIONS_WHY_SIZE])
{
	int err = row->set(config, value, why);

	if (!err)
		config->given |= 1U << (row - option_rows);
	return err;
}

bool options_given(const struct config *config, const struct option_row *row)
{
	if (row->group == OPTION_GROUP_TARGET && config->command)
		return true;
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *other = &option_rows[i];
		bool related = other == row || (row->group != OPTION_GROUP_NONE && other->group == row->group);

		if (related && (config->given & 1U << i))
			return true;
	}
	return false;
}

void options_init(struct config *ret)
{
	*ret = (struct config){
		.only = ACTION_ALL,
		.ring_bytes = RING_BYTES_DEFAULT,
		.log_level = LOG_LEVEL_INFO,
	};
}

void options_clear(struct config *config)
{
	for (size_t i = 0; i < config->napps; i++)
		free(config->apps[i]);
	for (size_t i = 0; i < config->nbackground; i++)
		free(config->background[i]);
	free(config->cgroup);
	free(config->prepare);
	free(config->cgroup_root);
	free(config->output);
	free(config->settings);
	free(config->catalogue);
	catalogue_free(config->known);
	memset(config, 0, sizeof(*config));
}

/*
 * The table in the two forms that getopt_long() wants. "+": stop at the first word that is no option. ":": no messages.
 */
static void make_getopt(const char *command, bool mixed, char letters[2 * OPTION_ROWS_MAX + 3],
			struct option longs[OPTION_ROWS_MAX + 1])
{
	char *p = letters;

	if (!mixed)
		*p++ = '+';
	*p++ = ':';
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];

		longs[i] = (struct option){ row->name, row->takes_value, NULL, LONG_BASE + (int)i };
		if (!row->letter || find_value(row->letter, command) != row)
			continue;
		*p++ = (char)row->letter;
		if (row->takes_value)
			*p++ = ':';
	}
	*p = '\0';
	longs[option_count] = (struct option){ 0 };
}

/* getopt_long() found fault with word. optopt: the letter; a long option's value, 0 if it is unknown. */
static int refuse_word(const char *command, int problem, const char *word)
{
	const struct option_row *row = optopt ? find_value(optopt, command) : NULL;

	if (problem == ':' && row)
		log_err("--%s: this option needs a value", row->name);
	else if (!strncmp(word, "--", 2) && row)
		log_err("--%s: this option takes no value", row->name);
	else if (!strncmp(word, "--", 2))
		log_err("%.64s: there is no such option, or more than one begins like this; see accel-agent --help",
			word);
	else
		log_err("-%c: there is no such option; see accel-agent --help", optopt);
	return -EINVAL;
}

/* The next word that getopt_long() will take for an option, from argv[i] on; NULL: there is none. */
static const char *option_from(char *const argv[], int i)
{
	while (argv[i] && (argv[i][0] != '-' || !argv[i][1]))
		i++;
	return argv[i];
}

/* Says so of an option that another command has. */
static int refuse_other(const struct option_row *row)
{
	log_err("--%s: this option is for accel-agent %s", row->name, row->command);
	return -EINVAL;
}

static int parse_words(const char *command, int argc, char *const argv[], bool mixed, struct config *config)
{
	char letters[2 * OPTION_ROWS_MAX + 3], why[OPTIONS_WHY_SIZE];
	struct option longs[OPTION_ROWS_MAX + 1];
	const char *text = option_from(argv, 1);
	int value, word, err;

	make_getopt(command, mixed, letters, longs);
	opterr = 0;
	optind = 0; /* a fresh start: glibc keeps the state of the last command line */
	for (word = 1; (value = getopt_long(argc, argv, letters, longs, NULL)) != -1; word = optind) {
		const struct option_row *row = find_value(value, command);

		if (value == '?' || value == ':')
			return refuse_word(command, value, text);
		if (row->command && strcmp(row->command, command))
			return refuse_other(row);
		err = options_set(config, row, row->takes_value ? optarg : NULL, why);
		if (err == -EINVAL)
			log_err("--%s: %s", row->name, why);
		if (err)
			return err;
		if (config->help || config->version)
			return 0;
		text = option_from(argv, optind);
	}
	if (mixed) { /* as with "--" before them: none of the words is meant as an option */
		config->command = optind < argc ? argv + optind : NULL;
		return 0;
	}

	/* Only a word that getopt took itself is the "--" that ends the options: "-o --" names a file. */
	if (optind == word + 1) {
		if (optind == argc || !*argv[optind]) {
			log_err("--: no command follows");
			return -EINVAL;
		}
		config->command = argv + optind;
	} else if (optind < argc) {
		config->words = argv + optind;
	}
	return 0;
}

static int parse(const char *command, int argc, char *const argv[], bool mixed, struct config *ret)
{
	struct config config;
	int err;

	options_init(&config);
	err = parse_words(command, argc, argv, mixed, &config);
	if (err) {
		options_clear(&config);
		return err;
	}
	*ret = config;
	return 0;
}

int options_parse(const char *command, int argc, char *const argv[], struct config *ret)
{
	return parse(command, argc, argv, false, ret);
}

int options_parse_mixed(const char *command, int argc, char *argv[], struct config *ret)
{
	return parse(command, argc, argv, true, ret);
}

static enum target find_target(const struct config *config, const char *kinds[5], size_t *ret_n)
{
	enum target target = TARGET_NONE;
	size_t n = 0;

	if (config->napps) {
		target = TARGET_APPS;
		kinds[n++] = "--app";
	}
	if (config->pid) {
		target = TARGET_PID;
		kinds[n++] = "--pid";
	}
	if (config->cgroup) {
		target = TARGET_CGROUP;
		kinds[n++] = "--cgroup";
	}
	if (config->command) {
		target = TARGET_COMMAND;
		kinds[n++] = "-- COMMAND";
	}
	*ret_n = n;
	return target;
}

_Static_assert(CATALOGUE_NAME_MAX <= OPTIONS_APP_MAX, "an app of the catalogue is an app");

/* The apps of the catalogue as if each had been named. */
static int take_known_apps(struct config *config)
{
	size_t all = catalogue_apps(config->known);

	while (config->napps < AA_MAX_APPS && config->napps < all) {
		char *copy = strdup(catalogue_app(config->known, config->napps));

		if (!copy)
			return -ENOMEM;
		config->apps[config->napps++] = copy;
	}
	if (all > config->napps)
		log_warn("the catalogue %s knows %zu apps, more than the %d that can be followed at once: ignoring %s "
			 "and all behind it",
			 catalogue_files(config->known), all, AA_MAX_APPS, catalogue_app(config->known, config->napps));
	config->from_catalogue = true;
	config->target = TARGET_APPS;
	return 0;
}

int options_check(struct config *config, bool wants_target)
{
	const char *kinds[5];
	size_t n;
	enum target target = find_target(config, kinds, &n);

	if (config->words) {
		log_err("'%.64s' is not an option; to start a command, write: accel-agent -- COMMAND [ARG]...",
			config->words[0]);
		return -EINVAL;
	}
	config->actions = config->only & ~config->without;
	if (!wants_target) {
		/* A settings file may name an app that this command has no use for; the command line may not. */
		if (options_given(config, options_find("app"))) {
			log_err("%s: this command follows no app", kinds[0]);
			return -EINVAL;
		}
		config->target = TARGET_NONE;
		return 0;
	}
	if (!n && config->known && catalogue_app(config->known, 0))
		return take_known_apps(config);
	if (!n) {
		log_err("what to follow? Name it by one of --app, --pid, --cgroup and -- COMMAND; %s%s",
			config->known ? "there is no app in the catalogue " : "there is no catalogue of known apps",
			config->known ? catalogue_files(config->known) : "");
		return -EINVAL;
	}
	if (n > 1) {
		log_err("%s: %s is there too; use one of --app, --pid, --cgroup and -- COMMAND", kinds[1], kinds[0]);
		return -EINVAL;
	}
	config->target = target;
	return 0;
}

static bool is_among(const char *name, const char *const names[])
{
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

int options_check_allowed(const struct config *config, const char *const allowed[])
{
	for (size_t i = 0; i < option_count; i++) {
		if ((config->given & 1U << i) && !is_among(option_rows[i].name, allowed)) {
			log_err("--%s: this option is not for this command", option_rows[i].name);
			return -EINVAL;
		}
	}
	return 0;
}

int options_check_words(struct config *config, const char *what, const char *const allowed[])
{
	size_t i;

	if (options_check_allowed(config, allowed))
		return -EINVAL;
	for (i = 0; config->words && config->words[i]; i++) {
		if (config->words[i][0] == '-' && config->words[i][1]) {
			log_err("'%.64s': options come before the first %s; if it is one, put -- before them",
				config->words[i], what);
			return -EINVAL;
		}
	}
	if (config->command)
		config->words = config->command;
	config->command = NULL;
	if (!config->words) {
		log_err("no %s is given", what);
		return -EINVAL;
	}
	for (i = 0; config->words[i]; i++) {
		if (!*config->words[i]) {
			log_err("'': an empty %s", what);
			return -EINVAL;
		}
	}
	return 0;
}
