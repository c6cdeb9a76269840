"""Sweeps: a seed's result does not depend on its company, and files are written whole or not at all."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from conftest import ROOT, contents

import encoder_backprop_8_3_8 as encoder
import sweep
from encoder_backprop_8_3_8 import CSV_COLUMNS, ROW, Run, Settings, encoder_task, sweep_seeds, sweep_task, train_seed

# --------------------------------------------------------------------- a seed's result does not depend on its company

SEEDS = range(24)
EXPERIMENTS = {
    "reference": Settings(epochs=1000),
    "chaotic": Settings(epochs=300, lr=20),
    "squared error": Settings(epochs=600, lr=5, loss="squared-error"),
    "without early stop": Settings(epochs=800, early_stop=False, init_scale=1),
    "diverging": Settings(epochs=100, lr=1e308),
}
ROW_AND_WEIGHTS = np.dtype([*ROW.descr, ("parameters", "f8", 59)])


def row_and_weights(measure, run, network, lane):
    return (*measure(run, network, lane), network.parameters[:, lane])


def task_of(settings, **changes):
    """The task of these settings, with all weights in its rows, so that the smallest difference anywhere shows."""
    task = encoder_task(settings)
    return replace(task, measure=partial(row_and_weights, task.measure), row=ROW_AND_WEIGHTS, **changes)


def assert_same(rows, expected):
    """Every field equal, bit for bit."""
    assert rows.dtype == expected.dtype and len(rows) == len(expected)
    for name in rows.dtype.names:
        np.testing.assert_array_equal(rows[name], expected[name], err_msg=name)


@pytest.fixture(scope="module", params=EXPERIMENTS.values(), ids=EXPERIMENTS)
def experiment(request):
    """The settings, and the row of every seed trained alone."""
    task = task_of(request.param)
    return request.param, np.concatenate([sweep_task(task, [seed]) for seed in SEEDS])


@pytest.fixture(scope="module")
def pool():
    with sweep.worker_pool(2) as pool:
        yield pool


def test_a_seed_gives_the_same_row_from_train_seed_and_in_a_sweep(experiment):
    settings, alone = experiment
    for row in alone:
        run = train_seed(int(row["seed"]), settings)
        outcome = run.epoch, run.solved_epoch or -1, run.diverged
        assert outcome == (row["epochs"], row["solved_epoch"], row["diverged"])
        np.testing.assert_array_equal(run.network.parameters[:, 0], row["parameters"])
        np.testing.assert_array_equal(np.nan if run.diverged else run.network.loss()[0], row["loss"])


@pytest.mark.parametrize("lanes", [2, 3, 8, 23, 256])
def test_a_seed_gives_the_same_row_alone_and_beside_any_number_of_others(experiment, lanes):
    settings, alone = experiment
    assert_same(sweep_task(task_of(settings, lanes=lanes), SEEDS), alone)


@pytest.mark.parametrize("lanes", [3, 256])
def test_a_seed_gives_the_same_row_in_worker_processes(experiment, lanes, pool):
    settings, alone = experiment
    assert_same(sweep_task(task_of(settings, lanes=lanes), SEEDS, executor=pool, workers=2), alone)


def test_a_seed_gives_the_same_row_in_threads(experiment):
    settings, alone = experiment
    with ThreadPoolExecutor(2) as threads:
        assert_same(sweep_task(task_of(settings, lanes=5), SEEDS, executor=threads, workers=3), alone)


@pytest.mark.parametrize("seconds", [0, 0.001])
def test_a_seed_gives_the_same_row_when_set_aside_again_and_again(experiment, seconds):
    settings, alone = experiment
    task, runs, rows = task_of(settings, lanes=7), [Run(seed) for seed in SEEDS], []
    while runs:
        ended, runs = encoder.train_chunk(task, runs[::-1], seconds)  # in ever different company
        rows += ended
    assert_same(np.sort(np.array(rows, task.row), order="seed"), alone)


def test_runs_are_set_aside_when_their_time_is_over():
    runs = [Run(seed) for seed in SEEDS]
    rows, aside = encoder.train_chunk(task_of(Settings(), lanes=7), runs, seconds=0)
    assert rows == [] and {run.seed for run in aside} == set(SEEDS)
    assert sorted(run.epoch for run in aside) == [0] * 17 + [1] * 7


def test_a_seed_gives_the_same_row_after_any_other_seed(experiment):
    settings, alone = experiment
    order = np.random.default_rng(0).permutation(len(SEEDS))
    assert_same(sweep_task(task_of(settings, lanes=3), order.tolist()), alone[order])


def test_the_smallest_change_of_a_weight_shows_at_the_end():
    """Otherwise the tests above would show nothing."""

    def nudge(epoch, network):
        if epoch == 50:
            network.W1[0, 0] = np.nextafter(network.W1[0, 0], np.inf)

    for seed in SEEDS:
        plain, nudged = (train_seed(seed, EXPERIMENTS["chaotic"], watch=watch) for watch in (None, nudge))
        assert (plain.network.parameters != nudged.network.parameters).any()


def test_a_lane_goes_to_the_next_run_and_nothing_is_computed_for_one_that_has_ended():
    sizes, rows, task = [], [], encoder_task(Settings(epochs=1000))
    encoder.train(
        task,
        [Run(seed) for seed in SEEDS],
        lambda *ended: rows.append(task.measure(*ended)),
        lanes=5,
        watch=lambda epoch, network: sizes.append(network.runs),
    )
    epochs = np.array(rows, ROW)["epochs"]
    assert len(rows) == len(SEEDS)
    assert sizes[0] == 5 and sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == (epochs + 1).sum()  # a run of n updates takes n + 1 forward passes


# -------------------------------------------------------------------------------------------- what a sweep gives back


def test_rows_come_in_the_order_of_the_seeds_and_progress_tells_of_each_once(pool):
    seeds, told, counts = [7, 3, 100, 5, 0, 28], [], []

    def progress(rows, done):
        told.extend(rows["seed"].tolist())
        counts.append(done)

    results = sweep_seeds(seeds, Settings(epochs=700), executor=pool, workers=2, progress=progress)
    assert results["seed"].tolist() == seeds
    assert sorted(told) == sorted(seeds)
    assert counts == sorted(counts) and counts[-1] == len(seeds)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_sweep_of_one_seed_needs_no_second_worker(pool, workers):
    assert sweep_seeds(range(5, 6), executor=pool, workers=workers)["epochs"].tolist() == [488]


def test_a_row_tells_the_outcome_of_its_run():
    settings = Settings(epochs=700)
    for row in sweep_seeds(range(8), settings):
        run = train_seed(int(row["seed"]), settings, history=True)
        table = encoder.hidden_code_table(run.network)
        assert row["solved"] == (run.solved_epoch is not None) and row["epochs"] == run.epoch
        assert row["accuracy"] == run.history["accuracy"][-1]
        assert row["distinct_codes"] == encoder.distinct_codes(table)
        assert row["loss"] == pytest.approx(run.history["loss"][-1], rel=1e-12)
        assert row["codes"].tolist() == encoder.binary_codes(table).tolist()


def test_one_seed_is_not_worth_a_second_process():
    assert sweep.fastest_worker_count(1) == 1
    assert 1 <= sweep.fastest_worker_count(10**6) <= os.cpu_count()


# ------------------------------------------------------------------------------------------------ worker processes


def test_every_worker_leaves_ctrl_c_to_its_parent():
    others = set(multiprocessing.active_children())
    with sweep.worker_pool(2) as pool:
        powers = [pool.submit(pow, 2, n) for n in range(10)]
        workers = set(multiprocessing.active_children()) - others
        for worker in workers:
            os.kill(worker.pid, signal.SIGINT)
        assert len(workers) == 2
        assert [power.result() for power in powers] == [2**n for n in range(10)]


def test_ctrl_c_while_the_workers_start_is_answered_when_they_have_started(monkeypatch):
    submit, started = ProcessPoolExecutor.submit, []

    def interrupted_submit(pool, *call):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        started.append(submit(pool, *call))

    monkeypatch.setattr(ProcessPoolExecutor, "submit", interrupted_submit)
    with pytest.raises(KeyboardInterrupt), sweep.worker_pool(2):
        pass
    assert len(started) == 2


def test_an_error_in_a_worker_reaches_the_caller():
    with pytest.raises(ValueError, match="loss"), sweep.worker_pool(2) as pool:
        sweep_seeds(range(4), Settings(loss="none"), executor=pool, workers=2)


def touch_after_5_seconds(path):
    time.sleep(5)
    path.touch()


def test_an_error_ends_the_workers_of_its_own_pool_at_once_and_no_others(tmp_path):
    with sweep.worker_pool(2) as other:
        assert other.submit(pow, 2, 3).result() == 8
        with pytest.raises(RuntimeError, match="an error"), sweep.worker_pool(2) as pool:
            pool.submit(touch_after_5_seconds, tmp_path / "late")
            raise RuntimeError("an error")
        assert contents(tmp_path) == {}
        assert other.submit(pow, 2, 3).result() == 8


# ------------------------------------------------------------------------------------------------------ CSV files


@pytest.mark.parametrize("loss", encoder.LOSSES)
def test_the_csv_file_is_the_results_in_seed_order_whatever_the_number_of_workers(tmp_path, capsys, loss):
    written = []
    for workers in (1, 2):
        path = tmp_path / f"{workers}.csv"
        encoder.main(f"--seeds 0-79 --epochs 700 --loss {loss} --workers {workers} --csv {path}".split())
        written.append(path.read_bytes())
    assert written[0] == written[1]
    header, *lines = written[0].decode().splitlines()
    assert header == "seed,solved,epochs,accuracy,distinct_codes,loss"
    results = sweep_seeds(range(80), Settings(epochs=700, loss=loss))
    columns = zip(*(map(float, line.split(",")) for line in lines), strict=True)
    for name, values in zip(header.split(","), columns, strict=True):
        np.testing.assert_allclose(values, results[name], rtol=1e-8)
    assert [line.split(",")[:3] for line in lines] == [
        [str(row["seed"]), "1" if row["solved"] else "0", str(row["epochs"])] for row in results
    ]
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".csv"] == []


def test_rows_are_in_the_csv_file_as_soon_as_their_runs_are_done(tmp_path):
    path, rows = tmp_path / "sweep.csv", sweep_seeds([2, 0, 1], Settings(epochs=10))
    with sweep.SweepReport(3, path, CSV_COLUMNS) as report:
        for done in range(1, 4):
            report(rows[done - 1 : done], done)
            header, *lines = path.read_text().splitlines()
            assert header == ",".join(CSV_COLUMNS)
            assert [line.split(",")[0] for line in lines] == ["2", "0", "1"][:done]


def test_rows_stay_in_the_csv_file_when_putting_them_in_order_fails(tmp_path):
    path, rows = tmp_path / "sweep.csv", sweep_seeds([2, 0, 1], Settings(epochs=10))

    def failing():
        yield rows[1]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), sweep.SweepReport(3, path, CSV_COLUMNS) as report:
        report(rows, 3)
        report.finish(failing())
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["seed", "2", "0", "1"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_row_of_a_run_that_diverged_is_still_numbers(tmp_path, capsys):
    path = tmp_path / "sweep.csv"
    encoder.main(f"--seeds 0-9 --lr 1e308 --epochs 100 --workers 1 --csv {path}".split())
    lines = path.read_text().splitlines()[1:]
    assert [line.split(",")[:2] for line in lines] == [[str(seed), "0"] for seed in range(10)]
    assert all(len([float(value) for value in line.split(",")]) == 6 for line in lines)


# ------------------------------------------------------------------------------------------ files written whole


@pytest.mark.parametrize("error", [OSError, ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_during_a_write_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "results.npz"
    path.write_bytes(b"old")
    with pytest.raises(error), sweep.replacing(path) as file:
        file.write(b"half of the n")
        raise error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_during_a_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "results.npz"
    path.write_bytes(b"old")
    code = f"""
import os, signal, sweep
with sweep.replacing({str(path)!r}) as file:
    file.write(b"half of the n")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"


def test_a_file_that_is_written_whole_takes_the_place_of_the_old_one(tmp_path):
    path, link = tmp_path / "results.npz", tmp_path / "link.npz"
    path.write_bytes(b"old and longer")
    link.symlink_to(path)
    with sweep.replacing(link) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old and longer"
    assert path.read_bytes() == b"new" and link.is_symlink()
    assert set(tmp_path.iterdir()) == {path, link}


def test_a_file_with_a_very_long_name_can_be_replaced(tmp_path):
    path = tmp_path / ("n" * 251 + ".npz")
    with sweep.replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


# --------------------------------------------------------------------------------------------------- the small parts


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (21, 30, 0.5212, 0.8334),
        (81, 263, 0.2553, 0.3662),  # this and the next three: Newcombe (1998), Statistics in Medicine 17, Table I
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_intervals_are_those_of_the_literature(successes, n, low, high):
    assert sweep.wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [1, 7, 30, 1000, 10**6])
def test_a_wilson_interval_is_within_0_and_1_and_holds_the_proportion(n):
    for successes in {0, 1, n // 2, n - 1, n}:
        low, high = sweep.wilson_interval(successes, n)
        assert 0 <= low < high <= 1
        assert low - 1e-12 <= successes / n <= high + 1e-12  # but for rounding


def test_a_range_of_seeds_includes_both_ends():
    assert sweep.seed_range("0-999") == range(1000)
    assert sweep.seed_range("5-5") == range(5, 6)
    assert sweep.seed_range(sweep.as_text(range(3, 8))) == range(3, 8)
