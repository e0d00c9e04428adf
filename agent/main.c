/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Table of commands. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "catalogue.h"
#include "commands.h"
#include "options.h"
#include "settings.h"

struct command_row {
	const char *name;
	bool wants_target;
	bool wants_command; /* of the targets, only that */
	const char *words; /* what its words are called; NULL: it takes none */
	bool mixed; /* options may stand behind and between the words */
	const char *const *options; /* those that it takes, NULL-terminated; without words: NULL takes all */
	void (*help)(FILE *out); /* NULL: options_help() */
	int (*run)(const struct config *config);
};

static const char *const warm_options[] = {
	"budget", "config", "dry-run", "format", "output", "quiet", "verbose", NULL
};

static const char *const profile_options[] = { "all", "config", "format", "output", "quiet", "verbose", NULL };

static const char *const bench_options[] = {
	"pairs",    "cold",        "prepare",   "only",   "without", "background-cgroup", "demote-background",
	"kubepods", "cgroup-root", "catalogue", "format", "output",  "ring-size",         "quiet",
	"config",   NULL
};

static const char *const doctor_options[] = {
	"cgroup-root", "config", "kubepods", "quiet", "ring-size", "verbose", NULL
};

static const struct command_row commands[] = {
	{ .name = "run", .run = cmd_run, .wants_target = true }, /* the default */
	{ .name = "doctor", .run = cmd_doctor, .options = doctor_options, .help = options_help_doctor },
	{ .name = "warm", .run = cmd_warm, .words = "path", .options = warm_options, .help = options_help_warm },
	{ .name = "profile",
	  .run = cmd_profile,
	  .words = "verb",
	  .mixed = true,
	  .options = profile_options,
	  .help = options_help_profile },
	{ .name = "bench",
	  .run = cmd_bench,
	  .wants_target = true,
	  .wants_command = true,
	  .options = bench_options,
	  .help = options_help_bench },
	{ .name = "restore", .run = cmd_restore, .help = options_help_restore },
};

static const struct command_row *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

/* The exit status for an error of options_, settings_ and catalogue_ functions, which have said what is wrong. */
static int fail(int err)
{
	if (err == -ENOMEM) {
		log_err("out of memory");
		return EXIT_UNSUPPORTED;
	}
	return err == -EACCES ? EXIT_DENIED : EXIT_USAGE;
}

/* What --help and --version say. Returns the exit status. */
static int print_about(const struct command_row *command, const struct config *config)
{
	if (config->help && command->help)
		command->help(stdout);
	else if (config->help)
		options_help(stdout);
	else
		printf("accel-agent %s\n", ACCEL_AGENT_VERSION);
	if (fflush(stdout) || ferror(stdout)) {
		log_err("stdout cannot be written: %s", strerror(errno));
		return EXIT_REPORT;
	}
	return EXIT_DONE;
}

/* Words that no command has a use for. Returns 0, or -EINVAL after saying what to type instead. */
static int check_words(const struct command_row *command, const struct config *config)
{
	const char *word = config->words ? config->words[0] : NULL;

	if (!word || command->words)
		return 0;
	if (!command->wants_target)
		log_err("%s: '%.64s' is one word too many: it takes options only", command->name, word);
	else if (find_command(word))
		log_err("'%s': a command comes before its options: accel-agent %s [OPTIONS]...", word, word);
	else
		log_err("'%.64s' is neither an option nor one of doctor, warm, profile, bench and restore; to start a "
			"command, "
			"write: accel-agent -- COMMAND [ARG]...",
			word);
	return -EINVAL;
}

static int check(const struct command_row *command, struct config *config)
{
	if (command->words)
		return options_check_words(config, command->words, command->options);
	if (command->options && options_check_allowed(config, command->options))
		return -EINVAL;
	if (command->wants_command && !config->command) {
		log_err("%s: a command is missing; write: accel-agent %s -- COMMAND [ARG]...", command->name,
			command->name);
		return -EINVAL;
	}
	return options_check(config, command->wants_target);
}

static int run_command(const struct command_row *command, struct config *config, bool bare)
{
	int err;

	if (config->help || config->version)
		return print_about(command, config);
	log_set_level(config->log_level);
	err = check_words(command, config);
	if (!err)
		err = settings_read(config, SETTINGS_DEFAULT_PATH);
	if (err)
		return fail(err);
	log_set_level(config->log_level);
	if (command->wants_target) {
		err = catalogue_load(config->catalogue, CATALOGUE_INSTALLED_PATH, CATALOGUE_OWN_PATH, &config->known);
		if (err)
			return fail(err);
	}
	if (bare && !config->napps && !config->cgroup && !config->known) {
		options_usage(stderr);
		log_err("no app was named, and there is no catalogue of those to look for: neither %s nor %s",
			CATALOGUE_INSTALLED_PATH, CATALOGUE_OWN_PATH);
		return EXIT_USAGE;
	}
	err = check(command, config);
	if (err)
		return fail(err);
	return command->run(config);
}

int main(int argc, char **argv)
{
	const struct command_row *command = argc > 1 ? find_command(argv[1]) : NULL;
	bool bare = argc < 2;
	struct config config;
	int err, status;

	if (command) {
		argc--;
		argv++;
	} else {
		command = &commands[0];
	}
	err = command->mixed ? options_parse_mixed(command->name, argc, argv, &config) :
			       options_parse(command->name, argc, argv, &config);
	if (err)
		return fail(err);
	status = run_command(command, &config, bare);
	options_clear(&config);
	return status;
}
