/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/*
 * Maps and globals that the programs share. Each file compiles this; the linker folds the weak definitions into one, and
 * shared.bpf.c defines the globals.
 */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

#include "kernel.h"
#include "aa_record.h"
#include "aa_map.h"
#include "aa_use.h"

/* The apps, by index. Sized by the agent before it loads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AA_MAX_APPS);
	__type(key, __u32);
	__type(value, struct aa_app);
} apps SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AA_MAX_APPS);
	__type(key, __u32);
	__type(value, struct aa_counts);
} counts SEC(".maps") __weak;

/* The mark of a followed thread: there is one exactly for the threads that we follow. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct aa_thread);
} threads SEC(".maps") __weak;

/*
 * Most threads are not followed, and a byte for each pid says so in a tenth of the time that a look into their storage
 * takes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AA_PIDS / AA_PID_ROW); /* as many as the system has, when the agent loads */
	__type(key, __u32);
	__type(value, __u8[AA_PID_ROW]);
} marked SEC(".maps") __weak;

/* Marks where there is no task storage: bpf/plain.h. The agent has only those made that the kernel needs. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH); /* allocated at once: nothing may be allocated or freed in the scheduler */
	__uint(max_entries, AA_PLAIN_THREADS);
	__type(key, __u64);
	__type(value, struct aa_plain_thread);
} plain_threads SEC(".maps") __weak;

/* And the app of a thread group, for the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AA_PLAIN_THREADS);
	__type(key, __u32);
	__type(value, __u32);
} plain_apps SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AA_PLAIN_THREADS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct aa_plain_seed);
} plain_seeds SEC(".maps") __weak;

/* Set by the agent through a pidfd: this process belongs to app - 1 from its next exec, or from the next scan, on. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct aa_seed);
} seeds SEC(".maps") __weak;

/* Records that must not be crowded out (life of processes, names) and records that come in floods. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} ring_life SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} ring_bulk SEC(".maps") __weak;

extern struct aa_control aa_control;
extern const volatile struct aa_config aa_config;
extern struct aa_first aa_first[AA_FIRSTS];
extern struct aa_plain_lock aa_plain_lock[AA_PLAIN_LOCKS];
extern struct aa_use_state aa_use;

#endif /* BPF_MAPS_H */
