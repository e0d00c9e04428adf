/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* The BPF objects: which of their programs and maps this kernel gets, and how they are loaded. */
#ifndef TRACE_PROGRAMS_H
#define TRACE_PROGRAMS_H

#include <bpf/btf.h>
#include <linux/bpf.h>
#include <stdbool.h>

#include "aa_map.h"
#include "aa_use.h"
#include "trace/features.h"
#include "trace/tracer.h"

/* they name the types of the headers above */
#include "apps.skel.h"
#include "shared.skel.h"
#include "waits.skel.h"

/* What is not loaded yet is NULL. */
struct programs {
	struct shared_bpf *shared; /* maps and variables of both others */
	struct apps_bpf *apps; /* which threads are an app's, and which pages they look at */
	struct waits_bpf *waits; /* what they wait for */
};

/*
 * Loads them, attaches nothing; kernel: what the kernel says of its types. Returns 0; -EPERM if the caller may not;
 * -ENOTSUP if the verifier refuses a program (log_debug has its reasons); -ENOMEM; -errno. The caller ends with
 * programs_close(), in each case.
 */
int programs_load(const struct tracer_config *config, const struct features *features, const struct btf *kernel,
		  struct programs *ret);

/*
 * Attaches those that run all the time. Returns 0 or -errno.
 */
int programs_attach(struct programs *programs);

/*
 * Detaches and unloads. What was attached by others is theirs to detach, before.
 */
void programs_close(struct programs *programs);

/*
 * What the kernel knows of a loaded program. Returns whether it told.
 */
bool program_info(const struct bpf_program *program, struct bpf_prog_info *ret);

/*
 * Calls each with what the kernel knows of every program that is loaded.
 */
void programs_each_info(const struct programs *programs, void (*each)(void *context, const struct bpf_prog_info *info),
			void *context);

#endif /* TRACE_PROGRAMS_H */
