/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Loads libsystemd. */
#ifdef HAVE_SYSTEMD

#include "act/systemd_library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/log.h"

#define NAME "libsystemd.so.0" /* its ABI is stable: symbols have versions, and none was removed */

/* POSIX wants a function's address to fit into what dlsym() returns, ISO C does not know of it. */
union symbol {
	void *address;
	void (*function)(void);
};

static const struct {
	const char *name;
	size_t member;
} functions[] = {
#define SYSTEMD_ROW(name) { "sd_" #name, offsetof(struct systemd_library, name) },
	SYSTEMD_FUNCTIONS(SYSTEMD_ROW)
#undef SYSTEMD_ROW
};

static bool find_all(void *handle, struct systemd_library *ret)
{
	union symbol symbol;
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		symbol.address = dlsym(handle, functions[i].name);
		if (!symbol.address)
			return false;
		*(void (**)(void))((char *)ret + functions[i].member) = symbol.function;
	}
	return true;
}

static bool load(struct systemd_library *ret)
{
	void *handle = dlopen(NAME, RTLD_NOW | RTLD_LOCAL);

	if (handle && find_all(handle, ret))
		return true;
	log_debug("systemd cannot be asked: %s", dlerror());
	if (handle)
		dlclose(handle);
	return false;
}

const struct systemd_library *systemd_library(void)
{
	static struct systemd_library library;
	static bool tried, loaded;

	if (!tried)
		loaded = load(&library);
	tried = true;
	return loaded ? &library : NULL;
}

#endif /* HAVE_SYSTEMD */
