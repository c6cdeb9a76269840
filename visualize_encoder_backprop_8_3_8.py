"""Pictures of the 8-3-8 encoder: how a run learned, what it learned, and how many seeds do.

It also holds the house look of all pictures of this project. A drawing function takes an Axes and data, and returns a
`Drawing` if the picture can move, so that the animations draw with the same functions.

    python3 visualize_encoder_backprop_8_3_8.py --seed 0 --outdir viz                  # one run
    python3 visualize_encoder_backprop_8_3_8.py --seed 0 --outdir viz --seeds 0-999    # and a sweep
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

import encoder_backprop_8_3_8 as encoder
import sweep
from encoder_backprop_8_3_8 import binary_codes, hidden_code_table

# -------------------------------------------------------------------------------------------------- the house look

WIDTH, DPI = 9.0, 150  # of every picture, in inches and pixels an inch
INK, GREY, FAINT = "#222222", "#767676", "#dddddd"
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"  # after Okabe and Ito (2008)
PATTERN_COLOURS = (BLUE, ORANGE, GREEN, VERMILLION, "#56B4E9", "#CC79A7", "#F0E442", "#000000")
POSITIVE, NEGATIVE = VERMILLION, BLUE  # as at the two ends of the colour map of the weights
WEIGHT_MAP, AMOUNT_MAP = "RdBu_r", "Blues"
STYLE = {  # the context in which figures are both made and saved, `matplotlib.rc_context(STYLE)`
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 9.5),
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "hatch.color"), "white"),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon", "lines.scale_dashes"), False),
    **dict.fromkeys(("axes.axisbelow", "axes.grid"), True),
    "axes.titlepad": 8,
    "axes.edgecolor": GREY,
    "axes.titlelocation": "left",
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.8,
    "agg.path.chunksize": 10000,
}
MOST_WEIGHT = 1e100  # that can be drawn
NEAR = 0.05  # how near to 0 or 1 the source says all hidden activations are


@dataclass(frozen=True)
class Drawing:
    """What of a drawing can move.

    Attributes:
        artists: in the order in which they are drawn.
        update: takes other data in the place of that which was drawn; which, the drawing function says.
    """

    artists: list
    update: Callable


def new_figure(height, title="", width=WIDTH, dpi=DPI):
    """An empty figure of this size in inches, that needs no display; the title goes to its upper left corner."""
    figure = FigureCanvasAgg(Figure(figsize=(width, height), dpi=dpi)).figure
    figure.text(0.2 / width, 1 - 0.15 / height, title, fontsize=13, fontweight="bold", va="top")
    return figure


def place(figure, left, bottom, width, height):
    """New Axes in a figure, at this place in inches from the lower left corner."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def as_number(value):
    """A weight as text that is never long: -12.3, or 1e+20."""
    text = f"{round(value, 1) + 0.0:.1f}" if abs(value) < 1000 else f"{value:.0e}"
    return text.replace("-", "\N{MINUS SIGN}")


def readable_on(colour):
    """Dark or white ink, whichever can be read on these colours, (..., 4) red, green, blue and alpha from 0 to 1."""
    return np.where(colour[..., :3] @ (0.299, 0.587, 0.114) < 0.5, "white", INK)


INKS = readable_on(matplotlib.colors.to_rgba_array(PATTERN_COLOURS))  # in which numbers stand on these


# ------------------------------------------------------------------------------------------------------- drawing


def draw_heat_map(ax, values, colours, low, high, as_text=None):
    """Draw a table of numbers as coloured cells, the first row on top.

    Args:
        ax: an Axes.
        values: (rows, columns).
        colours: a colour map's name; its ends stand for `low` and `high`.
        as_text: makes the text in a cell from its value; None leaves the cells empty.

    Returns:
        A `Drawing`, whose update takes other values.
    """
    rows, columns = values.shape
    mesh = ax.pcolormesh(values, cmap=colours, vmin=low, vmax=high, edgecolors="white", linewidth=1)
    style = {"ha": "center", "va": "center_baseline", "fontsize": 9.5}
    labels = [ax.text(x + 0.5, y + 0.5, "", **style) for y, x in np.ndindex(values.shape) if as_text]
    ax.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal")
    ax.set_xticks(np.arange(columns) + 0.5, range(columns))
    ax.set_yticks(np.arange(rows) + 0.5, range(rows))
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)

    def update(values):
        mesh.set_array(values)
        inks = readable_on(mesh.cmap(mesh.norm(values)))
        for label, value, ink in zip(labels, np.ravel(values), np.ravel(inks), strict=bool(labels)):
            label.set(text=as_text(value), color=ink)

    update(values)
    return Drawing([mesh, *labels], update)


def draw_weights(ax, weights, scale, as_text=as_number):
    """Draw a matrix of weights as a heat map whose colours run from -scale to scale; a `Drawing` as `draw_heat_map`."""
    return draw_heat_map(ax, weights, WEIGHT_MAP, -scale, scale, as_text)


def draw_colour_bar(figure, drawing, ax, label, **options):
    """Show in its own Axes what the colours of a heat map stand for."""
    bar = figure.colorbar(drawing.artists[0], cax=ax, **options)
    bar.set_label(label)
    bar.outline.set_visible(False)
    ax.grid(False)


def draw_curve(ax, x, y, colour, **options):
    """Draw a curve.

    Args:
        ax: an Axes.
        x, y: (n,); what is not finite, or not above 0 on a log axis, is left out.
        colour: of the curve.
        options: of `Axes.plot`.

    Returns:
        A `Drawing`, whose update takes how many points of the curve to show; its end gets a dot.
    """
    line, end = *ax.plot(x, y, color=colour, **options), *ax.plot([], [], "o", color=colour, markersize=5)

    def update(n):
        line.set_data(x[:n], y[:n])
        end.set_data(x[n - 1 : n], y[n - 1 : n])

    update(len(x))
    return Drawing([line, end], update)


def draw_log_curve(ax, x, y, colour, **options):
    """Draw a curve as `draw_curve` does on a log axis, without what is not above 0."""
    y = np.where(np.isfinite(y) & (y > 0), y, np.nan)
    if not np.isnan(y).all():
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
    return draw_curve(ax, x, y, colour, **options)


def mark_solved(ax, solved, label=""):
    """Mark with a dashed line when the run was solved, if it was; the label stands beside the line's upper end."""
    if solved is not None:
        ax.axvline(solved, color=INK, linestyle=(0, (4, 3)), linewidth=1)
        style = {"ha": "right", "va": "top", "backgroundcolor": "white"}
        ax.annotate(label, (solved, 0.97), (-5, 0), ("data", "axes fraction"), "offset points", **style)


VIEW = np.array([[0.906, 0.423, 0.0], [-0.131, 0.280, 0.951], [0.403, -0.862, 0.309]])  # right, up, towards the eye
CORNERS = np.array(list(np.ndindex(2, 2, 2)), float)
EDGES = [(a, b) for a in range(8) for b in range(a) if np.abs(CORNERS[a] - CORNERS[b]).sum() == 1]
LABEL_PLACES = ((-20, -8), (-22, 6), (-17, 10), (-6, 16), (13, -17), (-15, 16), (21, -10), (20, 8))  # in points
DISTANCE = 6.0  # of the eye from the middle of the cube


def project(points):
    """Where points of the unit cube, (..., 3), are seen in the picture, (..., 2)."""
    right, up, towards = np.moveaxis((points - 0.5) @ VIEW.T, -1, 0)
    return np.stack([right, up], axis=-1) * (DISTANCE / (DISTANCE - towards))[..., None]


def draw_cube_frame(ax):
    """Draw the edges of the unit cube, those at its back dashed, with its corners' codes and its axes."""
    back = np.argmin(CORNERS @ VIEW[2])
    for a, b in EDGES:
        dashes, colour = ((0, (3, 3)), "#b0b0b0") if back in (a, b) else ("-", GREY)
        ax.plot(*project(CORNERS[[a, b]]).T, color=colour, linestyle=dashes, linewidth=1.2, zorder=1)
    ax.set(xlim=(-0.88, 0.88), ylim=(-0.86, 0.86), aspect="equal")
    ax.set_axis_off()
    for corner, (across, up) in zip(CORNERS, LABEL_PLACES, strict=True):
        code = "".join(str(int(bit)) for bit in corner)
        style = {"color": GREY, "ha": "center", "va": "center", "family": "DejaVu Sans Mono", "zorder": 1}
        ax.annotate(code, project(corner), (across, up), textcoords="offset points", **style)
    for unit, (start, shift) in enumerate((((0, 0, 0), (-6, -24)), ((1, 0, 0), (20, -15)), ((0, 0, 0), (-18, 0)))):
        along = project(np.array([start, start + np.eye(3)[unit]]))
        style = {"ha": "center", "va": "center", "rotation": np.degrees(np.arctan2(*(along[1] - along[0])[::-1]))}
        text = f"hidden unit {unit} \N{RIGHTWARDS ARROW}"
        ax.annotate(text, along.mean(axis=0), shift, textcoords="offset points", **style)


def draw_cube(ax, hidden, size=17.0):
    """Draw hidden vectors in the unit cube, each with its pattern's number and a line to the corner it rounds to.

    Args:
        ax: an Axes with a cube, see `draw_cube_frame`.
        hidden: (8, 3), the hidden activations of the patterns.
        size: of the dots, in points.

    Returns:
        A `Drawing`, whose update takes (n, 8, 3): the hidden activations at n times, the last of them now. The earlier
        ones are drawn as a fading trail.
    """
    trail = ax.add_collection(LineCollection([], linewidths=2.2, zorder=2), autolim=False)
    leaders = LineCollection([], colors=INK, linewidths=1.4, linestyles=(0, (1.5, 2.2)), zorder=2)
    ax.add_collection(leaders, autolim=False)
    rgb = matplotlib.colors.to_rgba_array(PATTERN_COLOURS)
    dots, numbers = [], []
    for pattern, (colour, ink) in enumerate(zip(PATTERN_COLOURS, INKS, strict=True)):
        style = {"color": colour, "markersize": size, "markeredgecolor": "white", "markeredgewidth": 1}
        dots += ax.plot([], [], "o", **style, zorder=3)
        style = {"color": ink, "ha": "center", "va": "center_baseline", "fontsize": 0.62 * size, "fontweight": "bold"}
        numbers.append(ax.text(0, 0, str(pattern), **style, zorder=3))

    def update(path):
        spots = project(path)
        trail.set_segments(np.stack([spots[:-1], spots[1:]], axis=2).reshape(-1, 2, 2))
        age = np.repeat(np.linspace(0.05, 0.6, len(path) - 1), len(rgb))
        trail.set_color(np.column_stack([np.tile(rgb[:, :3], (len(path) - 1, 1)), age]))
        leaders.set_segments(np.stack([spots[-1], project((path[-1] > 0.5).astype(float))], axis=1))
        for (x, y), dot, number in zip(spots[-1], dots, numbers, strict=True):
            dot.set_data([x], [y])
            number.set_position((x, y))

    update(hidden[None])
    return Drawing([trail, leaders, *chain(*zip(dots, numbers, strict=True))], update)


def draw_time_histogram(ax, times, cap, missing, unit):
    """Draw how long the solved runs of a sweep took, times (n,), and how many are missing, not solved by `cap`."""
    times = np.maximum(times, 1)
    least, most = (times.min(), max(times.max(), times.min() * 2)) if len(times) else (cap / 100, cap)
    counts, _, _ = ax.hist(times, np.geomspace(least, most * 1.0001, 25), color=BLUE, edgecolor="white", linewidth=0.5)
    ticks = [base * 10**power for power in range(19) for base in (1, 2, 5) if least * 0.9 <= base * 10**power <= most]
    names = [f"{tick:,}" for tick in ticks]
    if missing:
        width = (most / least) ** 0.05
        start = max(most, cap) * width**1.5
        ax.bar(start, missing, width * start - start, align="edge", color=GREY, hatch="///", linewidth=0)
        ax.text(start * width**0.5, missing, f"{missing:,}", ha="center", va="bottom", fontweight="bold")
        ticks, names = [*ticks, start * width**0.5], [*names, f"not solved\nin {cap:,}"]
    ax.set_xscale("log")
    ax.set_xticks(ticks, names)
    ax.minorticks_off()
    ax.set(xlabel=f"{unit} to solve (log axis)", ylabel="runs", ylim=(0, max(*counts, missing, 1) * 1.12))
    ax.grid(axis="x", visible=False)


def mark_time(ax, time, label):
    """Mark a time in a histogram with a line and a label."""
    ax.axvline(time, color=VERMILLION, linewidth=1.5)
    style = {"color": VERMILLION, "va": "top", "backgroundcolor": "white"}
    ax.annotate(label, (time, 0.98), (6, 0), ("data", "axes fraction"), "offset points", **style)


# ------------------------------------------------------------------------------------------------ pictures of a run


def outcome(run, unit="epoch"):
    """How a run ended, in words."""
    if run.solved_epoch is None:
        return f"not solved in {run.epoch:,} {unit}s"
    return f"solved at {unit} {run.solved_epoch:,}"


def training_curves(run):
    """Loss, accuracy, distinct codes and weight norm of every epoch of a run, a Figure."""
    figure = new_figure(6.3, f"8-3-8 encoder, seed {run.seed}: {outcome(run)}")
    panels = [place(figure, x, y, 3.65, 2.15) for y in (3.45, 0.6) for x in (0.75, 5.15)]
    history, epochs = run.history, run.history["epoch"]
    entropy = run.network.loss_name == "cross-entropy"
    draw_log_curve(panels[0], epochs, history["loss"], VERMILLION)
    draw_curve(panels[1], epochs, 100 * history["accuracy"], BLUE)
    draw_curve(panels[2], epochs, history["distinct_codes"], GREEN, drawstyle="steps-post")
    draw_curve(panels[3], epochs, history["weight_norm"], ORANGE)
    panels[0].set(title="Loss", ylabel="cross-entropy (nats, log axis)" if entropy else "½ squared error (log axis)")
    panels[1].set(title="Reconstruction accuracy", ylabel="% of the 8 patterns", ylim=(0, 105))
    panels[2].set(title="Distinct codes", ylabel="of 8 possible", ylim=(0, 8.4), yticks=range(9))
    panels[3].set(title="Weight norm", ylabel="‖W1‖ + ‖W2‖ (Frobenius)", ylim=(0, None))
    for ax in panels:
        ax.set(xlim=(0, run.epoch * 1.03), xlabel="epoch" if ax in panels[2:] else "")
        mark_solved(ax, run.solved_epoch, "solved" if ax is panels[0] else "")
    return figure


def weights(run):
    """Both layers of weights as heat maps on one scale, each pattern's code beside its row, a Figure."""
    network, codes = run.network, binary_codes(hidden_code_table(run.network))
    figure = new_figure(6.2, f"Weights of the 8-3-8 encoder, seed {run.seed}, after {run.epoch:,} epochs")
    scale, cell = np.abs(network.parameters[:, 0]).max() or 1.0, 0.52
    tables = {
        "W1": (0.95, 1.1, network.W1[..., 0]),
        "b1": (0.95, 0.45, network.b1.T),
        "W2": (4.3, 1.1 + 5 * cell, network.W2[..., 0]),
        "b2": (4.3, 0.45 + 5 * cell, network.b2.T),
    }
    axes = {}
    for name, (left, bottom, table) in tables.items():
        axes[name] = place(figure, left, bottom, table.shape[1] * cell, table.shape[0] * cell)
        drawing = draw_weights(axes[name], table, scale)
        axes[name].set_xticks([]) if name in ("W1", "W2") else axes[name].set_yticks([0.5], ["bias"])
    axes["W1"].set(title="W1, input to hidden", ylabel="pattern (= input unit)")
    axes["b1"].set(xlabel="hidden unit")
    axes["W2"].set(title="W2, hidden to output", ylabel="hidden unit")
    axes["b2"].set(xlabel="output unit (= pattern), and the pattern's code")
    axes["b2"].set_xticks(np.arange(8) + 0.5, [f"{pattern}\n{code:03b}" for pattern, code in enumerate(codes)])
    axes["W1"].text(3.2, -0.17, "code", fontsize=11)
    for pattern, code in enumerate(codes):
        axes["W1"].text(3.2, pattern + 0.5, f"{code:03b}", va="center", family="DejaVu Sans Mono", fontsize=11)
    note = "A pattern's row of W1 plus the biases is what the\nhidden units get; where it is above 0, its code has a 1."
    figure.text(4.3 / 9, 1.8 / 6.2, note, linespacing=1.4, va="center")
    bar = place(figure, 4.3, 0.95, 8 * cell, 0.18)
    draw_colour_bar(figure, drawing, bar, "weight (one scale for both layers)", orientation="horizontal")
    return figure


def hidden_codes_3cube(run):
    """The hidden vectors of the patterns in the unit cube, a Figure."""
    hidden = hidden_code_table(run.network)
    figure = new_figure(6.2, f"Hidden codes of the 8-3-8 encoder, seed {run.seed}, after {run.epoch:,} epochs")
    cube, key = place(figure, 0.1, 0.0, 5.9, 5.77), place(figure, 6.1, 0.6, 2.8, 4.8)
    draw_cube_frame(cube)
    draw_cube(cube, hidden)
    key.set(xlim=(0, 2.8), ylim=(4.8, 0))
    key.set_axis_off()
    note = "A dot is the hidden vector of one\npattern; the dotted line leads to\nthe corner it rounds to."
    key.text(0, 0.1, note, va="top", linespacing=1.4)
    for x, heading in ((0, "pattern"), (0.75, "hidden vector"), (2.3, "code")):
        key.text(x, 1.3, heading, color=GREY, va="center", fontsize=9.5)
    for pattern, (vector, code) in enumerate(zip(hidden, binary_codes(hidden), strict=True)):
        y, mono = 1.65 + 0.34 * pattern, {"family": "DejaVu Sans Mono", "va": "center_baseline"}
        key.plot([0.25], [y], "o", color=PATTERN_COLOURS[pattern], markersize=15)
        key.text(0.25, y, str(pattern), ha="center", va="center_baseline", fontweight="bold", color=INKS[pattern])
        key.text(0.75, y, "  ".join(f"{a:.2f}" for a in vector), **mono)
        key.text(2.3, y, f"{code:03b}", **mono)
    return figure


def code_table(run):
    """The hidden activations beside the codes they round to; activations far from 0 and 1 are framed. A Figure."""
    hidden = hidden_code_table(run.network)
    codes, pairs = binary_codes(hidden), encoder.colliding_pairs(hidden)
    undecided = np.argwhere((hidden > NEAR) & (hidden < 1 - NEAR))
    figure = new_figure(6.2, f"Code table of the 8-3-8 encoder, seed {run.seed}, after {run.epoch:,} epochs")
    raw, binary = place(figure, 0.8, 0.75, 3.9, 4.4), place(figure, 5.0, 0.75, 2.1, 4.4)
    activations = draw_heat_map(raw, hidden, AMOUNT_MAP, 0, 1, "{:.3f}".format)
    bits = draw_heat_map(binary, (codes[:, None] >> np.array([2, 1, 0])) & 1, AMOUNT_MAP, 0, 1, "{:d}".format)
    for ax, drawing in ((raw, activations), (binary, bits)):
        drawing.artists[0].set_edgecolor(FAINT)
        ax.set(aspect="auto", xlabel="hidden unit")
    frame = np.array([(0.03, 0.05), (0.97, 0.05), (0.97, 0.95), (0.03, 0.95), (0.03, 0.05)])
    raw.add_collection(
        LineCollection(frame + undecided[:, None, ::-1], colors=VERMILLION, linewidths=2.5), autolim=False
    )
    raw.set(title="Hidden activations", ylabel="pattern")
    binary.set(title="Binary code", yticks=[])
    for pattern, code in enumerate(codes):
        others = [str(a + b - pattern) for a, b in pairs if pattern in (a, b)]
        shared = f"  shared with {', '.join(others)}" if others else ""
        binary.text(3.15, pattern + 0.5, f"= {code}{shared}", va="center")
    note = f"framed: further than {NEAR} from 0 and from 1, {len(undecided)} of the {hidden.size} activations"
    figure.text(0.8 / 9, 5.55 / 6.2, note, color=VERMILLION, va="center")
    return figure


# ---------------------------------------------------------------------------------------------- pictures of a sweep


def epochs_to_solve(results, settings):
    """How many epochs the seeds of a sweep took, and how many were not solved, a Figure."""
    times = results["solved_epoch"][results["solved"]]
    figure = new_figure(4.4, f"8-3-8 encoder: {len(times):,} of {len(results):,} seeds solved")
    ax = place(figure, 0.8, 0.85, 7.9, 3.0)
    draw_time_histogram(ax, times, settings.epochs, len(results) - len(times), "epochs")
    if len(times):
        mark_time(ax, np.median(times), f"median of the solved runs: {np.median(times):,.10g}")
    return figure


def colliding_pairs(results, settings):
    """How often which two patterns share a code in the runs that end with 7 codes, a Figure."""
    runs = results[(results["distinct_codes"] == 7) & ~results["diverged"]]
    together = (runs["codes"][:, :, None] == runs["codes"][:, None, :]).sum(axis=0)
    counts = np.ma.masked_array(together, mask=np.triu(np.ones((8, 8), bool)))  # each pair once
    figure = new_figure(6.3, f"Which two patterns share a code, in {len(runs):,} runs that ended with 7 codes")
    ax = place(figure, 1.2, 0.65, 5.1, 5.1)
    draw_heat_map(ax, counts, AMOUNT_MAP, 0, max(counts.max(), 1), lambda n: "" if n is np.ma.masked else f"{n:d}")
    ax.set(xlabel="pattern", ylabel="pattern")
    mean = len(runs) / 28
    note = (
        "A cell counts the runs in which\nthe patterns of its row and column\nend with the same code.\n\n"
        f"If all 28 pairs were equally likely,\neach would have {mean:.1f} runs\n"
        f"(standard deviation {np.sqrt(mean * 27 / 28):.1f}).\n\nFound: {counts.min()} to {counts.max()}\n"
        f"(standard deviation {counts.std():.1f})."
    )
    ax.text(4.6, 0.2, note, va="top", linespacing=1.4)
    return figure


# ------------------------------------------------------------------------------------------------ the command line


def trained(train_seed, seed, settings, snapshot_every=None):
    """The run of a seed with its history, and snapshots if asked for; ends the script if there is nothing to draw."""

    def watch(epoch, network):
        if epoch % 1000 == 0:
            sweep.show_progress(f"training: {epoch}")

    with np.errstate(all="ignore"):
        run = train_seed(seed, settings, True, snapshot_every, watch if sys.stderr.isatty() else None)
    sweep.show_progress()
    if run.diverged or np.abs(run.network.parameters[:, 0]).max() > MOST_WEIGHT:
        sys.exit(f"seed {seed} diverged: after {run.epoch} updates its weights are too large to be drawn")
    return run


def write_pictures(outdir, pictures, *data):
    """Draw figures and write each to a PNG file of its function's name, which appears whole or not at all."""
    os.makedirs(outdir, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        for draw in pictures:
            path = os.path.join(outdir, f"{draw.__name__}.png")
            sweep.show_progress(f"drawing {path}")
            figure = draw(*data)
            with sweep.replacing(path) as file:
                figure.canvas.print_png(file, metadata={"Software": None})
            sweep.show_progress()
            print(path, flush=True)


def visualize(experiment, description, seed, run_pictures, sweep_pictures, argv=None):
    """The command line of a visualize script.

    Args:
        experiment, description, seed: the module that trains, the first line of --help, and the default seed.
        run_pictures: functions that make a Figure of a run.
        sweep_pictures: functions that make a Figure of the results of a sweep and its settings.
        argv: the arguments; None takes those of this process.
    """
    parser = sweep.picture_parser(description, experiment.Settings, seed)
    add, count = parser.add_argument, sweep.whole_number(1, 1024)
    add("--outdir", type=sweep.output_folder, default="viz", metavar="DIR", help="of the pictures (default: viz)")
    add("--seeds", type=sweep.seed_range, metavar="A-B", help="draw a sweep over these seeds, too (default: none)")
    add("--workers", type=count, metavar="N", help="processes of the sweep (default: what is fastest here)")
    parser.set_defaults(csv=None)
    arguments = parser.parse_args(argv)
    settings = sweep.settings_to_draw(parser, arguments, experiment.Settings)
    try:
        for draw in (*run_pictures, *sweep_pictures) if os.path.isdir(arguments.outdir) else ():
            sweep.output_file(os.path.join(arguments.outdir, f"{draw.__name__}.png"))
    except argparse.ArgumentTypeError as error:
        parser.error(f"argument --outdir: {error}")

    write_pictures(arguments.outdir, run_pictures, trained(experiment.train_seed, arguments.seed, settings))
    if arguments.seeds:
        results, _ = sweep.sweep_as_told(partial(experiment.sweep_seeds, settings=settings), arguments, (), ())
        write_pictures(arguments.outdir, sweep_pictures, results, settings)


RUN_PICTURES = training_curves, weights, hidden_codes_3cube, code_table
SWEEP_PICTURES = epochs_to_solve, colliding_pairs


def main(argv=None):
    """The command line."""
    visualize(encoder, __doc__.split("\n")[0], 0, RUN_PICTURES, SWEEP_PICTURES, argv)


if __name__ == "__main__":
    sys.exit(sweep.exit_code_of(main))
