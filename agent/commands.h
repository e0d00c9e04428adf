/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The commands of the program, one cmd_*.c each, and the exit statuses that users and scripts rely on. */
#ifndef COMMANDS_H
#define COMMANDS_H

struct config;

/* With -- COMMAND, the command's own status takes the place of EXIT_DONE. */
enum exit_status {
	EXIT_DONE = 0, /* report written */
	EXIT_PARTLY = 1, /* warm: some of it could not be read */
	EXIT_USAGE = 2, /* the command line or the settings file is wrong */
	EXIT_UNSUPPORTED = 3, /* this kernel or container lacks what the request needs */
	EXIT_DENIED = 4, /* not permitted */
	EXIT_REPORT = 5, /* the report could not be written */
};

/*
 * Follow what config->target names and report on it. Returns the exit status of the program; has said on stderr why, if
 * that is not EXIT_DONE.
 */
int cmd_run(const struct config *config);

/*
 * Runs config->command in pairs, with and without tuning, and says what that does. Returns the exit status of the
 * program: the command's own if it fails, 128 + N after signal N.
 */
int cmd_bench(const struct config *config);

/*
 * Prints to stdout what this kernel, machine and container allow, line by line. Returns the exit status of the program.
 */
int cmd_doctor(const struct config *config);

/*
 * Puts back what agents that were killed, or told to keep it, have changed, and says so on stdout. Returns the exit
 * status of the program: EXIT_UNSUPPORTED if something could not be put back.
 */
int cmd_restore(const struct config *config);

/*
 * Brings the files and trees that config->words names into the page cache. Returns the exit status of the program:
 * EXIT_PARTLY if some could not be read, 128 + N after signal N.
 */
int cmd_warm(const struct config *config);

/*
 * Lists, shows or forgets what is known of what commands read, as config->words says. Returns the exit status of the
 * program.
 */
int cmd_profile(const struct config *config);

#endif /* COMMANDS_H */
