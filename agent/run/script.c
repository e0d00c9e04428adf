// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* What is known of interpreters is in trace/pattern.h; here is what keeps other arguments from being taken for a script. */
#include "run/script.h"

#include <fnmatch.h>
#include <string.h>

#include "trace/pattern.h"

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_interpreter(const char *path)
{
	size_t i;

	for (i = 0; pattern_interpreters[i]; i++)
		if (!fnmatch(pattern_interpreters[i], base_of(path), 0))
			return true;
	return false;
}

/*
 * "-lc" to a shell, "-ne" to perl: letters of options in one word, and the last one takes a program. What stands behind a
 * shell's "-o" is the name of an option.
 */
static bool takes_text(const char *arg, bool shell)
{
	size_t len = strlen(arg);

	if (len < 2 || arg[0] != '-' || arg[1] == '-')
		return false;
	if (shell && arg[len - 1] == 'o')
		return true;
	return len > 2 && (arg[len - 1] == 'c' || (!shell && arg[len - 1] == 'e'));
}

/* Whether one of the options before the script says that it is none. args has a NUL before script. */
static bool is_text(const char *args, const char *script)
{
	size_t called = strlen(args);
	bool shell = called >= 2 && !strcmp(args + called - 2, "sh");
	const char *arg;

	for (arg = args + called + 1; arg < script; arg += strlen(arg) + 1)
		if (takes_text(arg, shell))
			return true;
	return false;
}

bool script_name(const char *program, const char *args, size_t length, char ret[SCRIPT_NAME_MAX])
{
	const char *script, *base;

	/* what has no end was cut off */
	while (length && args[length - 1])
		length--;
	if (!length || (!is_interpreter(program) && !is_interpreter(args)))
		return false;
	script = pattern_script(args, length);
	if (!script || is_text(args, script))
		return false;
	base = base_of(script);
	if (!*base || !strcmp(base, ".") || !strcmp(base, "..") || strlen(base) >= SCRIPT_NAME_MAX)
		return false;
	strcpy(ret, base); /* fits: see above */
	return true;
}
