/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Any bytes as a catalogue, read twice: the outcome is one that answers, or an error that leaves it as it was. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "catalogue.h"
#include "model/operations.h"
#include "trace/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_kind(const char *kind)
{
	assert(!kind || (*kind && strlen(kind) < OPERATION_KIND_MAX && strcmp(kind, "none")));
}

static void ask(const struct catalogue *catalogue, const uint8_t *data, size_t size)
{
	struct aa_pattern pattern;
	char name[AA_COMM_LEN];
	const char *app;

	for (size_t i = 0; i < 64 && (app = catalogue_app(catalogue, i)); i++) {
		assert(strlen(app) <= CATALOGUE_NAME_MAX && !pattern_compile(app, 0, &pattern));
		check_kind(catalogue_kind(catalogue, app));
	}
	for (size_t at = 0; at < size && at < 64; at += 7) {
		snprintf(name, sizeof(name), "%.*s", (int)(size - at), (const char *)data + at);
		check_kind(catalogue_kind(catalogue, name));
		check_kind(catalogue_background(catalogue, name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct catalogue *catalogue = catalogue_new();
	/* fmemopen() takes no empty buffer, and does not write in mode "r". */
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	size_t apps;

	if (catalogue && file && !catalogue_parse(catalogue, file, "fuzz")) {
		apps = catalogue_apps(catalogue);
		rewind(file);
		assert(!catalogue_parse(catalogue, file, "fuzz"));
		assert(catalogue_apps(catalogue) == apps);
		assert(!strcmp(catalogue_files(catalogue), "fuzz and fuzz"));
		ask(catalogue, data, size);
	} else if (catalogue) {
		assert(!catalogue_apps(catalogue) && !catalogue_files(catalogue));
	}
	if (file)
		fclose(file);
	catalogue_free(catalogue);
	return 0;
}
