/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Any bytes as a settings file: the outcome is a config that holds together, or an error. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	FILE *file;

	/* fmemopen() takes no empty buffer, and does not write in mode "r". */
	if (!size)
		return 0;
	file = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!file)
		return 0;
	options_init(&config);
	if (!settings_parse(file, "fuzz", &config)) {
		assert(config.napps <= AA_MAX_APPS);
		assert(config.ring_bytes >= 4096 && !(config.ring_bytes & (config.ring_bytes - 1)));
		assert(!config.command && !config.pid && !config.settings && !config.help && !config.version);
		for (size_t i = 0; i < config.napps; i++)
			assert(*config.apps[i] && strlen(config.apps[i]) <= OPTIONS_APP_MAX);
	}
	options_clear(&config);
	fclose(file);
	return 0;
}
