/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 The accel-agent authors */
/* serial CPU_SEC: one thread computes for so many CPU seconds while it has the machine to itself. */
#include "lib/work.h"

int main(int argc, char **argv)
{
	work_burn(work_seconds(argc, argv, 1, 1.0));
	return 0;
}
