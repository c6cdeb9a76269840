"""The plumbing of both experiments: sweeps over many seeds, their CSV files, and the command line.

Nothing here knows what is trained. A sweep gets a function `train_chunk(runs, seconds)` that trains some runs for some
seconds and returns the rows of those that ended and the runs that did not; the runs that did not go into later chunks,
so that no worker is left with a long tail while another has nothing to do.
"""

import argparse
import dataclasses
import functools
import gc
import math
import os
import re
import stat
import sys
import time
from contextlib import contextmanager
from itertools import islice

import numpy as np

# What only sweeps and written files need is imported where it is used: one run should take no longer than it must.

CHUNK_SECONDS = 0.25  # how long a worker trains before it reports; what Ctrl-C may lose
MOST_SEEDS = 10**8
MOST_DRAWN = 10**6  # epochs of a run to draw: its curves keep every one


# ------------------------------------------------------------------------------------------------------- sweeping


def run_sweep(train_chunk, fresh, seeds, dtype, lanes, executor=None, workers=1, progress=None, known=()):
    """Train a run for each seed.

    Args:
        train_chunk: called as train_chunk(runs, seconds), here or in a worker; see the head of this file.
        fresh: makes a run from a seed.
        seeds: a range, or a sequence of different seeds.
        dtype: of a row; its first field is the seed.
        lanes: how many runs a worker trains at once.
        executor: any `concurrent.futures.Executor`; None trains in this process.
        workers: how many chunks the executor works on at once.
        progress: called as progress(rows, done) with the new rows, a structured array, and how many seeds are done.
        known: rows of seeds that need not be trained, a structured array.

    Returns:
        A structured array, one row a seed, in the order of the seeds.

    Raises:
        ValueError: a seed is there twice.
    """
    from concurrent.futures import FIRST_COMPLETED, Future, wait

    def submit(*call):
        if executor is not None:
            return executor.submit(*call)
        future = Future()
        future.set_result(call[0](*call[1:]))
        return future

    if not isinstance(seeds, range) and len(set(seeds)) < len(seeds):
        raise ValueError("a seed is there twice")
    place = seeds.index if isinstance(seeds, range) else {seed: i for i, seed in enumerate(seeds)}.__getitem__
    results, done, skipped = np.zeros(len(seeds), dtype), len(known), set()
    for row in known:
        results[place(int(row[0]))] = row
        skipped.add(int(row[0]))
    waiting = (seed for seed in seeds if seed not in skipped)
    left = len(seeds) - len(skipped)  # seeds that have not been started
    aside, working = [], set()
    while aside or left or working:
        while (aside or left) and len(working) < workers:
            # Twice the lanes, so that runs that end have followers; fewer when idle workers must share what is left.
            share = min(math.ceil((len(aside) + left) / (workers - len(working))), 2 * lanes)
            runs, aside = aside[:share], aside[share:]
            starting = min(share - len(runs), left)
            runs += [fresh(seed) for seed in islice(waiting, starting)]
            left -= starting
            working.add(submit(train_chunk, runs, CHUNK_SECONDS))
        finished, working = wait(working, return_when=FIRST_COMPLETED)
        for future in finished:
            rows, unfinished = future.result()
            aside += unfinished
            rows = np.array(rows, dtype)
            done += len(rows)
            for row in rows:
                results[place(int(row[0]))] = row
            if progress and len(rows):
                progress(rows, done)
    return results


@contextmanager
def worker_pool(workers):
    """A pool of worker processes for `run_sweep`, or None for one worker; an error in the block ends it soon."""
    if workers == 1:
        yield None
        return
    with _ctrl_c_held_back() as pressed:
        pool, own = _started_pool(workers)
    try:
        if pressed:
            raise KeyboardInterrupt
        yield pool
    except BaseException:
        # A worker killed while it sends its rows would leave the pool waiting for the rest of them: let it finish.
        deadline = time.monotonic() + 8 * CHUNK_SECONDS
        pool.shutdown(wait=False, cancel_futures=True)
        for process in own:
            process.join(max(0, deadline - time.monotonic()))
            process.terminate()
        raise
    finally:
        pool.shutdown()


def _started_pool(workers):
    """A pool with its processes started, and these processes."""
    import multiprocessing
    import signal
    from concurrent.futures import ProcessPoolExecutor

    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_end_with_parent)
    # Ctrl-C goes to every process of a terminal; only this one shall answer, so the workers inherit a blocked signal.
    can_block = hasattr(signal, "pthread_sigmask")  # not on Windows
    if can_block:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        for _ in range(workers):
            pool.submit(int)  # starts a process, for none is idle yet
    finally:
        if can_block:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    return pool, set(multiprocessing.active_children()) - others


@contextmanager
def _ctrl_c_held_back():
    """Keep Ctrl-C from interrupting the block: gives a list that is not empty afterwards if it was pressed."""
    import signal
    import threading

    pressed = []
    in_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda *_: pressed.append(True)) if in_main_thread else None
    try:
        yield pressed
    finally:
        if in_main_thread:
            signal.signal(signal.SIGINT, handler or signal.SIG_DFL)


def _end_with_parent():
    """Let this worker end when its parent is gone, however that ended."""

    import threading
    from multiprocessing import parent_process

    def wait_for_parent():
        parent_process().join()
        os._exit(1)

    threading.Thread(target=wait_for_parent, daemon=True).start()


def fastest_worker_count(n_seeds):
    """How many workers finish a sweep first here: one a processor, but starting one must pay for itself."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(processors, n_seeds // 64))


# ------------------------------------------------------------------------------------- what a sweep prints and writes


def wilson_interval(successes, n, z=1.959963984540054):
    """The Wilson score interval of a proportion (Wilson 1927); z = 1.96 for 95 %.

    Returns:
        Lower and upper bound, each from 0 to 1; (0, 1) if n is 0.
    """
    if n == 0:
        return 0.0, 1.0
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half_width = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half_width), min(1.0, centre + half_width)


def proportion(successes, n):
    """A count as text: 21/30 = 70.0 % (95 % interval 52.1-83.3 %)."""
    low, high = wilson_interval(successes, n)
    share = 100 * successes / n if n else math.nan
    return f"{successes}/{n} = {share:.1f} % (95 % interval {100 * low:.1f}-{100 * high:.1f} %)"


def chi_square_p(statistic, degrees):
    """The probability that a chi-square variable with so many degrees of freedom is larger, in closed form."""
    if statistic <= 0:
        return 1.0
    x, a = statistic / 2, 0.5 if degrees % 2 else 1.0
    p = math.erfc(math.sqrt(x)) if degrees % 2 else math.exp(-x)
    while a < degrees / 2:
        p += math.exp(a * math.log(x) - x - math.lgamma(a + 1))
        a += 1
    return p


def uniformity(counts, degrees, factor=1.0):
    """The chi-square test of counts against all being equally likely, as text.

    Args:
        counts: an array of any shape.
        degrees: of freedom.
        factor: by which the usual statistic is multiplied to have that distribution.
    """
    expected = counts.mean()
    statistic = factor * (np.square(counts - expected) / expected).sum() if expected else 0.0
    few = "; too few for the test" if expected < 5 else ""
    return f"chi-square {statistic:.2f}, {degrees} degrees of freedom, p = {chi_square_p(statistic, degrees):.3g}{few}"


def decimals(number):
    """A number with six decimals as text; in powers of ten if it is large."""
    return f"{number:.6f}" if abs(number) < 1e6 else f"{number:.3e}"


def csv_line(row, columns):
    """A row of a structured array as a line of CSV: 0 or 1 for a bool, nine digits for a real number."""
    values = (row[column].item() for column in columns)
    texts = (f"{v:.9g}" if isinstance(v, float) else str(int(v)) if isinstance(v, bool) else str(v) for v in values)
    return ",".join(texts) + "\n"


def show_progress(text=""):
    """Show on a terminal, in place of what was shown last, how far long work is."""
    if sys.stderr.isatty():
        print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)


class Recorder:
    """A watcher for the training loop that keeps what it sees of the run in lane 0.

    Its result is a dictionary of arrays whose last axis is time: epoch (n,), W1, b1, W2, b2, hidden, net_output and
    output; or what `figures` makes of such a dictionary, many epochs at once.
    """

    ARRAYS = ("W1", "b1", "W2", "b2", "hidden", "net_output", "output")

    def __init__(self, every=1, figures=None):
        self.every, self._figures, self._states, self._blocks = every, figures, [], []

    def __call__(self, epoch, network):
        """Note the state of the run, if it is time to."""
        if epoch % self.every == 0:
            self.note(epoch, network)

    def note(self, epoch, network):
        """Note the state of the run."""
        self._states.append((epoch, *(getattr(network, name)[..., 0].copy() for name in self.ARRAYS)))
        if len(self._states) == 256:
            self._compute()

    @np.errstate(all="ignore")  # of a run that has diverged
    def _compute(self):
        stacked = (np.stack(values, axis=-1) for values in zip(*self._states, strict=True))
        states = dict(zip(("epoch", *self.ARRAYS), stacked, strict=True))
        self._blocks.append(self._figures(states) if self._figures else states)
        self._states = []

    def result(self):
        """All that was noted, a dictionary of arrays."""
        if self._states:
            self._compute()
        return {name: np.concatenate([block[name] for block in self._blocks], axis=-1) for name in self._blocks[0]}


def read_csv(path, columns, dtype, error):
    """The rows of a sweep's CSV file that may have been interrupted; a torn last line does not count.

    Args:
        path: of the file, which need not exist.
        columns: the names of its fields, of `dtype`.
        dtype: structured type of the rows; it has fields diverged and from_file, which are set.
        error: the name of the field that is nan if a run has diverged.

    Returns:
        A structured array; a real field that is not in the file is nan, another one 0 or empty.

    Raises:
        BadInput: the file is not one of such a sweep.
    """
    if not os.path.exists(path):
        return np.zeros(0, dtype)
    with open(path, errors="replace") as file:
        header, *lines = file.read().split("\n")
    if not lines and ",".join(columns).startswith(header):
        return np.zeros(0, dtype)  # interrupted before the first row
    if header != ",".join(columns):
        raise BadInput(f"{path} is there already and is not a file of such a sweep; give another --csv")
    rows = np.zeros(len(lines) - 1, dtype)  # what follows the last end of line is torn, or nothing
    for name in dtype.names:
        if dtype[name].kind == "f":
            rows[name] = np.nan
    rows["from_file"] = True
    for row, line in zip(rows, lines, strict=False):
        try:
            for column, text in zip(columns, line.split(","), strict=True):
                row[column] = int(text) if dtype[column].kind in "bi" else text
        except ValueError:
            raise BadInput(f"{path} is there already, and holds a line that is not a row: {line[:80]!r}") from None
    rows["diverged"] = np.isnan(rows[error])
    return rows


def check_rows(path, rows, seeds, columns, train, cap):
    """Make sure that a sweep with these settings would have written these rows.

    The runs that took the least and the most epochs are trained again. The other rows must at least end where the
    settings let runs end.

    Args:
        path: of the file that they are from.
        rows: a structured array.
        seeds: a range, of the sweep.
        columns: the fields to compare; the second is solved, the third the number of epochs.
        train: takes seeds and returns their rows.
        cap: how many epochs an unsolved run has.

    Raises:
        BadInput: they are from another sweep.
    """
    if not len(rows):
        return
    numbers, epochs = rows["seed"], rows[columns[2]]
    if len(np.unique(numbers)) < len(rows) or min(numbers) < seeds[0] or max(numbers) > seeds[-1]:
        raise BadInput(f"{path} is there already, with seeds twice or beyond {as_text(seeds)}; give another --csv")
    by_epochs = np.argsort(epochs, kind="stable")
    sample = rows[np.unique([*by_epochs[:4], *by_epochs[-4:]])]
    again = train(sample["seed"].tolist())
    same = all(
        np.allclose(sample[name], again[name], rtol=1e-6, atol=0, equal_nan=True)
        if sample.dtype[name].kind == "f"
        else (sample[name] == again[name]).all()
        for name in columns
    )
    unsolved = ~rows["solved"] & ~rows["diverged"]
    if not same or (epochs > cap).any() or (epochs[unsolved] != cap).any():
        raise BadInput(f"{path} is there already, from a sweep with other settings; give another --csv")


class SweepReport:
    """Writes the rows of a sweep to a CSV file as they come, and shows its progress if stderr is a terminal."""

    def __init__(self, n_seeds, path=None, columns=(), known=()):
        """For a sweep of n_seeds; path of the CSV file or None, names of its fields, and rows that it starts with."""
        self.n_seeds, self.path, self.columns, self.known = n_seeds, path, columns, known
        self.done = len(known)
        self.began = time.perf_counter()

    def __enter__(self):
        self.file = None
        if self.path:
            if len(self.known):  # without the torn line
                self.finish(self.known)
            self.file = open(self.path, "a" if len(self.known) else "w")
            if not len(self.known):
                self.file.write(",".join(self.columns) + "\n")
                self.file.flush()
        return self

    def __call__(self, rows, done):
        """Note the rows of the runs that have just ended; `done` seeds are done."""
        self.done = done
        if self.file:
            self.file.writelines(csv_line(row, self.columns) for row in rows)
            self.file.flush()
        seconds = time.perf_counter() - self.began
        seconds_left = seconds * (self.n_seeds - done) / (done - len(self.known))
        show_progress(f"{done}/{self.n_seeds} seeds, {seconds_left:.0f} s left")

    def finish(self, results):
        """Write the whole file, with the rows of these results in their order."""
        if self.path:
            with replacing(self.path, "w") as file:
                file.write(",".join(self.columns) + "\n")
                file.writelines(csv_line(row, self.columns) for row in results)

    def __exit__(self, kind, error, traceback):
        show_progress()
        if self.file:
            self.file.close()
        if kind is KeyboardInterrupt:
            kept = f"; their rows are in {self.path}, and the same command goes on" if self.path and self.done else ""
            print(f"{self.done} of {self.n_seeds} seeds were done{kept}", file=sys.stderr)


def save_run(path, run, settings):
    """Write a run of `train_one` as a plain .npz file: its weights, settings, outcome and history.

    Args:
        path: of the file.
        run: that has ended, with its history; arrays are named history_ and the name of the figure.
        settings: a dataclass; each is kept under its own name.
    """
    kept = {name: getattr(run.network, name)[..., 0] for name in ("W1", "b1", "W2", "b2")}
    kept |= dataclasses.asdict(settings)
    kept |= {
        "seed": run.seed,
        "solved": run.solved_epoch is not None,
        "diverged": run.diverged,
        "epochs_run": run.epoch,
    }
    kept |= {f"history_{name}": values for name, values in run.history.items()}
    with replacing(path) as file:
        np.savez(file, **kept)


def rows_in_file(sweep_seeds, arguments, columns, dtype, error, cap):
    """The rows that the CSV file of a command line has already, once it is sure that this command would write them.

    Args:
        sweep_seeds: trains a sequence of seeds as `run_sweep` does.
        arguments: of `parse_command_line`.
        columns: the names of the fields of a row that go into the CSV file.
        dtype: of a row.
        error: the name of the field that is nan if a run has diverged.
        cap: how many epochs an unsolved run has.

    Returns:
        A structured array, empty without a file.

    Raises:
        BadInput: the file is there, but not from the same command.
    """
    if not arguments.csv:
        return np.zeros(0, dtype)
    rows = read_csv(arguments.csv, columns, dtype, error)
    check_rows(arguments.csv, rows, arguments.seeds, columns, sweep_seeds, cap)
    return rows


def sweep_as_told(sweep_seeds, arguments, columns, known=()):
    """Do the sweep that a command line asks for.

    Args:
        sweep_seeds: takes seeds, executor, workers, progress and known as `run_sweep` does, and returns its results.
        arguments, columns: as for `rows_in_file`.
        known: what that has returned, if it was asked.

    Returns:
        The results, and the wall time in seconds.
    """
    began, seeds = time.perf_counter(), arguments.seeds
    workers = min(arguments.workers or fastest_worker_count(len(seeds) - len(known)), len(seeds))
    with SweepReport(len(seeds), arguments.csv, columns, known) as report, worker_pool(workers) as executor:
        results = sweep_seeds(seeds, executor=executor, workers=workers, progress=report, known=known)
        report.finish(results)
    return results, time.perf_counter() - began


@contextmanager
def replacing(path, mode="wb"):
    """A file that takes the place of `path` when the block ends well; if it does not, `path` stays as it was."""
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f".{name[:100]}.{os.getpid()}.part")
    try:
        with open(beside, mode) as file:
            yield file
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.remove(beside)
        raise


# ------------------------------------------------------------------------------------------------- the command line


def setting(default, help, kind=None, **options):
    """A field of a settings dataclass: declared once, with the sentence and the check that the command line uses.

    Args:
        default: its default; for a bool, the option switches to the other value.
        help: one line on what the option does.
        kind: makes the value from its text, raising `argparse.ArgumentTypeError` on a bad one.
        options: more for `argparse.ArgumentParser.add_argument`, such as choices.
    """
    return dataclasses.field(default=default, metadata={"type": kind, "help": help, **options})


def whole_number(least, most=2**63 - 1):
    """An argument type: a whole number from `least` to `most`."""

    def parse(text):
        if not re.fullmatch("[0-9]{1,19}", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return parse


def real_number(allowed, is_allowed):
    """An argument type: a real number for which is_allowed(number) is true; `allowed` says in words which those are."""

    def parse(text):
        try:
            number = float(text.replace("_", "x"))  # Python would read 1_0 as 10
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and is_allowed(number)):
            raise argparse.ArgumentTypeError(f"must be {allowed}, not {text!r}")
        return number

    return parse


seed_number = whole_number(0)
learning_rate = real_number("a finite number above 0", lambda x: x > 0)
momentum = real_number("a number from 0 up to, but not, 1", lambda x: 0 <= x < 1)
init_scale = real_number("a number from 0 to 1e300", lambda x: 0 <= x <= 1e300)


def seed_range(text):
    """An argument type: A-B, the seeds from A to B, both included."""
    match = re.fullmatch("([0-9]{1,18})-([0-9]{1,18})", text)
    first, last = map(int, match.groups()) if match else (1, 0)
    if not 0 <= last - first < MOST_SEEDS:
        raise argparse.ArgumentTypeError(
            f"must be A-B, whole numbers with A <= B and at most {MOST_SEEDS} seeds, such as 0-999; not {text!r}"
        )
    return range(first, last + 1)


def output_file(text):
    """An argument type: the path of a file that can be written or replaced. Nothing is written."""
    import tempfile

    try:
        path = os.path.realpath(text)
        try:
            mode = os.stat(path).st_mode
        except FileNotFoundError:
            mode = None
        if mode and stat.S_ISDIR(mode):
            problem = "is a folder"
        elif mode and not stat.S_ISREG(mode):
            problem = "is not an ordinary file"
        elif mode and not os.access(path, os.W_OK):
            problem = "may not be written"
        elif not os.path.isdir(os.path.dirname(path)):
            problem = "is in a folder that does not exist"
        else:
            with tempfile.TemporaryFile(dir=os.path.dirname(path)):
                return path
    except (OSError, ValueError) as error:
        problem = f"cannot be written: {getattr(error, 'strerror', None) or error}"
    raise argparse.ArgumentTypeError(f"must be a file that can be written, but {text!r} {problem}")


def output_folder(text):
    """An argument type: the path of a folder that exists or can be made, and can be written to. Nothing is written."""
    import tempfile

    try:
        path = folder = os.path.realpath(text)
        while not os.path.lexists(folder):
            folder = os.path.dirname(folder)
        if text:
            with tempfile.TemporaryFile(dir=folder):
                return path
        problem = "is not a folder"
    except NotADirectoryError:
        problem = "is not a folder" if path == folder else f"cannot be made, as {folder} is not a folder"
    except (OSError, ValueError) as error:
        problem = f"cannot be written to: {getattr(error, 'strerror', None) or error}"
    raise argparse.ArgumentTypeError(f"must be a folder, but {text!r} {problem}")


class BadInput(Exception):
    """What was given cannot be used; the message says in one line what was wrong and what would be right."""


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line, and exits with 2."""

    def __init__(self, description):
        """Options cannot be abbreviated."""
        # With a width given, argparse need not import what finds out that of the terminal.
        formatter = functools.partial(argparse.HelpFormatter, width=78)
        super().__init__(description=description, allow_abbrev=False, formatter_class=formatter)

    def error(self, message):
        """Print the message on one line of stderr, and exit with 2."""
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")


def add_settings(parser, settings_class, **defaults):
    """Give a parser an option for each field of a settings dataclass; `defaults` take the place of the fields' own."""
    for field in dataclasses.fields(settings_class):
        default = defaults.get(field.name, field.default)
        flag, options = field.name.replace("_", "-"), {k: v for k, v in field.metadata.items() if v is not None}
        if isinstance(default, bool):
            flag = "no-" + flag if default else flag
            options["action"] = "store_false" if default else "store_true"
            options["help"] += " (default: off)"
        else:
            options["help"] += f" (default: {default})"
            options.setdefault("metavar", None if "choices" in options else "X")
        parser.add_argument("--" + flag, dest=field.name, default=default, **options)


def settings_from(arguments, settings_class):
    """The settings that a parsed command line asks for."""
    return settings_class(
        **{field.name: getattr(arguments, field.name) for field in dataclasses.fields(settings_class)}
    )


def picture_parser(description, settings_class, seed, **defaults):
    """A parser of what all scripts that draw have: the seed, and the settings of the run with these defaults."""
    parser = Parser(description)
    help = f"draw the run of this seed (default: {seed})"
    parser.add_argument("--seed", type=seed_number, default=seed, metavar="N", help=help)
    add_settings(parser, settings_class, **defaults)
    return parser


def settings_to_draw(parser, arguments, settings_class):
    """The settings of a run that is to be drawn; an error if its first, the length, is more than can be kept."""
    settings, name = settings_from(arguments, settings_class), dataclasses.fields(settings_class)[0].name
    if getattr(settings, name) > MOST_DRAWN:
        parser.error(f"argument --{name}: of a run to draw it must be at most {MOST_DRAWN}")
    return settings


def parse_command_line(description, settings_class, argv=None, instead=None):
    """Read the command line of an experiment: its settings, and what both experiments have.

    Args:
        description: the first lines of --help.
        settings_class: a dataclass whose fields were made by `setting`.
        argv: the arguments; None takes those of this process.
        instead: names of options that do something else than train, and what that is.

    Returns:
        The settings, and a namespace with seed, seeds, workers, csv, save and the options of `instead`.

    Raises:
        SystemExit: after --help (0) or a bad argument (2).
    """
    parser = Parser(description)
    parser.add_argument("--seed", type=seed_number, metavar="N", help="train one run from this seed (default: 0)")
    parser.add_argument(
        "--seeds",
        type=seed_range,
        metavar="A-B",
        help="train a run from each seed from A to B, a sweep (default: none)",
    )
    add_settings(parser, settings_class)
    parser.add_argument(
        "--workers",
        type=whole_number(1, 1024),
        metavar="N",
        help="processes of a sweep over seeds (default: what is fastest here)",
    )
    parser.add_argument(
        "--csv", type=output_file, metavar="PATH", help="write a row a seed to this file (default: none)"
    )
    parser.add_argument(
        "--save", type=output_file, metavar="PATH.npz", help="write the run's weights and history there (default: none)"
    )
    for name, help in (instead or {}).items():
        parser.add_argument("--" + name, action="store_true", help=f"{help} (default: off)")
    arguments = parser.parse_args(argv)
    for name in instead or {}:
        if getattr(arguments, name.replace("-", "_")):
            given = [f for f, value in vars(arguments).items() if value != parser.get_default(f)]
            if len(given) > 1:
                parser.error(f"--{name} trains nothing, so it goes with no other option")
    if arguments.seeds is not None:
        if arguments.seed is not None:
            parser.error("--seed is for one run and --seeds for a sweep: give one of them")
        if arguments.save:
            parser.error("--save is for one run: give --seed, or --csv to keep a sweep's results")
    elif arguments.csv:
        parser.error("--csv is for a sweep: give --seeds A-B, or --save to keep one run")
    arguments.seed = arguments.seed or 0
    return settings_from(arguments, settings_class), arguments


def as_text(seeds):
    """A range of seeds as the command line takes it, A-B."""
    return f"{seeds[0]}-{seeds[-1]}"


def described(settings):
    """Every setting and its value, as one line of text."""
    values = dataclasses.asdict(settings).items()
    return ", ".join(
        f"{name.replace('_', ' ')} {value if not isinstance(value, bool) else 'on' if value else 'off'}"
        for name, value in values
    )


def exit_code_of(main):
    """Call main() as a command: bad input ends it with 2, Ctrl-C with 130, a failing write with 1; no traceback."""
    try:
        main()
        if sys.stdout:
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except BadInput as error:
        print(f"{os.path.basename(sys.argv[0])}: error: {error}", file=sys.stderr)
        return 2
    except (OSError, MemoryError) as error:
        print(f"{os.path.basename(sys.argv[0])}: error: {error}", file=sys.stderr)
        return 1
    gc.freeze()  # all that is left ends with the process: looking for garbage in it would take longer than 100 epochs
    return 0
