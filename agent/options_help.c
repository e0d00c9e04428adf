/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* What --help says. */
#include "options.h"

void options_usage(FILE *out)
{
	fputs("usage: accel-agent [OPTIONS] --app NAME [--app NAME]...\n"
	      "       accel-agent [OPTIONS] --pid PID | --cgroup PATH\n"
	      "       accel-agent [OPTIONS] -- COMMAND [ARG]...\n"
	      "       accel-agent doctor\n",
	      out);
}

void options_help(FILE *out)
{
	options_usage(out);
	fputs("\n"
	      "Follows an app in the kernel and reports where its wall time goes: ranked bottlenecks, each\n"
	      "with its evidence and with what would help. Needs root. This version only observes: it\n"
	      "changes nothing on the machine.\n"
	      "\n"
	      "What to follow (one of these kinds):\n"
	      "  -a, --app NAME        the program, or the script that an interpreter runs, by its file name\n"
	      "                        without the folder; globs allowed; may be given up to 64 times.\n"
	      "                        Follows what runs now, or waits until it starts\n"
	      "  -p, --pid PID         a running process and its descendants\n"
	      "      --cgroup PATH     every process of a cgroup\n"
	      "  -- COMMAND [ARG]...   start COMMAND and follow it; its exit status becomes ours. It has the\n"
	      "                        same stdout as the report: keep them apart with -o\n"
	      "\n"
	      "When to report:\n"
	      "  -d, --duration SEC    report after SEC seconds (default: when the app ends, or Ctrl-C);\n"
	      "                        COMMAND is left to finish\n"
	      "  -i, --interval SEC    an interim report every SEC seconds\n"
	      "\n"
	      "The report:\n"
	      "  -f, --format FORMAT   text (default) or json\n"
	      "  -o, --output FILE     write to FILE, replacing it in one step (default: stdout)\n"
	      "  -q, --quiet           only errors on stderr\n"
	      "  -v, --verbose         more on stderr\n"
	      "\n"
	      "Changes (checked, but without effect in this version):\n"
	      "  -n, --dry-run         change nothing\n"
	      "      --only LIST       allow only these actions: cpu,memory,io,prefetch\n"
	      "      --without LIST    allow all actions but these\n"
	      "      --on-exit WHAT    restore (default) or keep what was changed\n"
	      "\n"
	      "Other:\n"
	      "  -c, --config FILE     settings file (default: /etc/accel-agent.conf, if it exists)\n"
	      "      --ring-size KIB   each event buffer: a power of two from 4 to 16384 (default: 256)\n"
	      "  -h, --help            this text\n"
	      "  -V, --version         the version\n"
	      "\n"
	      "Commands:\n"
	      "  doctor                what this kernel, machine and container allow, line by line\n"
	      "\n"
	      "Examples:\n"
	      "  accel-agent -- make -j8             start a build, report when it ends\n"
	      "  accel-agent --app ninja             wait for ninja, follow it, report when it ends\n"
	      "  accel-agent -a 'test_*' -d 60       every app with such a name, for a minute\n"
	      "  accel-agent -f json -o r.json -p 42 process 42 and its descendants, as JSON\n"
	      "\n"
	      "Exit status: 0 report written; with -- COMMAND, the command's own; 2 wrong command line or\n"
	      "settings; 3 the kernel or container lacks something; 4 not permitted; 5 report not written.\n",
	      out);
}
