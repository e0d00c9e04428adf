// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
/*
 * What all programs share, by itself: the agent loads this first, without programs, and then the objects that have them,
 * at the same time. Each of those holds this file once more, and is given the maps that the first load made; sections of
 * their own have these variables lie the same way in all.
 */
#include "maps.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct aa_control aa_control SEC(".data.shared") = {};
struct aa_first aa_first[AA_FIRSTS] SEC(".data.shared") = {};
struct aa_plain_lock aa_plain_lock[AA_PLAIN_LOCKS] SEC(".data.shared") __attribute__((aligned(64))) = {};
struct aa_use_state aa_use SEC(".data.shared") = {};
const volatile struct aa_config aa_config SEC(".rodata.config") = {};
