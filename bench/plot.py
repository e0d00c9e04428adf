# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""One picture for each section: how much of its limit each figure takes."""
try:
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
except ImportError:
    pyplot = None

PACKAGE = "python3-matplotlib"
MET, MISSED = "#4c8c5a", "#b5483c"


def shares(figures):
    """(name, share of the limit, whether it is met) of the figures that have a share."""
    return [(name, float(share), verdict == "met") for name, _, _, share, verdict in figures if share]


def can_draw():
    return pyplot is not None


def draw(title, figures, machine, path):
    """Draws the shares of the limits as bars, and the limit as a line. Returns False if there is nothing to draw."""
    rows = shares(figures)
    if not rows:
        return False
    names, values, met = zip(*reversed(rows))
    plain = [name.replace("`", "").replace("$", r"\$") for name in names]
    figure, axes = pyplot.subplots(figsize=(10, 1.2 + 0.35 * len(rows)), layout="constrained")
    axes.barh(plain, values, color=[MET if good else MISSED for good in met])
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlim(0, max(1.25, 1.05 * max(values)))
    axes.set_xlabel("share of the limit, or of the least that is asked for; the line is the limit\n" + machine,
                    fontsize=8)
    axes.set_title(title)
    figure.savefig(path)
    pyplot.close(figure)
    return True
