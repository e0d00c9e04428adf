/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What the doctor looks at. Each check adds a group, or lines to the present one, and never fails. */
#ifndef CHECKS_H
#define CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doctor/finding.h"

struct btf;
struct features;

/*
 * Copies what stands in brackets in a line of choices ("none [mq-deadline] kyber\n") to ret. Returns 0, or -EINVAL if
 * nothing does, or it does not fit.
 */
int check_choice(const char *text, size_t len, char *ret, size_t size);

/* --- what the main job needs --- */

/*
 * has tells whether the process has a capability.
 */
void check_privileges(struct findings *f, bool (*has)(int capability));

void check_lockdown(struct findings *f, const char *root);
void check_kernel(struct findings *f, const struct features *features);
void check_events(struct findings *f, const struct features *features);

/*
 * Loads, attaches and closes the BPF side for one app, with rings of ring_bytes each; only if nothing that it needs
 * was found missing. kernel: what it says of its types.
 */
void check_load(struct findings *f, const struct features *features, const struct btf *kernel, uint32_t ring_bytes);

/* --- what can be changed --- */

struct config;

void check_acting(struct findings *f, const char *root, const struct config *config);

/* --- what reports and prefetching take from elsewhere --- */

void check_measurements(struct findings *f, const char *root);
void check_cgroups(struct findings *f, const char *root);
void check_place(struct findings *f, const char *root, const char *settings);
void check_io_uring(struct findings *f, const char *root);
void check_state_folders(struct findings *f, const char *root);
void check_disks(struct findings *f, const char *root);

#endif /* CHECKS_H */
