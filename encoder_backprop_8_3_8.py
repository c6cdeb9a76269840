"""The 8-3-8 encoder, learned by back-propagation.

Eight one-hot patterns must pass through three logistic hidden units and come out unchanged, so the hidden units have to
invent a 3-bit code. The problem is from Ackley, Hinton & Sejnowski (1985); the learning rule is that of

    Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors", Nature 323, 533-536 (1986),

whose equation numbers appear beside the code. This file holds, in the order a reader asks: the network, its training,
the encoder experiment, and the command line. What it leaves out: mini-batches, other layers, other optimizers.

    python3 encoder_backprop_8_3_8.py --seed 0            # one run
    python3 encoder_backprop_8_3_8.py --seeds 0-999       # a sweep

or, in a notebook,

    from encoder_backprop_8_3_8 import hidden_code_table, sweep_seeds, train_seed
    run = train_seed(0)
    print(run.solved_epoch, hidden_code_table(run.network).round(2))
"""

import math
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import numpy as np

import sweep
from sweep import setting

LOSSES = ("cross-entropy", "squared-error")

# Scalars kept as arrays: converting a Python float takes NumPy longer than the arithmetic of one small network.
ONE, HALF = np.array(1.0), np.array(0.5)
try:  # np.einsum without the Python around it, which takes longer than the sums of one small network
    from numpy._core.multiarray import c_einsum as einsum
except ImportError:
    einsum = np.einsum


# ---------------------------------------------------------------------------------------------------- the network


def logistic(net_input, out):
    """The logistic function 1 / (1 + exp(-x)) of an array, into `out` (eq. 2)."""
    np.negative(net_input, out)
    np.exp(out, out)
    np.add(out, ONE, out)
    np.reciprocal(out, out)


@np.errstate(over="ignore", invalid="ignore")  # of a network that has diverged, the loss is nan
def cross_entropy(net_output, targets):
    """Cross-entropy, summed over outputs and averaged over patterns, from the outputs' net inputs.

    -log y and -log(1 - y) of a logistic unit are log(1 + exp(-x)) and log(1 + exp(x)), exact for any x.

    Args:
        net_output: net inputs of the output units, (P, O, R).
        targets: 0 or 1, (P, O, 1) or (P, O, R).

    Returns:
        The loss of each run in nats, (R,).
    """
    wrongness = np.where(targets == 1, -net_output, net_output)
    return np.logaddexp(0.0, wrongness).sum(axis=(0, 1)) / len(net_output)


@np.errstate(over="ignore", invalid="ignore")
def squared_error(output, targets):
    """Half the squared error, summed over outputs and patterns (eq. 3); arguments and result as `cross_entropy`."""
    return 0.5 * np.square(output - targets).sum(axis=(0, 1))


def loss_of(loss, net_output, output, targets):
    """The loss of each run, (R,), by its name; arrays as in `cross_entropy`."""
    return cross_entropy(net_output, targets) if loss == "cross-entropy" else squared_error(output, targets)


class Network:
    """One hidden layer of logistic units and logistic outputs; R independent networks, trained at once on all patterns.

    Runs are the last axis of every array, so one NumPy call does the same small piece of work for all of them; with
    R = 1 the arrays are the textbook's with a trailing axis of length 1. A bias is the weight from a unit that is
    always 1, as in the paper, so each layer is one array whose last row holds the biases.

    Each run's arithmetic is the same, to the last bit, whatever runs stand beside it (see `Task.lane_multiple`).

    Attributes:
        inputs, targets: (P, N) and (P, O), the patterns.
        W1, b1, W2, b2: (N, H, R), (H, R), (H, O, R), (O, R); views of `parameters`, in this order.
        parameters, velocity, gradient: (n_parameters, R).
        net_hidden, hidden: (P, H, R), net inputs and activations after `forward`.
        net_output, output: (P, O, R), the same of the output units.
    """

    def __init__(self, inputs, targets, hidden_units, loss="cross-entropy", runs=1):
        """All parameters start at 0.

        Args:
            inputs: (P, N).
            targets: (P, O), each 0 or 1.
            hidden_units: H.
            loss: "cross-entropy" (summed over outputs, averaged over patterns) or "squared-error" (1/2 sum over both).
            runs: R, how many networks.

        Raises:
            ValueError: an unknown loss, targets other than 0 and 1, or shapes that do not fit.
        """
        inputs, targets = np.asarray(inputs, float), np.asarray(targets, float)
        if loss not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}, not {loss!r}")
        if inputs.ndim != 2 or targets.ndim != 2 or len(inputs) != len(targets):
            raise ValueError(f"inputs (P, N) and targets (P, O) do not fit: {inputs.shape} and {targets.shape}")
        if not np.isin(targets, (0, 1)).all():
            raise ValueError("targets must be 0 or 1")
        (P, N), O, H, R = inputs.shape, targets.shape[1], hidden_units, runs  # noqa: E741
        self.inputs, self.targets, self.loss_name, self.runs = inputs, targets, loss, runs

        first = (N + 1) * H  # parameters of the first layer
        self.parameters, self.velocity, self.gradient = np.zeros((3, first + (H + 1) * O, R))
        self._layer1 = self.parameters[:first].reshape(N + 1, H * R)
        self._layer2 = self.parameters[first:].reshape(H + 1, O, R)
        self._gradient1 = self.gradient[:first].reshape(N + 1, H * R)
        self._gradient2 = self.gradient[first:].reshape(H + 1, O, R)
        self.W1, self.b1 = self._layer1[:N].reshape(N, H, R), self._layer1[N].reshape(H, R)
        self.W2, self.b2 = self._layer2[:H], self._layer2[H]

        self._inputs_and_one = np.hstack([inputs, np.ones((P, 1))])  # (P, N + 1)
        self._inputs_and_one_by_input = self._inputs_and_one.T
        self._hidden_and_one = np.ones((P, H + 1, R))
        self._hidden_of_these = self._hidden_and_one[:, :H]
        self._targets = np.repeat(targets[:, :, None], R, axis=2)
        self.net_hidden, self.hidden, self._delta_hidden, self._slope_hidden = np.empty((4, P, H, R))
        self.net_output, self.output, self._delta_output, self._slope_output = np.empty((4, P, O, R))
        self._W2_by_output, self._W2_transposed = np.empty((O, H, R)), self.W2.transpose(1, 0, 2)
        # The same memory as matrices, for the one product that BLAS does: the inputs are the same for every run.
        self._net_hidden_matrix = self.net_hidden.reshape(P, H * R)
        self._delta_hidden_matrix = self._delta_hidden.reshape(P, H * R)
        self._mean_over_patterns = np.array(1.0 / P)

    @np.errstate(over="ignore")  # exp overflows to inf for a unit that is off, and 1 / inf is right
    def forward(self):
        """Net inputs and activations of all units for all patterns (eqs. 1 and 2)."""
        np.dot(self._inputs_and_one, self._layer1, out=self._net_hidden_matrix)
        logistic(self.net_hidden, out=self.hidden)
        self._hidden_of_these[...] = self.hidden
        einsum("phr,hor->por", self._hidden_and_one, self._layer2, out=self.net_output)
        logistic(self.net_output, out=self.output)

    def backward(self):
        """The gradient of the loss by back-propagation, into `gradient`; `forward` must have been called (eqs. 4-7)."""
        delta_output, delta_hidden = self._delta_output, self._delta_hidden  # dE/d(net input), (P, O, R) and (P, H, R)
        np.subtract(self.output, self._targets, delta_output)
        if self.loss_name == "squared-error":
            delta_output *= self._slope(self.output, self._slope_output)
        else:  # the slope of the logistic cancels against that of the logarithm
            delta_output *= self._mean_over_patterns
        einsum("phr,por->hor", self._hidden_and_one, delta_output, out=self._gradient2)

        # Copied with the outputs first, so that with one run, too, the sum over outputs is taken in order.
        self._W2_by_output[...] = self._W2_transposed
        einsum("por,ohr->phr", delta_output, self._W2_by_output, out=delta_hidden)
        delta_hidden *= self._slope(self.hidden, self._slope_hidden)
        np.dot(self._inputs_and_one_by_input, self._delta_hidden_matrix, out=self._gradient1)

    def step(self, learning_rate, momentum):
        """One weight update, v <- momentum v + learning_rate gradient, w <- w - v (eq. 9); uses the gradient up."""
        v, g, w = self.velocity, self.gradient, self.parameters
        v *= momentum
        g *= learning_rate
        v += g
        w -= v

    def alone(self, run):
        """A copy of one of the runs as a network with R = 1."""
        copy = Network(self.inputs, self.targets, self.hidden.shape[1], self.loss_name)
        for name in ("parameters", "velocity", "gradient", "net_hidden", "hidden", "net_output", "output"):
            getattr(copy, name)[:] = getattr(self, name)[..., [run]]
        return copy

    def loss(self):
        """The loss of each run, (R,); `forward` must have been called."""
        return loss_of(self.loss_name, self.net_output, self.output, self._targets)

    @staticmethod
    def _slope(activation, out):
        """The derivative y (1 - y) of the logistic function at activation y, in `out`."""
        np.subtract(ONE, activation, out)
        out *= activation
        return out


# ------------------------------------------------------------------------------------------------- how it learns


@dataclass
class Run:
    """One seed's training: where it stands, and how it ended.

    Attributes:
        seed: what its initial weights are drawn from.
        epoch: weight updates made when it ended or was set aside, over all attempts.
        solved_epoch: after how many updates it was first solved, or None.
        diverged: whether a weight is no longer finite, so that nothing can be learned any more.
        attempt: how often it has been restarted.
        codes, codes_epoch: on tasks with restarts, the most distinct codes of this attempt, and the epoch it had them
            first.
        state: (2, n_parameters), parameters and velocity of a run that was set aside, or None.
        network, history, snapshots: of a run of `train_one` that has ended: its network as it was left, and the results
            of the `sweep.Recorder`s of its history and snapshots, if they were asked for.
    """

    seed: int
    epoch: int = 0
    solved_epoch: int | None = None
    diverged: bool = False
    attempt: int = 0
    codes: int = 0
    codes_epoch: int = 0
    state: np.ndarray | None = None
    network: Network | None = None
    history: dict | None = None
    snapshots: dict | None = None


@dataclass(frozen=True)
class Task:
    """What the training loop needs to know of an experiment; can be sent to another process.

    Attributes:
        inputs, targets, hidden_units, loss: as in `Network`.
        draw: takes a `numpy.random.Generator`, returns the initial parameters (n_parameters,).
        solved_test: called once a batch; returns a function that takes the network and returns the solved lanes.
        measure: takes a run that has ended, the network and the run's lane; returns the run's row of a sweep, a tuple.
        row: the structured type of such a row.
        learning_rate, momentum, epochs, early_stop: epochs is the cap; without early stop every run goes on to it.
        codes: takes the network; returns the distinct codes of each run, (R,). Needed for restarts only.
        restarts, patience: a run that has had no more distinct codes than before for `patience` epochs starts again,
            `restarts` times at most, from a fresh child stream of its seed.
        lanes: how many runs to train at once in a sweep; what was measured to be fastest.
        lane_multiple: a batch is filled up with idle lanes to a multiple of this. BLAS adds up in another order when
            the last few columns do not fill a register, and a run's result must not depend on its company.
    """

    inputs: np.ndarray
    targets: np.ndarray
    hidden_units: int
    loss: str
    draw: Callable
    solved_test: Callable
    measure: Callable
    row: np.dtype
    learning_rate: float
    momentum: float
    epochs: int
    early_stop: bool = True
    codes: Callable | None = None
    restarts: int = 0
    patience: int = 0
    lanes: int = 256
    lane_multiple: int = 1

    def network(self, runs):
        """A network with room for `runs` runs; all parameters 0."""
        lanes = -(-runs // self.lane_multiple) * self.lane_multiple
        return Network(self.inputs, self.targets, self.hidden_units, self.loss, lanes)

    def can_diverge(self, parameters):
        """Whether a weight could ever become infinite, from the initial parameters.

        No output is wrong by more than 1, so W2 grows at most linearly and W1 at most quadratically: with everything
        below 1e50, far more than any number of epochs one can wait for keep them below 1e300.
        """
        return max(self.learning_rate, np.abs(self.inputs).max(), np.abs(parameters).max()) >= 1e50


@np.errstate(all="ignore")  # a run that diverges is reported, not warned of
def train(task, runs, ended, lanes=1, watch=None, seconds=math.inf):
    """The training loop: trains every run to its end, `lanes` of them at a time, with one forward pass an epoch.

    A run that has ended hands its lane to the next one; when none is left, the batch shrinks. A run ends when it is
    solved (if the task stops early), diverges, or reaches the task's epochs; the last leaves the network as it is then.

    Args:
        task: a `Task`.
        runs: the `Run`s, fresh or set aside earlier; changed in place.
        ended: called as ended(run, network, lane) when a run has ended.
        lanes: how many runs to train at once.
        watch: called as watch(epoch, network) after every forward pass; epoch is that of lane 0, first 0.
        seconds: after this time, set the runs that have not ended aside and return.

    Returns:
        The runs that have not ended, with what is needed to go on.
    """
    waiting, deadline = deque(runs), perf_counter() + seconds
    batch = [waiting.popleft() for _ in range(min(lanes, len(waiting)))]
    if not batch:
        return []
    network = task.network(len(batch))
    for lane, run in enumerate(batch):
        _load(task, network, lane, run)
    began = [-run.epoch for run in batch]  # the step at which each lane's run was, or would have been, at epoch 0
    first_cap, careful = min(began) + task.epochs, task.can_diverge(network.parameters)
    learning_rate, momentum = np.array(task.learning_rate), np.array(task.momentum)
    solved_test = task.solved_test()
    step = 0
    while perf_counter() < deadline or step == 0:
        network.forward()
        if watch:
            watch(step - began[0], network)

        leaving = []  # the lanes whose run ends here or starts again
        solved = solved_test(network)
        if solved.size or careful or step == first_cap or task.restarts:
            epochs = [step - first for first in began]
            over = _lanes_over(task, network, solved, batch, epochs)
            for lane in over:
                ended(batch[lane], network, lane)
            stuck = _lanes_stuck(task, network, batch, epochs, over) if task.restarts else []
            waiting.extendleft(_restarted(batch[lane], epochs[lane]) for lane in stuck)
            leaving = over + stuck
            followers = {lane: waiting.popleft() for lane in leaving if waiting}
            if len(leaving) == len(batch) and not followers:
                return []

        network.backward()
        network.step(learning_rate, momentum)
        step += 1

        if leaving:
            for lane, run in followers.items():
                batch[lane], began[lane] = run, step - run.epoch
                _load(task, network, lane, run)
            if len(followers) < len(leaving):
                kept = [lane for lane in range(len(batch)) if lane not in leaving or lane in followers]
                network = _narrowed(task, network, kept)
                batch, began = [batch[lane] for lane in kept], [began[lane] for lane in kept]
            first_cap, careful = min(began) + task.epochs, task.can_diverge(network.parameters)

    for lane, run in enumerate(batch):
        _set_aside(network, lane, run, step - began[lane])
    return batch + list(waiting)


def _lanes_over(task, network, solved, batch, epochs):
    """Note in the runs of a batch what has happened to them at these epochs; the lanes of those that end, in order."""
    over = set()
    for lane in solved:
        if lane < len(batch) and batch[lane].solved_epoch is None:  # further lanes are idle
            batch[lane].solved_epoch = epochs[lane]
            if task.early_stop:
                over.add(lane)
    for lane in np.flatnonzero(~np.isfinite(network.parameters[:, : len(batch)]).all(axis=0)):
        batch[lane].diverged = True
        if batch[lane].solved_epoch == epochs[lane]:
            batch[lane].solved_epoch = None
        over.add(lane)
    over.update(lane for lane, epoch in enumerate(epochs) if epoch == task.epochs)
    for lane in over:
        batch[lane].epoch = epochs[lane]
    return sorted(over)


def _lanes_stuck(task, network, batch, epochs, over):
    """The lanes of unsolved runs that are not over but have been on a plateau of their distinct codes for too long."""
    for run, codes, epoch in zip(batch, task.codes(network).tolist(), epochs, strict=False):  # further lanes are idle
        if codes > run.codes:
            run.codes, run.codes_epoch = codes, epoch
    return [
        lane
        for lane, (run, epoch) in enumerate(zip(batch, epochs, strict=True))
        if epoch - run.codes_epoch >= task.patience and run.attempt < task.restarts
        if run.solved_epoch is None and lane not in over
    ]


def _restarted(run, epoch):
    """The run, ready for its next attempt after this epoch."""
    run.attempt, run.epoch, run.codes, run.codes_epoch, run.state = run.attempt + 1, epoch, 0, epoch, None
    return run


def _load(task, network, lane, run):
    """Put a run, fresh or set aside, into a lane of the network."""
    if run.state is None:
        child = (run.attempt - 1,) if run.attempt else ()  # of the seed, as numpy.random.SeedSequence.spawn makes them
        rng = np.random.default_rng(np.random.SeedSequence(run.seed, spawn_key=child))
        network.parameters[:, lane] = task.draw(rng)
        network.velocity[:, lane] = 0.0
    else:
        network.parameters[:, lane], network.velocity[:, lane] = run.state


def _set_aside(network, lane, run, epoch):
    """Keep in the run what `_load` needs to go on with it after this epoch."""
    run.epoch, run.state = epoch, np.stack([network.parameters[:, lane], network.velocity[:, lane]])


def _narrowed(task, network, kept):
    """A network with the kept lanes only, between two updates."""
    narrow = task.network(len(kept))
    narrow.parameters[:, : len(kept)] = network.parameters[:, kept]
    narrow.velocity[:, : len(kept)] = network.velocity[:, kept]
    return narrow


def train_one(task, seed, figures=None, snapshot_every=None, watch=None):
    """Train a single run to its end.

    Args:
        task: a `Task`.
        seed: 0 or more.
        figures: what to make of the states for the history, see `sweep.Recorder`; None keeps no history.
        snapshot_every: keep snapshots every so many epochs, and of the end; None keeps none.
        watch: as in `train`.

    Returns:
        The `Run`, with its network and what was asked for.
    """
    run = Run(seed)
    history = sweep.Recorder(1, figures) if figures else None
    snapshots = sweep.Recorder(snapshot_every) if snapshot_every else None
    watchers = [watcher for watcher in (history, snapshots, watch) if watcher]

    def watch_all(epoch, network):
        for watcher in watchers:
            watcher(epoch, network)

    def keep(run, network, lane):
        run.network = network.alone(lane)
        if snapshots and run.epoch % snapshot_every:
            snapshots.note(run.epoch, network)

    train(task, [run], keep, watch=watch_all if len(watchers) > 1 else watchers[0] if watchers else None)
    run.history, run.snapshots = history and history.result(), snapshots and snapshots.result()
    return run


def train_chunk(task, runs, seconds):
    """Train runs for some seconds; the rows of those that ended, and those that did not."""
    rows = []

    def measure(run, network, lane):
        rows.append(np.array(task.measure(run, network, lane), task.row))  # copied, for the lane goes to another run

    unfinished = train(task, runs, measure, lanes=task.lanes, seconds=seconds)
    return rows, unfinished


def sweep_task(task, seeds, executor=None, workers=1, progress=None, known=()):
    """Train a run of the task for each seed; arguments and result as of `sweep.run_sweep`."""
    chunk = partial(train_chunk, task)
    return sweep.run_sweep(chunk, Run, seeds, task.row, task.lanes, executor, workers, progress, known)


# ------------------------------------------------------------------------------------------------- the experiment


@dataclass(frozen=True)
class Settings:
    """The settings of the experiment; the command line has an option for each."""

    epochs: int = setting(20000, "end an unsolved run after this many epochs", sweep.whole_number(1), metavar="N")
    lr: float = setting(0.5, "learning rate", sweep.learning_rate)
    momentum: float = setting(0.9, "momentum, from 0 up to, but not, 1", sweep.momentum)
    init_scale: float = setting(0.1, "draw initial weights uniformly from -X to X", sweep.init_scale)
    loss: str = setting(LOSSES[0], "what is minimized", choices=LOSSES)
    early_stop: bool = setting(True, "train on to the last epoch when the run is solved")
    restarts: int = setting(
        0, "start a run that is on a plateau again, so many times at most", sweep.whole_number(0), metavar="N"
    )
    patience: int = setting(
        1000, "a plateau is so many epochs without more distinct codes than before", sweep.whole_number(1), metavar="K"
    )


PATTERNS = np.eye(8)  # each is its own target
ROW = np.dtype(
    [
        ("seed", "i8"),
        ("solved", "?"),
        ("epochs", "i8"),  # how many were run
        ("accuracy", "f8"),  # of the last epoch, 0 to 1, as are the next two
        ("distinct_codes", "i8"),
        ("loss", "f8"),  # nan if diverged
        ("diverged", "?"),
        ("solved_epoch", "i8"),  # -1 if it was not
        ("codes", "u1", 8),  # each pattern's code as a number
        ("restarts", "i8"),
        ("near_corner", "i8"),  # of the 24 hidden activations, how many are within 0.05 of 0 or 1
        ("sign_is_bit", "i8"),  # of the 24 weights in W1, how many are positive where the bit is 1 and negative where 0
        ("sum_is_bit", "i8"),  # the same of the sums W1 + b1
        ("weight_norm", "f8"),  # ||W1||_F + ||W2||_F
        ("from_file", "?"),  # whether only the columns of a CSV file are known, from an earlier sweep
    ]
)
CSV_COLUMNS = ROW.names[:6]


def hidden_code_table(network):
    """The code that the network has invented: the hidden activations, (8, 3), a row a pattern.

    Args: network, of one run, after `forward`."""
    return network.hidden[:, :, 0].copy()


def binary_codes(hidden):
    """Each pattern's code: its hidden activations rounded to bits and read as a number, the first unit's bit highest.

    Args:
        hidden: activations, (P, H) or (P, H, R), H at most 8.

    Returns:
        (P,) or (P, R), uint8.
    """
    bits = (hidden > HALF).view(np.uint8)
    codes = bits[:, 0]
    for unit in range(1, bits.shape[1]):
        codes = 2 * codes + bits[:, unit]
    return codes


def distinct_codes(hidden):
    """How many different codes three hidden units give the patterns: a number, or (R,) for hidden of (P, 3, R)."""
    return N_BITS[_codes_used(hidden)]


def _codes_used(hidden):
    """A bit for each of the eight codes of three units that some pattern has, as uint8."""
    return np.bitwise_or.reduce(np.left_shift(np.uint8(1), binary_codes(hidden)), axis=0)


N_BITS = np.array([bin(byte).count("1") for byte in range(256)])


def colliding_pairs(hidden):
    """The pairs of patterns (i, j), i < j, that share a code, for the hidden activations (P, H) of one run."""
    return _pairs_of(binary_codes(hidden))


def _pairs_of(codes):
    return [(i, j) for j in range(len(codes)) for i in range(j) if codes[i] == codes[j]]


def accuracy(output, targets):
    """The share of patterns whose largest output is the right one.

    Args:
        output: activations, (P, O) or (P, O, R).
        targets: (P, O).

    Returns:
        From 0 to 1, a number or (R,).
    """
    right = targets.argmax(axis=1) == output.argmax(axis=1).T
    return right.mean(axis=-1)


@np.errstate(over="ignore")
def weight_norm(W1, W2):
    """The Frobenius norms of W1 (8, 3, R) and W2 (3, 8, R), added, (R,)."""
    return sum(np.sqrt(np.square(W).sum(axis=(0, 1))) for W in (W1, W2))


def is_solved(network):
    """Whether every pattern's largest output is the right one and all eight codes are different, (R,)."""
    return (accuracy(network.output, PATTERNS) == 1) & (distinct_codes(network.hidden) == len(PATTERNS))


class SolvedTest:
    """Finds the solved runs of a batch as `is_solved` does, but looks further only where that can change the answer.

    Codes change rarely, so they are compared only when some bit has changed, and accuracy is looked at only in runs
    whose eight codes are different.
    """

    def __init__(self):
        self._bits = None

    def __call__(self, network):
        """The lanes of the solved runs, an array of indices."""
        bits = (network.hidden > HALF).tobytes()
        if bits != self._bits:
            self._bits = bits
            self._eight_codes = np.flatnonzero(_codes_used(network.hidden) == 0xFF)
        lanes = self._eight_codes
        return lanes[accuracy(network.output[:, :, lanes], PATTERNS) == 1] if lanes.size else lanes


def encoder_task(settings):
    """The encoder as the training loop wants it: reference conventions, a row of `ROW` a run."""
    return Task(
        inputs=PATTERNS,
        targets=PATTERNS,
        hidden_units=3,
        loss=settings.loss,
        draw=partial(_draw_weights, settings.init_scale),
        solved_test=SolvedTest,
        measure=_measure,
        row=ROW,
        learning_rate=settings.lr,
        momentum=settings.momentum,
        epochs=settings.epochs,
        early_stop=settings.early_stop,
        codes=_codes_of_runs,
        restarts=settings.restarts,
        patience=settings.patience,
    )


def _codes_of_runs(network):
    return distinct_codes(network.hidden)


def _draw_weights(scale, rng):
    """Initial parameters: W1, then W2, uniform from -scale to scale; the biases are 0 and not drawn."""
    W1, W2 = rng.uniform(-scale, scale, (8, 3)), rng.uniform(-scale, scale, (3, 8))
    return np.concatenate([W1.ravel(), np.zeros(3), W2.ravel(), np.zeros(8)])


def _measure(run, network, lane):
    """A row of `ROW` for a run that has ended."""
    hidden, net_output, output = (a[:, :, [lane]] for a in (network.hidden, network.net_output, network.output))
    W1, b1, W2 = network.W1[:, :, [lane]], network.b1[:, [lane]], network.W2[:, :, [lane]]
    solved = run.solved_epoch is not None
    loss = loss_of(network.loss_name, net_output, output, PATTERNS[:, :, None])[0]
    return (
        run.seed,
        solved,
        run.epoch,
        accuracy(output, PATTERNS)[0],
        distinct_codes(hidden)[0],
        math.nan if run.diverged else loss,
        run.diverged,
        run.solved_epoch if solved else -1,
        binary_codes(hidden)[:, 0],
        run.attempt,
        (np.abs(hidden - np.round(hidden)) <= 0.05).sum(),
        ((W1 > 0) == (hidden > HALF)).sum(),
        ((W1 + b1 > 0) == (hidden > HALF)).sum(),
        weight_norm(W1, W2)[0],
        False,
    )


def _figures(loss, states):
    """The history of a run, from what a `sweep.Recorder` has stacked."""
    hidden, (first, second) = states["hidden"], np.triu_indices(len(PATTERNS), 1)
    return {
        "epoch": states["epoch"],
        "loss": loss_of(loss, states["net_output"], states["output"], PATTERNS[:, :, None]),
        "accuracy": accuracy(states["output"], PATTERNS),
        "distinct_codes": distinct_codes(hidden),
        "weight_norm": weight_norm(states["W1"], states["W2"]),
        "code_distance": np.sqrt(np.square(hidden[first] - hidden[second]).sum(axis=1)).mean(axis=0),
    }


def train_seed(seed=0, settings=Settings(), history=False, snapshot_every=None, watch=None):
    """Train one network.

    Args:
        seed: 0 or more.
        settings: a `Settings`.
        history: whether to keep the figures of every epoch: epoch, loss, accuracy (0 to 1), distinct_codes,
            weight_norm (||W1||_F + ||W2||_F) and code_distance (mean Euclidean distance of two patterns' hidden
            vectors), each an array with an entry an epoch from 0, before the first update, on. The epoch at which a
            run starts again has two entries.
        snapshot_every: keep copies of weights and activations every so many epochs, and of the end; None for none.
        watch: as in `train`.

    Returns:
        A `Run` that has ended, with its network.
    """
    figures = partial(_figures, settings.loss) if history else None
    return train_one(encoder_task(settings), seed, figures, snapshot_every, watch)


def sweep_seeds(seeds=range(1000), settings=Settings(), executor=None, workers=1, progress=None, known=()):
    """Train a network from each seed.

    Args:
        seeds: a range, or a sequence of different seeds.
        settings: a `Settings`.
        executor, workers, progress, known: as in `sweep.run_sweep`; by default all is done in this process.

    Returns:
        A structured array of `ROW`, in the order of the seeds.
    """
    return sweep_task(encoder_task(settings), seeds, executor, workers, progress, known)


# ------------------------------------------------------------------------------------------------ the command line


def _run_command(seed, settings, save):
    """Train one run and print how it goes; write it to the path `save`, if that is not None."""
    print(f"8-3-8 encoder, back-propagation\nseed {seed}, {sweep.described(settings)}\n")
    print(" epoch       loss  accuracy  distinct codes  elapsed")
    began = perf_counter()

    def report(epoch, network):
        if epoch % 500 == 0:
            loss, right = network.loss()[0], accuracy(network.output, PATTERNS)[0]
            codes, seconds = distinct_codes(network.hidden)[0], perf_counter() - began
            print(f"{epoch:6}  {sweep.decimals(loss):>9}  {right:8.1%}  {codes:12}/8  {seconds:5.2f} s", flush=True)

    run = train_seed(seed, settings, history=save is not None, watch=report)
    seconds, network = perf_counter() - began, run.network
    hidden, right = hidden_code_table(network), accuracy(network.output, PATTERNS)[0]
    if run.diverged:
        print(f"\ndiverged at epoch {run.epoch}: its weights are no longer finite")
    elif run.solved_epoch is not None:
        print(f"\nsolved at epoch {run.solved_epoch} ({run.epoch} epochs, {seconds:.2f} s)")
    else:
        print(f"\nnot solved in {run.epoch} epochs ({seconds:.2f} s)")
    if settings.restarts:
        print(f"restarts        {run.attempt}")
    if not run.diverged and colliding_pairs(hidden):
        print("patterns that share a code: " + ", ".join(f"{i} and {j}" for i, j in colliding_pairs(hidden)))
    print(f"final loss      {sweep.decimals(network.loss()[0])}")
    print(f"final accuracy  {right:.1%} ({round(8 * right)}/8)")
    print(f"distinct codes  {distinct_codes(hidden)}/8\n")
    print("pattern  hidden activations   code")
    for pattern, (activations, code) in enumerate(zip(hidden, binary_codes(hidden), strict=True)):
        print(f"{pattern:7}  {'  '.join(f'{a:.3f}' for a in activations)}  {code:03b}")
    if save:
        sweep.save_run(save, run, settings)


def _sweep_command(settings, arguments):
    """Train a run from each seed and print what came out."""
    experiment = partial(sweep_seeds, settings=settings)
    known = sweep.rows_in_file(experiment, arguments, CSV_COLUMNS, ROW, "loss", settings.epochs)
    print("8-3-8 encoder, back-propagation")
    print(f"seeds {sweep.as_text(arguments.seeds)}, {sweep.described(settings)}\n", flush=True)
    results, seconds = sweep.sweep_as_told(experiment, arguments, CSV_COLUMNS, known)
    solved, codes, learned = results["solved"], results["distinct_codes"], ~results["diverged"]
    ending = Counter(codes[learned].tolist())
    print(f"solved           {sweep.proportion(solved.sum(), len(results))}")
    print(f"accuracy 100 %   {sweep.proportion((results['accuracy'] == 1).sum(), len(results))}")
    print("distinct codes   " + (", ".join(f"{n} in {ending[n]}" for n in sorted(ending)) + " runs" if ending else "-"))
    print(f"diverged         {len(results) - learned.sum()}")
    for n in (7, 8) if not settings.early_stop else ():  # of runs that have all trained to the same epoch
        if ending[n]:
            print(f"loss             median {np.median(results['loss'][learned & (codes == n)]):.6f} with {n} codes")
    trained = results[~results["from_file"]]
    if len(trained) < len(results):
        print(f"\nof the {len(trained)} runs that were not in the file already:")
    if (trained_well := trained[~trained["diverged"]]).size:
        quartiles = np.percentile(trained_well["weight_norm"], [25, 50, 75])
        print("weight norm      quartiles {:.2f}, {:.2f}, {:.2f}".format(*quartiles))
    for rows, print_findings in (
        (trained[trained["solved"] & ~trained["diverged"]], _print_solved),
        (trained[(trained["distinct_codes"] == 7) & ~trained["diverged"]], _print_collisions),
    ):
        if len(rows):
            print_findings(rows)
    if settings.restarts and len(trained):
        _print_restarts(trained)
    print(f"wall time        {seconds:.2f} s for {trained['epochs'].sum()} epochs")


def _print_solved(runs):
    """Print what the rows of solved runs have in common."""
    n, bits = len(runs), 24
    quartiles = "quartiles {:.10g}, {:.10g}, {:.10g}"
    print("epochs to solve  " + quartiles.format(*np.percentile(runs["solved_epoch"], [25, 50, 75])))
    print(f"lost again       {sweep.proportion((runs['distinct_codes'] < 8).sum(), n)} ended with fewer than 8 codes")
    for title, found, what in (
        ("within 0.05", runs["near_corner"], "activations"),
        ("sign of W1", runs["sign_is_bit"], "code bits"),
        ("sign of W1 + b1", runs["sum_is_bit"], "code bits"),
    ):
        print(
            f"{title:<16} {found.mean() / bits:.1%} of {what}; all 24 in {sweep.proportion((found == bits).sum(), n)}"
        )
    eight = runs["codes"][runs["distinct_codes"] == 8]
    used = np.stack([(eight == code).sum(axis=0) for code in range(8)])
    # A code is used once a run, so the 64 counts have only 49 degrees of freedom, and the statistic is 8/7 too large.
    print(f"code by pattern  used {used.min()} to {used.max()} times; {sweep.uniformity(used, 49, 7 / 8)}")


def _print_collisions(runs):
    """Print which pair of patterns shares a code, from the rows of runs that ended with 7 codes."""
    pairs = Counter(pair for codes in runs["codes"] for pair in _pairs_of(codes))
    counts = np.array([pairs[i, j] for j in range(8) for i in range(j)])
    print(f"shared by pair   used {counts.min()} to {counts.max()} times; {sweep.uniformity(counts, 27)}")
    print("    " + " ".join(f"{i}-{j}:{pairs[i, j]}" for i in range(8) for j in range(i + 1, 8)))


def _print_restarts(rows):
    """Print how many restarts the runs needed, beside the geometric law of their first attempts."""
    restarts = rows["restarts"][rows["solved"]]
    first = (restarts == 0).sum() / len(rows)
    print(f"restarts         at most {rows['restarts'].max()}, mean {rows['restarts'].mean():.3f}")
    for n in range(restarts.max(initial=0) + 1):
        expected = len(rows) * first * (1 - first) ** n
        print(f"    solved after {n:2} restarts: {(restarts == n).sum():6}, by the geometric law {expected:8.1f}")


def main(argv=None):
    """The command line."""
    settings, arguments = sweep.parse_command_line(__doc__.split("\n")[0], Settings, argv)
    if arguments.seeds is None:
        _run_command(arguments.seed, settings, arguments.save)
    else:
        _sweep_command(settings, arguments)


if __name__ == "__main__":
    sys.exit(sweep.exit_code_of(main))
