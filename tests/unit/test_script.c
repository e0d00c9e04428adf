/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Which argument of a program is the script that it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "run/script.h"

#define ARGS(text) text, sizeof(text)

static void assert_script(const char *program, const char *args, size_t length, const char *expected)
{
	char name[SCRIPT_NAME_MAX] = "";

	assert_int_equal(script_name(program, args, length, name), expected != NULL);
	assert_string_equal(name, expected ? expected : "");
}

/* Its name without the folder, wherever it stands; by the name of the program, or what that was called as. */
static void scripts(void **state)
{
	(void)state;
	assert_script("/usr/bin/python3.11", ARGS("python3\0a.py\0b.py"), "a.py");
	assert_script("/usr/bin/python3.11", ARGS("x\0-u\0-W\0error\0/src/a.py"), "a.py");
	assert_script("/usr/bin/busybox", ARGS("sh\0-e\0./build.sh"), "build.sh");
	assert_script("/usr/bin/dash", ARGS("/bin/sh\0-ex\0build.sh"), "build.sh");
	assert_script("/usr/bin/python3", ARGS("python3\0-m\0pytest"), "pytest");
	assert_script("/usr/bin/java", ARGS("java\0-cp\0a:b\0-jar\0lib/ant.jar"), "ant.jar");
}

/* What is told as text, in whatever way, has no name; a folder has none either. */
static void no_scripts(void **state)
{
	(void)state;
	assert_script("/bin/sh", ARGS("sh\0-c\0./build.sh"), NULL);
	assert_script("/bin/bash", ARGS("bash\0-lc\0./build.sh"), NULL);
	assert_script("/bin/bash", ARGS("-bash\0-o\0pipefail\0-ec\0./build.sh"), NULL);
	assert_script("/bin/bash", ARGS("bash\0-eo\0pipefail\0-c\0./build.sh"), NULL);
	assert_script("/usr/bin/perl", ARGS("perl\0-ne\0print"), NULL);
	assert_script("/usr/bin/python3", ARGS("python3\0-Ic\0print()"), NULL);
	assert_script("/usr/bin/python3", ARGS("python3"), NULL);
	assert_script("/usr/bin/python3", ARGS("python3\0x/"), NULL);
	assert_script("/usr/bin/python3", ARGS("python3\0.."), NULL);
	assert_script("/usr/bin/make", ARGS("make\0a.py"), NULL);
	assert_script("/usr/bin/python3", "", 0, NULL);
}

/* Arguments end where what could be read ends; half a name is none. */
static void cut_off(void **state)
{
	char args[SCRIPT_ARGS_MAX];

	(void)state;
	memset(args, 'x', sizeof(args));
	memcpy(args, "python3", 8);
	assert_script("/usr/bin/python3", args, sizeof(args), NULL);
	assert_script("/usr/bin/python3", args, 7, NULL);
	args[8 + NAME_MAX] = '\0';
	args[8 + NAME_MAX + 1] = '\0';
	assert_script("/usr/bin/python3", args, 8 + NAME_MAX + 1, args + 8);
	args[8 + NAME_MAX] = 'x';
	assert_script("/usr/bin/python3", args, 8 + NAME_MAX + 2, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts),
		cmocka_unit_test(no_scripts),
		cmocka_unit_test(cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
