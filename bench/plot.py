# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Copyright (c) 2026 The accel-agent authors
"""One picture for each section: the agent beside its peers and the limit, how costs grow, and how much of its limit each
figure takes."""
try:
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
except ImportError:
    pyplot = None

PACKAGE = "python3-matplotlib"
MET, MISSED = "#4c8c5a", "#b5483c"
AGENT, PEER, LIMIT = "#2f6690", "#b0b7bf", "#d9a441"
WIDTH, BAR_HEIGHT, CURVE_HEIGHT, MARGIN = 10, 0.3, 3.5, 1.2  # inches


def can_draw():
    return pyplot is not None


def plain(text):
    return text.replace("`", "").replace("$", r"\$")


def bars_of(row):
    """(label, value, colour) of a row: the agent, its peers, the limit."""
    ret = [("agent", row["agent"], AGENT)] + [(name, value, PEER) for name, value in row["peers"].items()]
    return ret + ([("limit: " + row["limit"]["name"], row["limit"]["value"], LIMIT)] if row["limit"] else [])


def draw_rows(axes, rows):
    """Values of a row relative to the agent's: rows have different units."""
    place, places, labels = 0, [], []
    for row in rows:
        axes.text(0, place, plain(f"{row['what']} (agent: {row['cells'][1]})"), va="center", fontsize=8, weight="bold")
        for label, value, colour in bars_of(row):
            place += 1
            share = value / row["agent"] if row["agent"] else 0
            axes.barh(place, share, color=colour)
            axes.text(share, place, f" {share:.2f}", va="center", fontsize=7)
            places.append(place)
            labels.append(plain(label))
        place += 1.5
    axes.set_yticks(places, labels, fontsize=7)
    axes.set_ylim(place - 0.5, -0.8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("as a multiple of the agent's value", fontsize=8)


def draw_curve(axes, curve):
    for name, points in curve["series"].items():
        x, middle, low, high = zip(*points)
        errors = [[max(0, m - l) for m, l in zip(middle, low)], [max(0, h - m) for m, h in zip(middle, high)]]
        axes.errorbar(x, middle, yerr=errors, marker="o", capsize=3, label=plain(name))
    axes.set_xscale("log")
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    axes.set_xlabel(plain(curve["x"]), fontsize=8)
    axes.set_ylabel(plain(curve["y"]), fontsize=8)
    axes.set_title(plain(curve["title"]), fontsize=9)
    axes.legend(fontsize=7)


def draw_figures(axes, figures):
    names, shares, met = zip(*reversed(figures))
    axes.barh([plain(name) for name in names], shares, color=[MET if good else MISSED for good in met])
    axes.tick_params(axis="y", labelsize=7)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlim(0, max(1.25, 1.05 * max(shares)))
    axes.set_xlabel("share of what is allowed, or of the least that is asked for; the line is that", fontsize=8)


def panels(section):
    """(height, function that draws) of what a section has, as Section.data() gives it."""
    figures = [(f["name"], float(f["share"]), f["verdict"] == "met") for f in section["figures"] if f["share"]]
    ret = []
    if section["rows"]:
        bars = sum(1.5 + len(bars_of(row)) for row in section["rows"])
        ret.append((MARGIN + BAR_HEIGHT * bars * 0.7, lambda axes: draw_rows(axes, section["rows"])))
    ret += [(CURVE_HEIGHT, lambda axes, curve=curve: draw_curve(axes, curve)) for curve in section["curves"]]
    if figures:
        ret.append((MARGIN + BAR_HEIGHT * len(figures), lambda axes: draw_figures(axes, figures)))
    return ret


def draw(section, path):
    """Draws what Section.data() has. Returns False if there is nothing to draw."""
    wanted = panels(section)
    if not wanted:
        return False
    heights = [height for height, _ in wanted]
    figure, axes = pyplot.subplots(len(wanted), 1, figsize=(WIDTH, sum(heights)), height_ratios=heights, squeeze=False,
                                   layout="constrained")
    for (_, paint), place in zip(wanted, axes[:, 0]):
        paint(place)
    figure.suptitle(f"{section['section']}\n{section['machine']}", fontsize=9)
    figure.savefig(path)
    pyplot.close(figure)
    return True
