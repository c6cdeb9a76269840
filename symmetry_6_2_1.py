"""The 6-2-1 symmetry network, learned by back-propagation.

Two hidden units between six input units and one output learn to tell the 8 six-bit vectors that are the same read
backwards (palindromes) from the 56 that are not. The first experiment of

    Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors", Nature 323, 533-536 (1986),

whose Figure 1 shows a network with weights in mirror pairs of opposite sign, in the ratio 1 : 2 : 4. The network and
its training are those of the encoder; this file holds the patterns, the analysis of what was learned, and the command
line.

    python3 symmetry_6_2_1.py --seed 1                    # one run
    python3 symmetry_6_2_1.py --seeds 0-999               # a sweep
    python3 symmetry_6_2_1.py --figure-1                  # the network of 1986

or, in a notebook,

    from symmetry_6_2_1 import analyse, sweep_seeds, train_seed
    run = train_seed(1)
    print(run.solved_epoch, analyse(run.network).structure)
"""

import math
import sys
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from time import perf_counter

import numpy as np

import sweep
from encoder_backprop_8_3_8 import Network, Task, squared_error, sweep_task, train_one
from sweep import setting

# ------------------------------------------------------------------------------------------------- the experiment


@dataclass(frozen=True)
class Settings:
    """The settings of the experiment, by default the paper's; the command line has an option for each."""

    sweeps: int = setting(60000, "end an unsolved run after this many sweeps", sweep.whole_number(1), metavar="N")
    lr: float = setting(0.1, "learning rate, the paper's epsilon", sweep.learning_rate)
    momentum: float = setting(0.9, "momentum, the paper's alpha, from 0 up to, but not, 1", sweep.momentum)
    init_scale: float = setting(0.3, "draw initial weights and biases uniformly from -X to X", sweep.init_scale)
    tolerance: float = setting(
        0.2,
        "a run is solved when every output is nearer than this to its target",
        sweep.real_number("a number above 0, at most 0.5", lambda x: 0 < x <= 0.5),
    )
    bits: str = setting("01", "the two values of an input: 0 and 1, or -1 and +1", choices=("01", "pm1"))
    zero_biases: bool = setting(False, "start the biases at 0; the draw of the weights stays the same")
    early_stop: bool = setting(True, "train on to the last sweep when the run is solved")


PAPER_SWEEPS = 1425  # what the network of Figure 1 took
STRUCTURES = {"1:2:4": (2.0, 4.0), "2:3:4": (1.5, 2.0)}  # middle and largest pair magnitude over the smallest
TOLERANCE = 0.05  # how far a measured property may be from the exact one, relative to the size it is about
ROW = np.dtype(
    [
        ("seed", "i8"),
        ("solved", "?"),
        ("sweeps", "i8"),  # how many were run
        ("correct", "i8"),  # of the 64 patterns: output nearer than 0.5 to its target
        ("max_error", "f8"),  # nan if diverged
        ("ratio_middle", "f8"),
        ("ratio_largest", "f8"),
        ("antisymmetry", "f8"),
        ("structure", "U8"),
        ("diverged", "?"),
        ("solved_sweep", "i8"),  # -1 if it was not
        ("order", "U20"),  # this and the next as in `Analysis`
        ("relative_norm", "f8"),
        ("holds", "?", 9),  # which of `properties`
        ("from_file", "?"),  # whether only the columns of a CSV file are known, from an earlier sweep
    ]
)
CSV_COLUMNS = ROW.names[:9]


def patterns(bits="01"):
    """All 64 six-bit vectors, counting up from 000000, and which of them are palindromes.

    Args:
        bits: "01" for bits 0 and 1, "pm1" for -1 and +1.

    Returns:
        Inputs (64, 6) and targets (64, 1), the latter 1 for the 8 palindromes, else 0.
    """
    vectors = np.array(list(np.ndindex((2,) * 6)), float)
    targets = (vectors == vectors[:, ::-1]).all(axis=1, keepdims=True).astype(float)
    return (vectors if bits == "01" else 2 * vectors - 1), targets


class ToleranceTest:
    """Finds the runs of a batch whose every output is nearer than the tolerance to its target."""

    def __init__(self, tolerance, targets):
        self._tolerance, self._targets = tolerance, targets[:, :, None]

    def __call__(self, network):
        """The lanes of the solved runs, an array of indices."""
        # A run that fails on the first few patterns need not be looked at further.
        lanes = np.flatnonzero(self._largest_error(network.output[:8], self._targets[:8]) < self._tolerance)
        if lanes.size:
            lanes = lanes[self._largest_error(network.output[:, :, lanes], self._targets) < self._tolerance]
        return lanes

    @staticmethod
    def _largest_error(output, targets):
        return np.abs(output - targets).max(axis=(0, 1))


def symmetry_task(settings):
    """The experiment as the training loop wants it; a row of `ROW` a run."""
    inputs, targets = patterns(settings.bits)
    return Task(
        inputs=inputs,
        targets=targets,
        hidden_units=2,
        loss="squared-error",
        draw=partial(_draw_parameters, settings.init_scale, settings.zero_biases),
        solved_test=partial(ToleranceTest, settings.tolerance, targets),
        measure=_measure,
        row=ROW,
        learning_rate=settings.lr,
        momentum=settings.momentum,
        epochs=settings.sweeps,
        early_stop=settings.early_stop,
        lanes=256,
        lane_multiple=4,
    )


def _draw_parameters(scale, zero_biases, rng):
    """Initial W1, b1, W2, b2, drawn in this order, all uniform from -scale to scale."""
    W1, b1, W2, b2 = (rng.uniform(-scale, scale, shape) for shape in ((6, 2), (2,), (2, 1), (1,)))
    if zero_biases:
        b1, b2 = np.zeros(2), np.zeros(1)
    return np.concatenate([W1.ravel(), b1, W2.ravel(), b2])


def _measure(run, network, lane):
    """A row of `ROW` for a run that has ended."""
    solved, found = run.solved_epoch is not None, analyse(network, lane)
    return (
        run.seed,
        solved,
        run.epoch,
        found.palindromes_correct + found.others_correct,
        math.nan if run.diverged else found.max_error,
        found.ratio_middle,
        found.ratio_largest,
        found.antisymmetry,
        "diverged" if run.diverged else found.structure if solved else "unsolved",
        run.diverged,
        run.solved_epoch if solved else -1,
        found.order,
        found.relative_norm,
        [holds for _, holds, _ in properties(found)],
        False,
    )


def _figures(targets, states):
    """The history of a run, from what a `Recorder` has stacked."""
    output, W1 = states["output"], states["W1"]
    error = np.abs(output - targets[:, :, None])
    return {
        "sweep": states["epoch"],
        "error": squared_error(output, targets[:, :, None]),
        "correct": (error < 0.5).sum(axis=(0, 1)),
        "max_error": error.max(axis=(0, 1)),
        "pair_magnitudes": pair_magnitudes(W1).mean(axis=1),
        "weight_norm": np.sqrt(np.square(W1).sum(axis=(0, 1))),
    }


def train_seed(seed=0, settings=Settings(), history=False, snapshot_every=None, watch=None):
    """Train one network.

    Args:
        seed: 0 or more.
        settings: a `Settings`.
        history: whether to keep the figures of every sweep: sweep, error (1/2 sum of squares), correct (of 64),
            max_error, pair_magnitudes (3, n: outer, middle and inner pair, mean over the hidden units) and weight_norm
            (||W1||_F), arrays whose last axis has an entry a sweep from 0, before the first update, on.
        snapshot_every: keep copies of weights and activations every so many sweeps, and of the end; None for none.
        watch: as in `encoder_backprop_8_3_8.train`.

    Returns:
        A `Run` that has ended, with its network; its epochs are sweeps.
    """
    task = symmetry_task(settings)
    return train_one(task, seed, partial(_figures, task.targets) if history else None, snapshot_every, watch)


def sweep_seeds(seeds=range(1000), settings=Settings(), executor=None, workers=1, progress=None, known=()):
    """Train a network from each seed.

    Args:
        seeds: a range, or a sequence of different seeds.
        settings: a `Settings`.
        executor, workers, progress, known: as in `sweep.run_sweep`; by default all is done in this process.

    Returns:
        A structured array of `ROW`, in the order of the seeds.
    """
    return sweep_task(symmetry_task(settings), seeds, executor, workers, progress, known)


def figure_1():
    """The network of the paper's Figure 1: {0, 1} inputs, weights as printed there."""
    network = Network(*patterns(), hidden_units=2, loss="squared-error")
    left = np.array([14.2, -3.6, 7.2, -7.2, 3.6, -14.2])
    network.W1[..., 0], network.b1[:] = np.stack([left, -left], axis=1), -1.1
    network.W2[:], network.b2[:] = -9.4, 6.4
    network.forward()
    return network


# -------------------------------------------------------------------------------------------- what the network learned


@dataclass(frozen=True)
class Analysis:
    """What was learned, measured; a hidden unit's weights are w1 ... w6, in the order of the inputs.

    Attributes:
        magnitudes: (3, 2), the mean size of the two weights of each mirror pair, outer to inner, by hidden unit.
        antisymmetry: the largest |w_i + w_(7-i)|; 0 if mirror pairs are equal in size and opposite in sign.
        unit_difference: the largest |w_i + w'_i|, w and w' the two units' weights; 0 if they are mirror images.
        ratio_middle, ratio_largest: the middle and the largest pair magnitude over the smallest, mean over the units.
        structure: a name from `STRUCTURES`, or "other".
        order: where the small, middle and large pair sit, from outer to inner: "large small middle" in Figure 1.
        palindrome_input: the largest net input, in size, of a hidden unit from the input units for a palindrome.
        palindrome_hidden, palindrome_output: the largest hidden activation and smallest output for a palindrome.
        other_hidden: over the other vectors, the smallest activation of the unit that is more active.
        one_on: how many of the 56 other vectors switch exactly one hidden unit on (activation above 0.5).
        relative_norm: the norm of a hidden unit's six weights over the smallest net input, in size, that it gets from
            the input units for another vector; mean over the units.
        smallest_gap: of the sums that the eight left-half patterns send to a hidden unit, how near two are.
        palindromes_correct, others_correct: of 8 and of 56, output nearer than 0.5 to its target.
        max_error: the largest |output - target|.
    """

    magnitudes: np.ndarray
    antisymmetry: float
    unit_difference: float
    ratio_middle: float
    ratio_largest: float
    structure: str
    order: str
    palindrome_input: float
    palindrome_hidden: float
    palindrome_output: float
    other_hidden: float
    one_on: int
    relative_norm: float
    smallest_gap: float
    palindromes_correct: int
    others_correct: int
    max_error: float


def pair_magnitudes(W1):
    """The mean size of the two weights of each mirror pair, outer to inner; W1 (6, ...), result (3, ...)."""
    sizes = np.abs(W1)
    return (sizes[:3] + sizes[:2:-1]) / 2


def structure_of(ratio_middle, ratio_largest):
    """The name in `STRUCTURES` of the pair ratios that are nearer than 10 % to these, else "other"."""
    for name, (middle, largest) in STRUCTURES.items():
        if abs(ratio_middle / middle - 1) < 0.1 and abs(ratio_largest / largest - 1) < 0.1:
            return name
    return "other"


@np.errstate(all="ignore")  # a network that has not learned, or has diverged, has ratios that are not numbers
def analyse(network, run=0):
    """Measure in a network what the paper says of its own.

    Args:
        network: a 6-2-1 `Network` after `forward`.
        run: which of its runs.

    Returns:
        An `Analysis`.
    """
    W1, hidden, output = network.W1[..., run], network.hidden[..., run], network.output[..., run]
    palindrome = network.targets[:, 0] == 1
    magnitudes = pair_magnitudes(W1)
    ascending = np.sort(magnitudes, axis=0)
    ratios = (ascending / ascending[0]).mean(axis=1)
    rank = np.argsort(np.argsort(magnitudes.mean(axis=1)))
    net_input = np.abs(network.inputs @ W1)  # from the input units alone, (64, 2)
    left_sums = np.sort(np.unique(network.inputs[:, :3], axis=0) @ W1[:3], axis=0)
    most_active, error = hidden.max(axis=1), np.abs(output - network.targets)[:, 0]
    return Analysis(
        magnitudes=magnitudes,
        antisymmetry=np.abs(W1 + W1[::-1])[:3].max(),
        unit_difference=np.abs(W1.sum(axis=1)).max(),
        ratio_middle=ratios[1],
        ratio_largest=ratios[2],
        structure=structure_of(ratios[1], ratios[2]),
        order=" ".join(("small", "middle", "large")[i] for i in rank),
        palindrome_input=net_input[palindrome].max(),
        palindrome_hidden=hidden[palindrome].max(),
        palindrome_output=output[palindrome].min(),
        other_hidden=most_active[~palindrome].min(),
        one_on=int(((hidden[~palindrome] > 0.5).sum(axis=1) == 1).sum()),
        relative_norm=(np.sqrt(np.square(W1).sum(axis=0)) / net_input[~palindrome].min(axis=0)).mean(),
        smallest_gap=np.diff(left_sums, axis=0).min(),
        palindromes_correct=int((error[palindrome] < 0.5).sum()),
        others_correct=int((error[~palindrome] < 0.5).sum()),
        max_error=error.max(),
    )


@np.errstate(all="ignore")  # of what is divided by a weight that is 0
def properties(found):
    """The properties that the paper and its readers state, and whether an `Analysis` shows them.

    Returns:
        A list of (property, holds, measured), the last as text.
    """
    smallest, largest = found.magnitudes.min(), found.magnitudes.max()
    return [
        (
            "mirror pairs are equal in size and opposite in sign",
            found.antisymmetry < TOLERANCE * smallest,
            f"largest residual {found.antisymmetry:.4f}",
        ),
        (
            "the two hidden units are mirror images of each other",
            found.unit_difference < TOLERANCE * largest,
            f"largest sum {found.unit_difference:.3f}, {found.unit_difference / largest:.1%} of the largest pair",
        ),
        (
            "pair magnitudes are in the ratio 1 : 2 : 4",
            found.structure == "1:2:4",
            f"1 : {found.ratio_middle:.3f} : {found.ratio_largest:.3f}, structure {found.structure}; "
            f"outer to inner: {found.order}",
        ),
        (
            "palindromes send the hidden units a net input of 0",
            found.palindrome_input < TOLERANCE * smallest,
            f"largest {found.palindrome_input:.4f}",
        ),
        (
            "palindromes leave both hidden units off",
            found.palindrome_hidden < 0.5,
            f"largest activation {found.palindrome_hidden:.3f}",
        ),
        (
            "palindromes have the output on",
            found.palindrome_output > 0.5,
            f"smallest output {found.palindrome_output:.3f}",
        ),
        (
            "every other vector turns one hidden unit on",
            found.one_on == 56,
            f"{found.one_on} of 56; weakest activation {found.other_hidden:.3f}",
        ),
        (
            "each left half sends a different sum",
            found.smallest_gap > TOLERANCE * smallest,
            f"smallest gap {found.smallest_gap:.3f}",
        ),
        (
            "all patterns are classified correctly",
            found.palindromes_correct + found.others_correct == 64,
            f"{found.palindromes_correct} of 8 palindromes, {found.others_correct} of 56 others; "
            f"largest error {found.max_error:.3f}",
        ),
    ]


# ------------------------------------------------------------------------------------------------ the command line


def drawing(network):
    """The network of one run as text: biases in the nodes, weights beside the lines, the output on top."""
    W1, b1, W2, b2 = network.W1[..., 0], network.b1[:, 0], network.W2[:, 0, 0], network.b2[0, 0]

    def line(label, left, right=None):
        return f"{label:8}{left:^40}" if right is None else f"{label:8}{left:^20}{right:^20}"

    lines = [
        line("output", f"({b2:+.2f})"),
        line("", "/       \\"),
        line("", f"{W2[0]:+.2f}         {W2[1]:+.2f}"),
        line("", "/                 \\"),
        line("hidden", *(f"({bias:+.2f})" for bias in b1)),
        line("", "|", "|"),
        *(line(f"input {i}", *(f"{weight:+.2f}" for weight in weights)) for i, weights in enumerate(W1, 1)),
    ]
    return "\n".join(text.rstrip() for text in lines)


def _print_network(network):
    """Draw the network, and say which of the stated properties it has."""
    found = analyse(network)
    left, right = (", ".join(f"{magnitude:.2f}" for magnitude in unit) for unit in found.magnitudes.T)
    print(f"{drawing(network)}\n\npair magnitudes from outer to inner: left unit {left}; right unit {right}")
    print(f"norm of a unit's weights over its smallest net input for a non-palindrome: {found.relative_norm:.2f}\n")
    for statement, holds, measured in properties(found):
        print(f"{'yes' if holds else 'no':>3}  {statement}: {measured}")


def _run_command(seed, settings, save):
    """Train one run and print how it goes and what was learned; write it to the path `save`, if that is not None."""
    print(f"6-2-1 symmetry network, back-propagation\nseed {seed}, {sweep.described(settings)}\n")
    print(" sweep      error  correct  largest error  elapsed")
    began = perf_counter()

    def report(sweep_number, network):
        if sweep_number % 500 == 0:
            error = np.abs(network.output[..., 0] - network.targets)
            loss, seconds = sweep.decimals(network.loss()[0]), perf_counter() - began
            right = (error < 0.5).sum()
            print(f"{sweep_number:6}  {loss:>9}  {right:4}/64  {error.max():13.6f}  {seconds:5.2f} s", flush=True)

    run = train_seed(seed, settings, history=save is not None, watch=report)
    seconds = perf_counter() - began
    if run.diverged:
        print(f"\ndiverged at sweep {run.epoch}: its weights are no longer finite\n")
    elif run.solved_epoch is not None:
        print(f"\nsolved at sweep {run.solved_epoch} ({run.epoch} sweeps, {seconds:.2f} s)\n")
    else:
        print(f"\nnot solved in {run.epoch} sweeps ({seconds:.2f} s)\n")
    _print_network(run.network)
    if save:
        sweep.save_run(save, run, settings)


def _sweep_command(settings, arguments):
    """Train a run from each seed and print what came out."""
    experiment = partial(sweep_seeds, settings=settings)
    known = sweep.rows_in_file(experiment, arguments, CSV_COLUMNS, ROW, "max_error", settings.sweeps)
    print("6-2-1 symmetry network, back-propagation")
    print(f"seeds {sweep.as_text(arguments.seeds)}, {sweep.described(settings)}\n", flush=True)
    results, seconds = sweep.sweep_as_told(experiment, arguments, CSV_COLUMNS, known)
    solved, trained = results[results["solved"]], results[~results["from_file"]]
    print(f"solved           {sweep.proportion(len(solved), len(results))}")
    sweeps = solved["sweeps"] if settings.early_stop else trained["solved_sweep"][trained["solved"]]
    if len(sweeps):
        quantiles = "min {:.10g}, quartiles {:.10g}, {:.10g}, {:.10g}, max {:.10g}"
        print(
            f"sweeps to solve  {quantiles.format(*np.percentile(sweeps, range(0, 101, 25)))}, mean {sweeps.mean():.0f}"
        )
        faster = sweep.proportion((sweeps <= PAPER_SWEEPS).sum(), len(sweeps))
        print(f"at most {PAPER_SWEEPS}     {faster}: the percentile of the paper's run")
    for name in (*STRUCTURES, "other"):
        print(f"{name:<16} {sweep.proportion((solved['structure'] == name).sum(), len(solved))}")
    print(f"diverged         {results['diverged'].sum()}")
    if len(trained) < len(results):
        print(f"\nof the {len(trained)} runs that were not in the file already:")
    if trained["solved"].any():
        _print_solved(trained[trained["solved"]])
    print(f"wall time        {seconds:.2f} s for {trained['sweeps'].sum()} sweeps")


def _print_solved(runs):
    """Print what the rows of solved runs show beyond their columns in a CSV file, see `Analysis`."""
    for name in (*STRUCTURES, "other"):
        norms = runs["relative_norm"][runs["structure"] == name]
        if len(norms):
            print(f"relative norm    median {np.median(norms):.2f} in {name}")
    for (statement, *_), holds in zip(properties(analyse(figure_1())), runs["holds"].sum(axis=0), strict=True):
        print(f"holds            {sweep.proportion(holds, len(runs))}: {statement}")
    orders = Counter(runs["order"].tolist())
    for order in map(" ".join, permutations(("small", "middle", "large"))):
        print(f"outer to inner   {order:<20} in {orders[order]} runs")


def main(argv=None):
    """The command line."""
    figure = {"figure-1": "analyse the network of the paper's Figure 1 instead of training one"}
    settings, arguments = sweep.parse_command_line(__doc__.split("\n")[0], Settings, argv, instead=figure)
    if arguments.figure_1:
        print("6-2-1 symmetry network, Figure 1 of Rumelhart, Hinton & Williams (1986)\n")
        _print_network(figure_1())
    elif arguments.seeds is None:
        _run_command(arguments.seed, settings, arguments.save)
    else:
        _sweep_command(settings, arguments)


if __name__ == "__main__":
    sys.exit(sweep.exit_code_of(main))
