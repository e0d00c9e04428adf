# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""Notes when the machine that all of this runs on stood still, as a virtual machine that was stopped for a while does."""
import threading
import time

LONGEST = 10  # seconds that a thread may wait for its turn; the kernel's soft lockup detector complains after 20


class Watch:
    """Looks at the clock each second, while it is entered."""

    def __init__(self):
        self.gaps = []  # (when it was over, seconds)
        self.leave = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.leave.set()
        self.thread.join()

    def look(self):
        last = time.monotonic()
        while not self.leave.wait(1):
            now = time.monotonic()
            if now - last > LONGEST:
                self.gaps.append((now, now - last))
            last = now

    def longest_since(self, begin):
        """Seconds of the longest standstill that was over after a time of time.monotonic(); 0 if there was none."""
        return max((seconds for end, seconds in list(self.gaps) if end >= begin), default=0)
