"""Pictures of the 6-2-1 symmetry network: how a run learned, what it learned, and what 1000 seeds learn.

The look is that of `visualize_encoder_backprop_8_3_8`.

    python3 visualize_symmetry_6_2_1.py --seed 1 --outdir viz                  # one run
    python3 visualize_symmetry_6_2_1.py --seed 1 --outdir viz --seeds 0-999    # and a sweep
"""

import sys

import numpy as np
from matplotlib.collections import LineCollection

import sweep
import symmetry_6_2_1 as symmetry
from symmetry_6_2_1 import PAPER_SWEEPS, STRUCTURES
from visualize_encoder_backprop_8_3_8 import (
    BLUE,
    GREEN,
    GREY,
    INK,
    NEGATIVE,
    ORANGE,
    POSITIVE,
    VERMILLION,
    WEIGHT_MAP,
    Drawing,
    as_number,
    draw_colour_bar,
    draw_curve,
    draw_heat_map,
    draw_log_curve,
    draw_time_histogram,
    mark_solved,
    mark_time,
    new_figure,
    outcome,
    place,
    visualize,
)

PAIRS = {"outer pair (1, 6)": BLUE, "middle pair (2, 5)": ORANGE, "inner pair (3, 4)": GREEN}
MARKS = (BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (GREY, "x")
STRUCTURE_MARKS = dict(zip((*STRUCTURES, "other", "unsolved"), MARKS, strict=True))

# ------------------------------------------------------------------------------------------------------- drawing

INPUTS = np.array([(x, 0.0) for x in (-5, -3, -1, 1, 3, 5)])
HIDDEN, OUTPUT = np.array([(-3.0, 5.2), (3.0, 5.2)]), np.array([(0.0, 8.2)])
UNITS = np.concatenate([INPUTS, HIDDEN, OUTPUT])
CONNECTIONS = np.array([(i, 6 + j) for i in range(6) for j in range(2)] + [(6, 8), (7, 8)])  # as W1 and W2 in memory
SOLID, DASHED = "-", (0, (9, 4))
ALONG = np.array([0.19, 0.34] * 6 + [0.5, 0.5])  # where on its connection a weight is written


def parameters_of(network):
    """What `draw_network` draws of a network of one run: its weights (14,) and its biases (3,)."""
    weights = np.concatenate([network.W1[..., 0].ravel(), network.W2[..., 0].ravel()])
    return weights, np.concatenate([network.b1[:, 0], network.b2[:, 0]])


def draw_network(ax, weights, biases, scale, fontsize=9.5):
    """Draw a 6-2-1 network as the paper's Figure 1 does: weights beside their connections, biases inside the units.

    A positive weight has a solid red line, a negative one a dashed blue line; the wider, the larger.

    Args:
        ax: an Axes.
        weights: (14,), W1 and then W2 as they are in memory.
        biases: (3,), of the two hidden units and the output.
        scale: the size of a weight with the widest line.
        fontsize: of the numbers.

    Returns:
        A `Drawing`, whose update takes other weights and biases.
    """
    ends = UNITS[CONNECTIONS]  # (14, 2, 2)
    lines = LineCollection(ends, zorder=1)
    ax.add_collection(lines, autolim=False)
    (inputs,) = ax.plot(*INPUTS.T, "o", color="white", markeredgecolor=INK, markersize=2.1 * fontsize, zorder=2)
    (others,) = ax.plot(*UNITS[6:].T, "o", color="white", markeredgecolor=INK, markersize=4.2 * fontsize, zorder=2)
    style = {"ha": "center", "va": "center_baseline", "fontsize": fontsize, "zorder": 3}
    names = [ax.text(x, y, f"{i}", color=GREY, **style) for i, (x, y) in enumerate(INPUTS, 1)]
    inside = [ax.text(x, y, "", fontweight="bold", **style) for x, y in UNITS[6:]]
    spots = ends[:, 0] + ALONG[:, None] * (ends[:, 1] - ends[:, 0])
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    labels = [ax.text(x, y, "", bbox=box, **style) for x, y in spots]
    ax.set(xlim=(-6, 6), ylim=(-0.9, 9.3))
    ax.set_axis_off()

    def update(weights, biases):
        positive = weights > 0
        lines.set_linewidth(0.4 + 5 * np.abs(weights) / scale)
        lines.set_linestyle([SOLID if is_positive else DASHED for is_positive in positive])
        lines.set_color(np.where(positive, POSITIVE, NEGATIVE))
        for label, weight, is_positive in zip(labels, weights, positive, strict=True):
            label.set(text=as_number(weight), color=POSITIVE if is_positive else NEGATIVE)
        for text, bias in zip(inside, biases, strict=True):
            text.set_text(as_number(bias))

    update(weights, biases)
    return Drawing([lines, inputs, others, *names, *inside, *labels], update)


def draw_net_inputs(ax, net_hidden, palindrome):
    """Draw the net inputs of the two hidden units against each other, a dot for each vector.

    Args:
        ax: an Axes.
        net_hidden: (64, 2).
        palindrome: (64,), whether the vector is one.

    Returns:
        A `Drawing`, whose update takes other net inputs; the axes stay.
    """
    reach = 1.08 * max(np.abs(net_hidden).max(), 1e-300)
    ax.axhline(0, color=GREY, linewidth=1)
    ax.axvline(0, color=GREY, linewidth=1)
    style = {"markeredgecolor": "white", "markeredgewidth": 0.6}
    (others,) = ax.plot([], [], "o", color=BLUE, markersize=6, label="56 other vectors (many coincide)", **style)
    (palindromes,) = ax.plot([], [], "D", color=VERMILLION, markersize=9, label="8 palindromes", **style)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.set(xlabel="net input of the left hidden unit", ylabel="net input of the right hidden unit")

    def update(net_hidden):
        others.set_data(*net_hidden[~palindrome].T)
        palindromes.set_data(*net_hidden[palindrome].T)

    update(net_hidden)
    return Drawing([others, palindromes], update)


def draw_ratios(ax, results, names, size=5):
    """Draw the pair ratios of the runs whose structure is one of these names, a dot a run."""
    for name in names:
        rows, (colour, mark) = results[results["structure"] == name], STRUCTURE_MARKS[name]
        style = {"color": colour, "markersize": size, "linestyle": "none", "alpha": 0.6, "markeredgewidth": 0.5}
        ax.plot(rows["ratio_middle"], rows["ratio_largest"], mark, label=f"{name}: {len(rows):,}", **style)
        if name in STRUCTURES:
            ax.plot(*STRUCTURES[name], "+", color=INK, markersize=14, markeredgewidth=1.5)


# ------------------------------------------------------------------------------------------------ pictures of a run


def symmetry_network(run):
    """The network that was learned beside that of the paper's Figure 1, on the same scale, a Figure."""
    paper = symmetry.figure_1()
    figure = new_figure(5.9, f"6-2-1 symmetry network, seed {run.seed}, beside the network of 1986")
    scale = max(np.abs(network.parameters[:, 0]).max() for network in (run.network, paper))
    for left, network, title in (
        (0.15, run.network, f"Seed {run.seed}, {outcome(run, 'sweep')}"),
        (4.6, paper, f"Rumelhart, Hinton & Williams, {PAPER_SWEEPS:,} sweeps"),
    ):
        ax = place(figure, left, 0.55, 4.25, 4.45)
        draw_network(ax, *parameters_of(network), scale)
        ax.set_title(title, loc="center")
        ax.text(0, -0.85, "input units", ha="center", va="top", color=GREY)
    key = place(figure, 0, 0, 9, 0.5)
    key.set(xlim=(0, 9), ylim=(0, 0.5))
    key.set_axis_off()
    for x, colour, dashes, meaning in ((1.2, POSITIVE, SOLID, "positive"), (2.9, NEGATIVE, DASHED, "negative")):
        key.plot([x, x + 0.5], [0.25, 0.25], linestyle=dashes, color=colour, linewidth=2.5)
        key.text(x + 0.6, 0.25, meaning, va="center")
    key.text(4.6, 0.25, "width: size of the weight; in a circle: bias", va="center")
    return figure


def symmetry_training_curves(run):
    """Error, vectors that are right, pair ratios and norm of the hidden weights of every sweep of a run, a Figure."""
    figure = new_figure(6.3, f"6-2-1 symmetry network, seed {run.seed}: {outcome(run, 'sweep')}")
    panels = [place(figure, x, y, 3.65, 2.15) for y in (3.45, 0.6) for x in (0.75, 5.15)]
    history, sweeps = run.history, run.history["sweep"]
    draw_log_curve(panels[0], sweeps, history["error"], VERMILLION)
    draw_curve(panels[1], sweeps, history["correct"], BLUE)
    sizes = history["pair_magnitudes"]
    ratios = np.divide(sizes, sizes.min(axis=0), out=np.full_like(sizes, np.nan), where=sizes.min(axis=0) > 0)
    for (name, colour), ratio in zip(PAIRS.items(), ratios, strict=True):
        draw_curve(panels[2], sweeps, ratio, colour, label=f"{name}: {ratio[-1]:.2f}")
    draw_curve(panels[3], sweeps, history["weight_norm"], ORANGE)
    panels[0].set(title="Error", ylabel="½ Σ (output \N{MINUS SIGN} target)² (log axis)")
    panels[1].set(title="Correct vectors", ylabel="of 64", ylim=(0, 67), yticks=range(0, 65, 8))
    panels[2].set(title="Size of the mirror pairs", ylabel="ratio to the smallest pair", ylim=(0, 6), yticks=range(7))
    panels[3].set(title="Norm of the hidden weights", ylabel="‖W1‖ (Frobenius)", ylim=(0, None))
    panels[2].legend(loc="upper left", handlelength=1.2, borderpad=0.1, labelspacing=0.25)
    for ax in panels:
        ax.set(xlim=(0, run.epoch * 1.03), xlabel="sweep" if ax in panels[2:] else "")
        mark_solved(ax, run.solved_epoch, "solved" if ax is panels[0] else "")
    return figure


def symmetry_hidden_activations(run):
    """The net inputs of the hidden units for all 64 vectors, against each other and as a table a unit, a Figure."""
    net_hidden, inputs = run.network.net_hidden[..., 0], run.network.inputs
    figure = new_figure(6.2, f"Net input of the hidden units for all 64 vectors, seed {run.seed}")
    ax = place(figure, 0.85, 0.75, 4.3, 4.3)
    draw_net_inputs(ax, net_hidden, run.network.targets[:, 0] == 1)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, handletextpad=0.2, columnspacing=1.2)
    reach = ax.get_xlim()[1]
    corners = {"right unit on": (0.48, 0.97), "both on": (0.97, 0.97), "both off": (0.48, 0.03)}
    corners["left unit on"] = (0.97, 0.47)
    for text, (x, y) in corners.items():
        ax.text(x, y, text, transform=ax.transAxes, ha="right", va="bottom" if y < 0.1 else "top", color=GREY)

    # A vector's row is its left half, its column its right half read backwards: palindromes are on the diagonal.
    halves = np.argsort(inputs[::8, :3] @ run.network.W1[:3, 0, 0])
    backwards = np.array([int(f"{half:03b}"[::-1], 2) for half in halves])
    names = [f"{half:03b}" for half in halves]
    for unit, (bottom, side) in enumerate(((3.4, "Left"), (0.75, "Right"))):
        table = net_hidden[8 * halves[:, None] + backwards, unit]
        ax = place(figure, 6.05, bottom, 1.95, 1.95)
        drawing = draw_heat_map(ax, table, WEIGHT_MAP, -reach, reach)
        squares = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) + np.arange(8)[:, None, None]
        ax.add_collection(LineCollection(squares, colors=INK, linewidths=1.5), autolim=False)
        ax.set_yticks(ax.get_yticks(), names, family="DejaVu Sans Mono", fontsize=9)
        ax.set_xticks(ax.get_xticks(), names, family="DejaVu Sans Mono", fontsize=9, rotation=90)
        ax.set(title=f"{side} unit", ylabel="left half")
    ax.set_xlabel("right half, read backwards")
    draw_colour_bar(figure, drawing, place(figure, 8.2, 0.75, 0.15, 4.6), "net input")
    figure.text(6.05 / 9, 5.7 / 6.2, "framed: the palindromes", va="center")
    return figure


# ---------------------------------------------------------------------------------------------- pictures of a sweep


def symmetry_sweeps(results, settings):
    """How many sweeps the seeds took, with the paper's number at its percentile, a Figure."""
    times = results["solved_sweep"][results["solved"]]
    figure = new_figure(4.4, f"6-2-1 symmetry network: {len(times):,} of {len(results):,} seeds solved")
    ax = place(figure, 0.8, 0.85, 7.9, 3.0)
    draw_time_histogram(ax, times, settings.sweeps, len(results) - len(times), "sweeps")
    if len(times):
        percentile = 100 * (times <= PAPER_SWEEPS).mean()
        label = f"the network of 1986: {PAPER_SWEEPS:,} sweeps,\npercentile {percentile:.0f} of these"
        mark_time(ax, PAPER_SWEEPS, label)
    return figure


def symmetry_ratios(results, settings):
    """The middle against the largest pair ratio of every seed, coloured by structure, a Figure."""
    drawn = results[np.isfinite(results["ratio_largest"]) & ~results["diverged"]]
    figure = new_figure(5.4, "Pair ratios of the hidden weights, one dot a seed")
    ax = place(figure, 0.75, 0.7, 4.6, 4.1)
    draw_ratios(ax, drawn, [name for name in STRUCTURE_MARKS if name in drawn["structure"]])
    ax.set(xlabel="middle pair / smallest pair", ylabel="largest pair / smallest pair")
    ax.margins(0.12)
    ax.legend(loc="upper left", title="structure: seeds", alignment="left", title_fontsize=9.5)
    for name, bottom in zip(STRUCTURES, (3.25, 0.7), strict=True):
        ax = place(figure, 6.35, bottom, 2.4, 1.55)
        draw_ratios(ax, drawn, [name])
        ax.set_title(f"near {name} (cross: exact)")
        ax.set(xlabel="middle / smallest", ylabel="largest / smallest")
        ax.locator_params(nbins=4)
        ax.margins(0.15)
    return figure


# ------------------------------------------------------------------------------------------------ the command line


RUN_PICTURES = symmetry_network, symmetry_training_curves, symmetry_hidden_activations
SWEEP_PICTURES = symmetry_sweeps, symmetry_ratios


def main(argv=None):
    """The command line."""
    visualize(symmetry, __doc__.split("\n")[0], 1, RUN_PICTURES, SWEEP_PICTURES, argv)


if __name__ == "__main__":
    sys.exit(sweep.exit_code_of(main))
