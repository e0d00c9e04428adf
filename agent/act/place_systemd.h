/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* place.h's part where systemd manages the control groups: what place->systemd says. */
#ifndef PLACE_SYSTEMD_H
#define PLACE_SYSTEMD_H

#include "act/place.h"

/*
 * Whether what is to be changed for home (its own group, or with ours a new one beside it; below it, if home is the
 * root) is systemd's to change: *ret. Returns 0; -EBUSY (it is inside a unit that was not delegated) or -errno (it is
 * systemd's, who cannot be asked), with the reason in why.
 */
int place_systemd_find(const char *root, const struct sys_cgroup *home, bool ours, bool *ret, char why[PLACE_WHY]);

/*
 * Whether the hierarchy has the controller at all, and so systemd to give. Returns 0, or -ENOENT with why.
 */
int place_systemd_controller(const struct sys_cgroup *home, const char *controller, char why[PLACE_WHY]);

/*
 * place_make() and place_enable(). The scope has one process, a child of this one that sleeps: with it the scope is
 * there before the app's first process comes, and after its last one has gone. It ends with this process.
 */
int place_systemd_make(struct place *place, struct journal *journal, char why[PLACE_WHY]);
int place_systemd_enable(const struct place *place, const char *controller, struct journal *journal,
			 char why[PLACE_WHY]);

#endif /* PLACE_SYSTEMD_H */
