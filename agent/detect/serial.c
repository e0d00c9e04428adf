/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* serial: one thread runs alone, while the app's other CPUs have nothing of it to do. */
#include <string.h>

#include "detect/detectors.h"
#include "detect/say.h"
#include "model/units.h"

#define EVER_PARALLEL 0.02 /* share of the run with 2 or more running, below which it counts as never */

/* What helps where a known tool is the step that runs alone. */
static const struct {
	const char *command, *hint;
} hints[] = {
	{ "ld", "a parallel linker (mold, lld), split debug info (-gsplit-dwarf), or link while others compile" },
	{ "ld.bfd", "a parallel linker (mold, lld), split debug info (-gsplit-dwarf), or link while others compile" },
	{ "ld.gold", "a parallel linker (mold, lld), split debug info (-gsplit-dwarf), or link while others compile" },
	{ "lto1", "parallel link-time optimisation (gcc -flto=auto, clang -flto=thin)" },
	{ "cc1", "start the largest files first, or split them: the others had to wait for one compiler" },
	{ "cc1plus", "start the largest files first, or split them: the others had to wait for one compiler" },
	{ "clang", "start the largest files first, or split them: the others had to wait for one compiler" },
	{ "rustc", "more codegen units, or split the crate that the others wait for" },
	{ "make", "fewer recursive makes and $(shell) calls, or ninja: make itself was the step" },
	{ "configure", "keep configure's results (config.cache), or configure ahead of the build" },
};

static double part(const struct times *times)
{
	return times->wall_alone;
}

static const struct command *longest_alone(const struct app *app)
{
	const struct command *found = NULL;
	size_t i;

	for (i = 0; i < app->ncommands; i++)
		if (!found || app->commands[i].times.wall_alone > found->times.wall_alone)
			found = &app->commands[i];
	return found;
}

static bool was_parallel(const struct app *app)
{
	double seconds = 0;
	unsigned int i;

	for (i = 2; i < AA_CONCURRENCY; i++)
		seconds += app->concurrency[i];
	return seconds > EVER_PARALLEL * app->wall_seconds;
}

/* Whether one of its commands could have started more at once. */
static bool has_build_tool(const struct app *app)
{
	static const char *const tools[] = { "make",  "gmake", "ninja", "samu",   "cmake", "meson", "bazel",
					     "cargo", "go",    "mvn",   "gradle", "scons", "ctest", "pytest" };
	size_t i, t;

	for (i = 0; i < app->ncommands; i++)
		for (t = 0; t < sizeof(tools) / sizeof(tools[0]); t++)
			if (!strncmp(app->commands[i].name, tools[t], AA_COMM_LEN))
				return true;
	return false;
}

static void suggest(struct verdict *v, const struct app *app)
{
	const struct command *c = longest_alone(app);
	size_t i;

	if (!was_parallel(app) && !has_build_tool(app)) {
		say_suggestion(v, "one thread does all of the work: faster or parallel code helps, more CPUs do not");
		return;
	}
	if (!was_parallel(app)) {
		say_suggestion(v,
			       "two threads hardly ever ran at once: start it in parallel (make -j%u, ninja), or "
			       "split its work",
			       app->cpus);
		return;
	}
	for (i = 0; c && i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (!strncmp(c->name, hints[i].command, sizeof(c->name))) {
			say_suggestion(v, "%s", hints[i].hint);
			return;
		}
	}
	say_suggestion(v,
		       "let other work run beside this step, start it earlier, or split it: more CPUs do not help it");
}

static bool eval(const struct app *app, const struct host *host, struct verdict *ret)
{
	struct verdict v = { .id = "serial" };
	double seconds = app->times.wall_alone * share_kept(app);

	(void)host;
	v.impact = share_of_wall(app, seconds);
	if (app->cpus < 2 || !(v.impact > 0))
		return false;
	say_evidence(&v, "one thread ran alone for %s", units_seconds(UNITS_BUF, seconds));
	say_commands(&v, app, part);
	say_evidence(&v, ": %u of %u CPUs had nothing of this app to do", app->cpus - 1, app->cpus);
	suggest(&v, app);
	*ret = v;
	return true;
}

const struct detector detector_serial = { .id = "serial", .title = "one thread runs alone", .eval = eval };
