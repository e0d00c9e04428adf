// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/* What this kernel, machine and container allow, line by line. */
#include <bpf/btf.h>
#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "commands.h"
#include "doctor/checks.h"
#include "model/model.h"
#include "options.h"
#include "run/permit.h"
#include "settings.h"
#include "sys/machine.h"
#include "trace/features.h"
#include "util/cleanup.h"

/* A line a finding, so that grep works; only a terminal wraps them where its edge is. */
static struct page choose_page(FILE *out)
{
	struct page page = { .out = out, .columns = INT_MAX, .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8") };
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return page;
	page.colour = !getenv("NO_COLOR");
	page.columns = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col ? page_columns(size.ws_col) :
										 PAGE_MAX_COLUMNS;
	return page;
}

static void check_release(struct findings *f)
{
	struct host host;

	findings_group(f, "Kernel");
	if (sys_host_read("", &host))
		findings_unknown(f, "release", "procfs and sysfs cannot be read");
	else
		findings_ok(f, "release", "%s, %u CPUs, %.1f GiB", host.kernel, host.cpus,
			    (double)host.memory_bytes / (1 << 30));
}

static void examine(struct findings *f, const struct config *config)
{
	struct features features;
	struct btf *kernel;

	features_probe(&features, &kernel);
	check_privileges(f, permit_has);
	check_release(f);
	check_lockdown(f, "");
	check_kernel(f, &features);
	check_events(f, &features);
	check_load(f, &features, kernel, config->ring_bytes);
	btf__free(kernel);
	check_measurements(f, "");
	check_cgroups(f, "");
	check_acting(f, "", config);
	check_place(f, "", config->settings ? config->settings : SETTINGS_DEFAULT_PATH);
	check_io_uring(f, "");
	check_state_folders(f, "");
	check_disks(f, "");
}

int cmd_doctor(const struct config *config)
{
	cleanup_free struct findings *f = calloc(1, sizeof(*f));
	struct page page;

	if (!f) {
		log_err("out of memory");
		return EXIT_UNSUPPORTED;
	}
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN); /* a closed stdout is an error to report */
	examine(f, config);
	page = choose_page(stdout);
	printf("accel-agent %s\n", ACCEL_AGENT_VERSION);
	findings_print(f, &page);
	if (fflush(stdout) || ferror(stdout)) {
		log_err("stdout cannot be written: %s", strerror(errno));
		return EXIT_REPORT;
	}
	return findings_status(f);
}
