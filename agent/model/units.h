/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Numbers as people read them: three digits and a unit. */
#ifndef UNITS_H
#define UNITS_H

#include <stdint.h>

#define UNITS_LEN 32

/* A buffer that lives as long as the block around it: units_seconds(UNITS_BUF, 1.5) */
#define UNITS_BUF ((char[UNITS_LEN]){ 0 })

/*
 * Each writes its number to ret and returns ret. A NAN is written as "unknown", never as a number.
 */
const char *units_seconds(char ret[UNITS_LEN], double seconds); /* "250 us", "3.20 ms", "12.3 s", "10 min 05 s" */
const char *units_bytes(char ret[UNITS_LEN], uint64_t bytes); /* "512 B", "1.5 MiB" */
const char *units_count(char ret[UNITS_LEN], uint64_t count); /* "12,345" */
const char *units_percent(char ret[UNITS_LEN], double share); /* 0 to 1: "0.4 %", "45 %" */
const char *units_cpus(char ret[UNITS_LEN], double cpus); /* "0.25", "1.5", "2" */

#endif /* UNITS_H */
