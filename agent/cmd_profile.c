/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What is known of what commands read: list it, show it, forget it. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "options.h"
#include "profile/profile_print.h"
#include "profile/profile_store.h"
#include "profile/profile_summary.h"
#include "report/page.h"
#include "report/value.h"
#include "util/file.h"
#include "util/log.h"

#define SCHEMA_FORGET "accel-agent.forget/1"

/* What a verb works on, and where its output goes. */
struct request {
	const char *directory;
	const char *name; /* NULL for list */
	bool json;
	struct page page; /* for text; JSON goes to its stream as well */
	struct profile_summaries all;
};

static int print_json(const struct request *r, json_t *root)
{
	int err = root && !json_dumpf(root, r->page.out, JSON_COMPACT) ? 0 : -ENOMEM;

	json_decref(root);
	fputc('\n', r->page.out);
	/* a stream that takes no more is the caller's to find out */
	return ferror(r->page.out) ? 0 : err;
}

static int list(struct request *r)
{
	if (r->json)
		return print_json(r, profile_json_list(r->directory, &r->all));
	profile_print_list(&r->page, r->directory, &r->all);
	return 0;
}

/* All profiles that a name may mean, after saying that it is no name. */
static void say_candidates(const struct request *r, bool (*is)(const struct profile_summary *s, const char *name))
{
	size_t i;

	for (i = 0; i < r->all.n; i++)
		if (is(&r->all.list[i], r->name))
			log_err("profile: %016" PRIx64 " %s of uid %" PRIu32 " in %s", r->all.list[i].id,
				r->all.list[i].key.program, r->all.list[i].key.uid, r->all.list[i].key.directory);
}

static bool begins(const struct profile_summary *s, const char *prefix)
{
	return profile_id_begins(s->id, prefix);
}

static void say_unreadable_candidates(const struct request *r)
{
	size_t i;

	for (i = 0; i < r->all.nunreadable; i++)
		if (profile_id_begins(r->all.unreadable[i].id, r->name))
			log_err("profile: %016" PRIx64 " cannot be read: %s", r->all.unreadable[i].id,
				r->all.unreadable[i].why);
}

/* The id of the one that is meant. Returns -EINVAL after saying why: there is none of this name, or more than one. */
static int find(const struct request *r, uint64_t *ret)
{
	const struct profile_summary *one = NULL;
	size_t n = profile_summaries_find(&r->all, r->name, &one);

	if (n > 1) {
		log_err("profile: %s: %zu profiles have this name; use the id instead:", r->name, n);
		say_candidates(r, profile_summary_is);
		return -EINVAL;
	}
	if (n) {
		*ret = one->id;
		return 0;
	}
	n = profile_summaries_prefix(&r->all, r->name, ret);
	if (n > 1) {
		log_err("profile: %s: %zu ids begin like this; use more of it:", r->name, n);
		say_candidates(r, begins);
		say_unreadable_candidates(r);
	} else if (!n) {
		log_err("profile: %s: no profile of a command of this name, nor with this id; see accel-agent profile "
			"list",
			r->name);
	}
	return n == 1 ? 0 : -EINVAL;
}

static int show(struct request *r)
{
	const struct profile_summary *one;
	struct profile profile;
	uint64_t id;
	const char *why;
	int err = find(r, &id);

	if (err)
		return err;
	err = profile_look(r->directory, id, &profile, &why);
	one = profile_summaries_of_id(&r->all, id);
	if (err || !one) {
		log_err("profile: %016" PRIx64 ": cannot be read: %s", id, err ? why : "it was just written");
		return -EINVAL;
	}
	if (r->json)
		err = print_json(r, profile_json_one(&r->all, one, &profile));
	else
		err = profile_print_one(&r->page, &r->all, one, &profile);
	profile_close(&profile);
	return err;
}

static int print_forgotten(const struct request *r, const uint64_t *ids, size_t n)
{
	size_t i;

	if (r->json)
		return print_json(r, json_pack("{ss so}", "schema", SCHEMA_FORGET, "forgotten",
					       value_array(ids, n, sizeof(*ids), profile_json_id)));
	for (i = 0; i < n; i++)
		fprintf(r->page.out, "%016" PRIx64 ": forgotten\n", ids[i]);
	if (!n)
		fprintf(r->page.out, "no profiles in %s\n", r->directory);
	return 0;
}

static int forget_all(struct request *r)
{
	uint64_t *ids;
	size_t n;
	int err = profile_store_forget_all(r->directory, &ids, &n);

	if (err)
		return err;
	err = print_forgotten(r, ids, n);
	free(ids);
	return err;
}

/* By its id also one that cannot be read. */
static int forget(struct request *r)
{
	uint64_t id;
	int err;

	if (!r->name)
		return forget_all(r);
	err = find(r, &id);
	if (!err)
		err = profile_store_forget(r->directory, id);
	return err ? err : print_forgotten(r, &id, 1);
}

static const struct verb {
	const char *name;
	bool wants_name, takes_all;
	int (*run)(struct request *r);
} verbs[] = {
	{ "list", false, false, list },
	{ "show", true, false, show },
	{ "forget", true, true, forget },
};

/* Whether the words behind a verb are those that it wants; says what is wrong with them. */
static bool check_words(const struct verb *verb, char *const words[], bool all)
{
	size_t want = verb->wants_name && !all;

	if (all && !verb->takes_all)
		log_err("profile %s: --all is for accel-agent profile forget", words[0]);
	else if (want && !words[1])
		log_err("profile %s: which one? Give a command's name or an id, see accel-agent profile list%s",
			words[0], verb->takes_all ? "; or --all" : "");
	else if (words[1] && words[want ? 2 : 1])
		log_err("profile %s: '%.64s' is one word too many", words[0], words[want ? 2 : 1]);
	else
		return true;
	return false;
}

/* Returns NULL after saying what is wrong with the words. */
static const struct verb *find_verb(char *const words[], bool all)
{
	size_t n = sizeof(verbs) / sizeof(verbs[0]), i = 0;

	while (i < n && strcmp(verbs[i].name, words[0]))
		i++;
	if (i < n)
		return check_words(&verbs[i], words, all) ? &verbs[i] : NULL;
	log_err("profile: '%.64s' is none of list, show NAME, forget NAME and forget --all", words[0]);
	return NULL;
}

static int fail(const struct request *r, int err)
{
	if (err == -EINVAL) /* said already */
		return EXIT_USAGE;
	log_err("profile: %s: %s", r->directory,
		err == -EPERM ? "belongs to somebody else, or others may write it, or its parent" : strerror(-err));
	return err == -EPERM || err == -EACCES ? EXIT_DENIED : EXIT_UNSUPPORTED;
}

static int run(const struct verb *verb, struct request *r, const struct config *config)
{
	struct output_file out;
	int err;

	err = profile_summaries_read(r->directory, &r->all);
	if (err)
		return fail(r, err);
	err = output_file_open(&out, config->output ? config->output : "/dev/stdout");
	if (err) {
		log_err("%s: cannot be written: %s", config->output ? config->output : "stdout", strerror(-err));
		return EXIT_REPORT;
	}
	r->page.out = out.stream;
	err = verb->run(r);
	if (err) {
		output_file_abort(&out);
		return fail(r, err);
	}
	err = output_file_commit(&out);
	if (!err)
		return EXIT_DONE;
	log_err("%s: cannot be written: %s", config->output ? config->output : "stdout", strerror(-err));
	return EXIT_REPORT;
}

int cmd_profile(const struct config *config)
{
	const struct verb *verb = find_verb(config->words, config->all);
	struct request r = { .directory = PROFILE_DIR, .json = config->format == FORMAT_JSON };
	int status;

	if (!verb)
		return EXIT_USAGE;
	if (geteuid()) {
		log_err("profile: needs root, to whom " PROFILE_DIR " belongs; run it with sudo");
		return EXIT_DENIED;
	}
	setlocale(LC_CTYPE, "");
	r.page = (struct page){ .columns = PAGE_MAX_COLUMNS, .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8") };
	signal(SIGPIPE, SIG_IGN); /* a closed stdout is an error to report */
	r.name = config->words[1];
	status = run(verb, &r, config);
	profile_summaries_clear(&r.all);
	return status;
}
