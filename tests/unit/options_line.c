/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Command lines for tests. */
#include "options_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGS_MAX 160

char options_said[4096];

/* stderr goes to a file meanwhile. */
int options_line(const char *command, int argc, char **argv, struct config *ret, int (*check)(struct config *config))
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO), err;
	size_t n;

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	err = options_parse(command, argc, argv, ret);
	if (!err && check) {
		err = check(ret);
		if (err)
			options_clear(ret);
	}
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	n = fread(options_said, 1, sizeof(options_said) - 1, file);
	options_said[n] = '\0';
	fclose(file);
	return err;
}

int options_words(const char *command, const char *line, struct config *ret, int (*check)(struct config *config))
{
	static char words[4096];
	static char *argv[ARGS_MAX];
	char program[] = "accel-agent";
	int argc = 0;

	snprintf(words, sizeof(words), "%s", line);
	argv[argc++] = program;
	for (char *word = strtok(words, " "); word && argc < ARGS_MAX - 1; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_line(command, argc, argv, ret, check);
}
