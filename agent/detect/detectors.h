/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Every detector, one a file. */
#ifndef DETECTORS_H
#define DETECTORS_H

#include "detect/detect.h"

extern const struct detector detector_cpu_bound;
extern const struct detector detector_cpu_neighbour;
extern const struct detector detector_cpu_oversubscribed;
extern const struct detector detector_cpu_quota;
extern const struct detector detector_cpu_steal;
extern const struct detector detector_disk_read;
extern const struct detector detector_disk_write;
extern const struct detector detector_page_fault;
extern const struct detector detector_memory_reclaim;
extern const struct detector detector_lock;
extern const struct detector detector_serial;
extern const struct detector detector_waiting;

#endif /* DETECTORS_H */
