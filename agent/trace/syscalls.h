/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What a thread waits for in each system call. */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include "aa_map.h"

/*
 * Fills table with the class (enum aa_syscall) of each system call number of this architecture.
 */
void syscalls_classify(__u8 table[AA_SYSCALLS]);

#endif /* SYSCALLS_H */
