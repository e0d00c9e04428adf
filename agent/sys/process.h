/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* Processes, as procfs shows them. Names and arguments are chosen by the processes: not safe to print as they are. */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sys_cpu_set;

/* What /proc/PID/stat says. */
struct sys_process_stat {
	pid_t pid;
	pid_t parent;
	pid_t group; /* process group; 0: none that we can name, or it is about to end */
	char state; /* 'R', 'S', 'D', 'Z', ... */
	bool kernel_thread;
	char comm[16];
	uint32_t threads;
	uint64_t start_ticks; /* after boot: tells two processes with the same pid apart */
	uint32_t cpu; /* that it is on, runs or ran on last */
};

#define SYS_ARGV_MAX 4096

struct sys_process {
	struct sys_process_stat stat;
	char exe[256]; /* basename of the executable; "": none, or it may not be read */
	char argv[SYS_ARGV_MAX + 1]; /* arguments, each ends with a NUL; one more NUL follows the last one */
	size_t argv_len; /* without that one; 0 for kernel threads and zombies */
	bool argv_cut; /* there were more than SYS_ARGV_MAX bytes */
};

/*
 * Parses the text of /proc/PID/stat; comm may hold blanks, parentheses and newlines. Returns 0 or -EINVAL.
 */
int sys_process_stat_parse(const char *text, size_t len, struct sys_process_stat *ret);

/*
 * Reads all of one process (never parts of two, if the pid is used again meanwhile). Returns 0, -ENOENT or -ESRCH (no
 * such process), or -errno.
 */
int sys_process_read(const char *root, pid_t pid, struct sys_process *ret);

/*
 * Writes the arguments with blanks between them to ret, safe to print, "..." at the end if they do not fit; the name in
 * brackets if there are none. size is at least 32.
 */
void sys_process_command_line(const struct sys_process *process, char *ret, size_t size);

/*
 * Lists the pids of all processes, in no order. The caller frees *ret_pids. Returns 0 or -errno.
 */
int sys_process_list(const char *root, pid_t **ret_pids, size_t *ret_count);

/*
 * Reads the stat line of a thread, or of a process's first one, which has the process's own. Not
 * /proc/PID/stat: for that the kernel goes through all its threads, to add up times that nobody asks for here. Returns 0, -ENOENT or -ESRCH (no such process), or -errno.
 */
int sys_process_stat_read(const char *root, pid_t pid, struct sys_process_stat *ret);

/*
 * Reads when a process started, in clock ticks after boot. Returns 0, -ENOENT or -ESRCH (no such process), or -errno.
 */
int sys_process_start_time(const char *root, pid_t pid, uint64_t *ret_ticks);

/*
 * The pid of the process that a pidfd holds. Returns 0; -ESRCH if it is gone, or in none of the namespaces that we see;
 * -EINVAL if it is no pidfd; or -errno.
 */
int sys_process_of(const char *root, int pidfd, pid_t *ret);

#endif /* SYS_PROCESS_H */
