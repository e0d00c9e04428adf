/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Undoing what an agent that was killed, or told to keep it, left behind. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/journal.h"
#include "act/spread.h"
#include "commands.h"
#include "options.h"
#include "util/log.h"

#define SCHEMA "accel-agent.restore/1"

struct restore {
	bool json;
	json_t *restored, *left; /* with json */
	unsigned int nrestored, nforeign, nfailed;
	bool no_memory;
};

static void say(enum journal_outcome outcome, int err, const char *what, const char *old, const char *found)
{
	bool is_group = !*old && !*found;

	if (outcome == JOURNAL_FAILED)
		printf("%s: not put back: %s\n", what, strerror(-err));
	else if (outcome == JOURNAL_FOREIGN && is_group)
		printf("%s: left alone: it is another one by now\n", what);
	else if (outcome == JOURNAL_FOREIGN)
		printf("%s: left alone: somebody else wants '%s' by now\n", what, found);
	else if (is_group)
		printf("%s: removed; who was in it is in the group it came from, or above that if it is gone\n", what);
	else
		printf("%s: '%s' again, was '%s'\n", what, old, found);
}

static void add_row(struct restore *r, enum journal_outcome outcome, int err, const char *what, const char *old,
		    const char *found)
{
	json_t *row = json_pack("{s:s, s:s, s:s}", "what", what, "old", old, "found", found);

	if (outcome != JOURNAL_RESTORED && row) {
		json_object_set_new(row, "reason", json_string(outcome == JOURNAL_FAILED ? "failed" : "foreign"));
		json_object_set_new(row, "error", err ? json_string(strerror(-err)) : json_null());
	}
	if (json_array_append_new(outcome == JOURNAL_RESTORED ? r->restored : r->left, row))
		r->no_memory = true;
}

static void tell(void *context, enum journal_outcome outcome, int err, const char *what, const char *old,
		 const char *found)
{
	struct restore *r = context;

	if (outcome == JOURNAL_WAS_RESTORED)
		return;
	if (outcome == JOURNAL_RESTORED)
		r->nrestored++;
	else if (outcome == JOURNAL_FOREIGN)
		r->nforeign++;
	else
		r->nfailed++;
	if (r->json)
		add_row(r, outcome, err, what, old, found);
	else
		say(outcome, err, what, old, found);
}

static void print_summary(const struct restore *r, unsigned int live)
{
	if (r->nrestored + r->nforeign + r->nfailed)
		printf("%u restored, %u left alone, %u failed", r->nrestored, r->nforeign, r->nfailed);
	else
		printf("nothing to restore");
	if (live)
		printf("; %u running agent%s: what %s changed stays until %s", live, live == 1 ? "" : "s",
		       live == 1 ? "it" : "they", live == 1 ? "it ends" : "they end");
	printf("\n");
}

/* Returns false for lack of memory. Takes the arrays. */
static bool print_json(struct restore *r, unsigned int live)
{
	json_t *root = json_pack("{s:s, s:o, s:o, s:i}", "schema", SCHEMA, "restored", r->restored, "left", r->left,
				 "live_agents", (int)live);
	bool done;

	if (!root)
		return false;
	done = !json_dumpf(root, stdout, JSON_COMPACT) || ferror(stdout);
	json_decref(root);
	printf("\n");
	return done;
}

/* Also where something failed: what was put back is said in any case. Returns the exit status. */
static int finish(struct restore *r, unsigned int live)
{
	bool done = true;

	if (r->json)
		done = print_json(r, live);
	else
		print_summary(r, live);
	if (!done || r->no_memory) {
		log_err("out of memory");
		return EXIT_UNSUPPORTED;
	}
	if (fflush(stdout) || ferror(stdout)) {
		log_err("stdout cannot be written: %s", strerror(errno));
		return EXIT_REPORT;
	}
	return r->nfailed ? EXIT_UNSUPPORTED : EXIT_DONE;
}

int cmd_restore(const struct config *config)
{
	struct restore r = { .json = config->format == FORMAT_JSON };
	unsigned int live;
	int n;

	if (options_given(config, options_find("dry-run"))) {
		log_err("restore: --dry-run: this command has no plan to print; see the journals in " JOURNAL_DIR);
		return EXIT_USAGE;
	}
	if (geteuid()) {
		log_err("restore: needs root, to whom " JOURNAL_DIR " and the control groups belong; run it with sudo");
		return EXIT_DENIED;
	}
	signal(SIGPIPE, SIG_IGN); /* a closed stdout must not stop us half-way */
	if (r.json) {
		r.restored = json_array();
		r.left = json_array();
	}
	spread_recover(JOURNAL_DIR);
	n = journal_recover(JOURNAL_DIR, true, tell, &r, &live);
	if (n < 0) {
		log_err("restore: " JOURNAL_DIR ": %s", strerror(-n));
		json_decref(r.restored);
		json_decref(r.left);
		return n == -EPERM || n == -EACCES ? EXIT_DENIED : EXIT_UNSUPPORTED;
	}
	return finish(&r, live);
}
