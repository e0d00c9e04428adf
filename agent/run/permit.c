// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* Capabilities, what the kernel refuses, and the words for both. */
#include "run/permit.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "commands.h"
#include "util/log.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

bool permit_has(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[capability / 32].effective >> (capability % 32) & 1;
}

unsigned int permit_missing(char *ret, size_t size)
{
	static const struct {
		int capability;
		const char *name;
	} needed[] = { { CAP_BPF, "CAP_BPF" }, { CAP_PERFMON, "CAP_PERFMON" } };
	unsigned int i, missing = 0;

	ret[0] = '\0';
	if (permit_has(CAP_SYS_ADMIN)) /* includes both */
		return 0;
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (permit_has(needed[i].capability))
			continue;
		snprintf(ret + strlen(ret), size - strlen(ret), "%s%s", missing ? " and " : "", needed[i].name);
		missing++;
	}
	return missing;
}

static int explain(int err, const struct features *features)
{
	if (err == -EPERM && features->locked_memory && !permit_has(CAP_SYS_RESOURCE)) {
		log_err("not permitted: before Linux 5.11 BPF programs also need CAP_SYS_RESOURCE (or a higher limit "
			"of locked memory, ulimit -l): run it with sudo");
		return EXIT_DENIED;
	}
	if (err == -EPERM) {
		log_err("not permitted to load BPF programs although the capabilities are there: a container's seccomp "
			"profile or a "
			"security module forbids bpf(2)");
		return EXIT_DENIED;
	}
	if (err == -ENOTSUP)
		log_err("this kernel refuses our BPF programs: --verbose shows what its verifier says, and doctor what "
			"it lacks");
	else
		log_err("the BPF programs could not be loaded: %s", strerror(-err));
	return EXIT_UNSUPPORTED;
}

int permit_open(const struct tracer_config *config, struct tracer **ret)
{
	struct features features;
	const char *missing;
	struct btf *kernel;
	char names[64];
	int err;

	if (permit_missing(names, sizeof(names))) {
		log_err("not permitted: tracing needs %s (or CAP_SYS_ADMIN): run it with sudo", names);
		return EXIT_DENIED;
	}
	features_probe(&features, &kernel);
	missing = features_missing(&features);
	err = missing ? 0 : tracer_open(config, &features, kernel, ret);
	btf__free(kernel);
	if (missing) {
		log_err("%s", missing);
		return EXIT_UNSUPPORTED;
	}
	return err ? explain(err, &features) : 0;
}
