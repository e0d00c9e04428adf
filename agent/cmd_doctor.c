// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copyright (c) 2026 The accel-agent authors */
#include "commands.h"
int cmd_doctor(const struct config *config)
{
	(void)config;
	return 0;
}
