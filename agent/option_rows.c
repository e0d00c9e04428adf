/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The options, one setter and one row each. */
#include "option_rows.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NSEC_PER_SEC 1000000000ULL
#define RING_KIB_MIN 4
#define RING_KIB_MAX 16384

static int __attribute__((format(printf, 2, 3))) refuse(char why[OPTIONS_WHY_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, OPTIONS_WHY_SIZE, format, args);
	va_end(args);
	return -EINVAL;
}

static int replace_text(char **text, const char *value, char *why)
{
	char *copy;

	if (!*value)
		return refuse(why, "empty");
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

/* Decimal digits only: strtoul() would take signs, blanks and hexadecimal. Returns 0, -EINVAL or -ERANGE. */
static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*text)
		return -EINVAL;
	if (text[strspn(text, "0123456789")])
		return -EINVAL;
	for (; *text; text++) {
		unsigned int digit = *text - '0';

		if (n > (max - digit) / 10)
			return -ERANGE;
		n = n * 10 + digit;
	}
	*ret = n;
	return 0;
}

/* strtod() depends on the locale and takes inf, nan and hexadecimal. What is finer than a nanosecond is dropped. */
static int parse_seconds(const char *value, uint64_t *ret_ns, char *why)
{
	uint64_t seconds = 0, ns = 0, unit = NSEC_PER_SEC / 10;
	size_t whole = strspn(value, "0123456789");
	const char *p = value + whole;
	size_t fraction = 0;

	if (*p == '.') {
		fraction = strspn(++p, "0123456789");
		for (size_t i = 0; i < fraction; i++, unit /= 10)
			ns += unit * (p[i] - '0');
		p += fraction;
	}
	if (*p || whole + fraction == 0)
		return refuse(why, "'%.64s' is not a number of seconds", value);

	for (size_t i = 0; i < whole; i++) {
		seconds = seconds * 10 + (value[i] - '0');
		if (seconds >= INT64_MAX / NSEC_PER_SEC)
			return refuse(why, "'%.64s' is too large", value);
	}
	ns += seconds * NSEC_PER_SEC;
	if (!ns)
		return refuse(why, "'%.64s' is not more than 0 seconds", value);
	*ret_ns = ns;
	return 0;
}

static int set_app(struct config *config, const char *value, char *why)
{
	char *copy;

	if (!*value)
		return refuse(why, "empty");
	if (config->napps == AA_MAX_APPS)
		return refuse(why, "'%.64s' is one too many: at most %d apps at once", value, AA_MAX_APPS);
	if (strlen(value) > OPTIONS_APP_MAX)
		return refuse(why, "'%.64s...' is longer than %d bytes", value, OPTIONS_APP_MAX);
	if (strchr(value, '/'))
		return refuse(why, "'%s' holds a '/': give the name of the program without its folder", value);
	for (size_t i = 0; i < config->napps; i++) {
		if (!strcmp(config->apps[i], value))
			return refuse(why, "'%s' is given twice", value);
	}
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	config->apps[config->napps++] = copy;
	return 0;
}

static int set_pid(struct config *config, const char *value, char *why)
{
	uint64_t pid;

	if (config->pid)
		return refuse(why, "'%.64s' is one too many: one process at a time", value);
	if (parse_number(value, INT_MAX, &pid) || !pid)
		return refuse(why, "'%.64s' is not a process id", value);
	config->pid = (pid_t)pid;
	return 0;
}

static int set_cgroup(struct config *config, const char *value, char *why)
{
	if (config->cgroup)
		return refuse(why, "'%.64s' is one too many: one cgroup at a time", value);
	return replace_text(&config->cgroup, value, why);
}

static int set_duration(struct config *config, const char *value, char *why)
{
	return parse_seconds(value, &config->duration_ns, why);
}

static int set_interval(struct config *config, const char *value, char *why)
{
	return parse_seconds(value, &config->interval_ns, why);
}

static int set_ring_size(struct config *config, const char *value, char *why)
{
	uint64_t kib;

	if (parse_number(value, RING_KIB_MAX, &kib) || kib < RING_KIB_MIN || (kib & (kib - 1)))
		return refuse(why, "'%.64s' is not a power of two from %d to %d (KiB)", value, RING_KIB_MIN,
			      RING_KIB_MAX);
	config->ring_bytes = (uint32_t)kib * 1024;
	return 0;
}

static int set_dry_run(struct config *config, const char *value, char *why)
{
	(void)value, (void)why;
	config->dry_run = true;
	return 0;
}

/* "512M", or "512m": powers of 1024. */
static int set_budget(struct config *config, const char *value, char *why)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(value, "0123456789");
	const char *unit = value[digits] ? strchr(units, toupper((unsigned char)value[digits])) : NULL;
	unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	char number[32];
	uint64_t n;

	if (!digits || digits >= sizeof(number) || (value[digits] && (!unit || value[digits + 1])))
		return refuse(why, "'%.64s' is not a number of bytes, with or without one of K, M, G, T", value);
	snprintf(number, sizeof(number), "%.*s", (int)digits, value);
	if (parse_number(number, (uint64_t)INT64_MAX >> shift, &n))
		return refuse(why, "'%.64s' is too large", value);
	if (!n)
		return refuse(why, "'%.64s' is no memory at all", value);
	config->budget_bytes = n << shift;
	return 0;
}

static int set_pairs(struct config *config, const char *value, char *why)
{
	uint64_t n;

	if (parse_number(value, OPTIONS_PAIRS_MAX, &n) || !n)
		return refuse(why, "'%.64s' is not a number of pairs from 1 to %d", value, OPTIONS_PAIRS_MAX);
	config->pairs = (unsigned int)n;
	return 0;
}

static int set_cold(struct config *config, const char *value, char *why)
{
	(void)value, (void)why;
	config->cold = true;
	return 0;
}

static int set_prepare(struct config *config, const char *value, char *why)
{
	return replace_text(&config->prepare, value, why);
}

static int parse_actions(const char *value, unsigned int *ret, char *why)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} names[] = {
		{ "cpu", ACTION_CPU },
		{ "memory", ACTION_MEMORY },
		{ "io", ACTION_IO },
		{ "prefetch", ACTION_PREFETCH },
	};
	unsigned int bits = 0;

	for (const char *p = value;; p++) {
		size_t len = strcspn(p, ","), i = 0;

		while (i < sizeof(names) / sizeof(names[0]) &&
		       (strlen(names[i].name) != len || strncmp(names[i].name, p, len)))
			i++;
		if (i == sizeof(names) / sizeof(names[0]))
			return refuse(why, "'%.*s' is none of cpu, memory, io, prefetch", (int)(len > 64 ? 64 : len),
				      p);
		bits |= names[i].bit;
		p += len;
		if (!*p)
			break;
	}
	*ret = bits;
	return 0;
}

static int set_only(struct config *config, const char *value, char *why)
{
	return parse_actions(value, &config->only, why);
}

static int set_without(struct config *config, const char *value, char *why)
{
	return parse_actions(value, &config->without, why);
}

static int set_on_exit(struct config *config, const char *value, char *why)
{
	if (!strcmp(value, "restore"))
		config->on_exit = ON_EXIT_RESTORE;
	else if (!strcmp(value, "keep"))
		config->on_exit = ON_EXIT_KEEP;
	else
		return refuse(why, "'%.64s' is neither restore nor keep", value);
	return 0;
}

static int set_background_cgroup(struct config *config, const char *value, char *why)
{
	char *copy;

	if (!*value)
		return refuse(why, "empty");
	if (config->nbackground == OPTIONS_BACKGROUND_MAX)
		return refuse(why, "'%.64s' is one too many: at most %d control groups", value, OPTIONS_BACKGROUND_MAX);
	for (size_t i = 0; i < config->nbackground; i++) {
		if (!strcmp(config->background[i], value))
			return refuse(why, "'%.64s' is given twice", value);
	}
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	config->background[config->nbackground++] = copy;
	return 0;
}

static int set_demote_background(struct config *config, const char *value, char *why)
{
	(void)value, (void)why;
	config->demote_background = true;
	return 0;
}

static int set_kubepods(struct config *config, const char *value, char *why)
{
	(void)value, (void)why;
	config->kubepods = true;
	return 0;
}

static int set_cgroup_root(struct config *config, const char *value, char *why)
{
	if (*value != '/')
		return refuse(why, "'%.64s' is not an absolute path", value);
	return replace_text(&config->cgroup_root, value, why);
}

static int set_format(struct config *config, const char *value, char *why)
{
	if (!strcmp(value, "text"))
		config->format = FORMAT_TEXT;
	else if (!strcmp(value, "json"))
		config->format = FORMAT_JSON;
	else
		return refuse(why, "'%.64s' is neither text nor json", value);
	return 0;
}

static int set_output(struct config *config, const char *value, char *why)
{
	return replace_text(&config->output, value, why);
}

static int set_config(struct config *config, const char *value, char *why)
{
	return replace_text(&config->settings, value, why);
}

static int set_catalogue(struct config *config, const char *value, char *why)
{
	return replace_text(&config->catalogue, value, why);
}

static int set_quiet(struct config *config, const char *value, char *why)
{
	(void)value, (void)why;
	config->log_level = LOG_LEVEL_ERR;
	return 0;
}

static int set_verbose(struct config *config, const char *value, char *why)
{
	(void)value, (void)why;
	config->log_level = LOG_LEVEL_DEBUG;
	return 0;
}

static int set_all(struct config *config, const char *value, char *why)
{
	(void)value, (void)why;
	config->all = true;
	return 0;
}

static int set_help(struct config *config, const char *value, char *why)
{
	(void)value, (void)why;
	config->help = true;
	return 0;
}

static int set_version(struct config *config, const char *value, char *why)
{
	(void)value, (void)why;
	config->version = true;
	return 0;
}

const struct option_row option_rows[] = {
	/* name, letter, takes_value, in_file, repeats, group, command, set */
	{ "app", 'a', true, true, true, OPTION_GROUP_TARGET, NULL, set_app },
	{ "pid", 'p', true, false, false, OPTION_GROUP_TARGET, NULL, set_pid },
	{ "cgroup", 0, true, true, false, OPTION_GROUP_TARGET, NULL, set_cgroup },
	{ "duration", 'd', true, true, false, OPTION_GROUP_NONE, NULL, set_duration },
	{ "interval", 'i', true, true, false, OPTION_GROUP_NONE, NULL, set_interval },
	{ "dry-run", 'n', false, true, false, OPTION_GROUP_NONE, NULL, set_dry_run },
	{ "budget", 0, true, true, false, OPTION_GROUP_NONE, "warm", set_budget },
	{ "all", 0, false, false, false, OPTION_GROUP_NONE, "profile", set_all },
	{ "pairs", 'n', true, false, false, OPTION_GROUP_NONE, "bench", set_pairs },
	{ "cold", 0, false, false, false, OPTION_GROUP_NONE, "bench", set_cold },
	{ "prepare", 0, true, false, false, OPTION_GROUP_NONE, "bench", set_prepare },
	{ "only", 0, true, true, false, OPTION_GROUP_ACTIONS, NULL, set_only },
	{ "without", 0, true, true, false, OPTION_GROUP_ACTIONS, NULL, set_without },
	{ "on-exit", 0, true, true, false, OPTION_GROUP_NONE, NULL, set_on_exit },
	{ "background-cgroup", 0, true, true, true, OPTION_GROUP_NONE, NULL, set_background_cgroup },
	{ "demote-background", 0, false, true, false, OPTION_GROUP_NONE, NULL, set_demote_background },
	{ "kubepods", 0, false, true, false, OPTION_GROUP_NONE, NULL, set_kubepods },
	{ "cgroup-root", 0, true, true, false, OPTION_GROUP_NONE, NULL, set_cgroup_root },
	{ "format", 'f', true, true, false, OPTION_GROUP_NONE, NULL, set_format },
	{ "output", 'o', true, true, false, OPTION_GROUP_NONE, NULL, set_output },
	{ "ring-size", 0, true, true, false, OPTION_GROUP_NONE, NULL, set_ring_size },
	{ "catalogue", 0, true, true, false, OPTION_GROUP_NONE, NULL, set_catalogue },
	{ "config", 'c', true, false, false, OPTION_GROUP_NONE, NULL, set_config },
	{ "quiet", 'q', false, true, false, OPTION_GROUP_LOG, NULL, set_quiet },
	{ "verbose", 'v', false, true, false, OPTION_GROUP_LOG, NULL, set_verbose },
	{ "help", 'h', false, false, false, OPTION_GROUP_NONE, NULL, set_help },
	{ "version", 'V', false, false, false, OPTION_GROUP_NONE, NULL, set_version },
};

#define ROWS (sizeof(option_rows) / sizeof(option_rows[0]))

const size_t option_count = ROWS;

_Static_assert(ROWS <= OPTION_ROWS_MAX, "struct config: a bit of given for each option");
