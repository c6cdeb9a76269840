"""Facts about sweeps that are interrupted and go on, that are spread over a cluster, and whose runs start again."""

import math
import random
import time

import numpy as np
import pytest
from conftest import ENCODER, contents, run_script, running_script

import encoder_backprop_8_3_8 as encoder
import sweep
from encoder_backprop_8_3_8 import CSV_COLUMNS, ROW, Settings, sweep_seeds, sweep_task, train_seed

SYMMETRY = "symmetry_6_2_1.py"


def sweep_to(path, *arguments, script=ENCODER, seeds="0-99"):
    return run_script("--seeds", seeds, "--csv", path, *arguments, script=script)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The CSV file of an uninterrupted sweep."""
    path = tmp_path_factory.mktemp("whole") / "whole.csv"
    assert sweep_to(path).returncode == 0
    return path.read_bytes()


# ----------------------------------------------------------------------------------------------------- interrupted


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_killed_at_random_moments_ends_with_the_same_file(workers, tmp_path, whole):
    path, moments, kills = tmp_path / "sweep.csv", random.Random(workers), 0
    for _ in range(4):
        with running_script("--seeds", "0-99", "--csv", path, "--workers", workers) as process:
            time.sleep(moments.uniform(0.15, 0.9))
            kills += process.poll() is None
            process.kill()
            process.wait()
    assert kills
    assert sweep_to(path, "--workers", workers).returncode == 0
    assert path.read_bytes() == whole
    assert list(contents(tmp_path)) == [path]


@pytest.mark.parametrize("length", [0, 3, 46, 47, 200, 1000, -1])
def test_a_file_torn_anywhere_is_completed(length, tmp_path, whole):
    path = tmp_path / "sweep.csv"
    path.write_bytes(whole[:length])
    assert sweep_to(path).returncode == 0
    assert path.read_bytes() == whole


def test_rows_that_are_there_in_any_order_are_not_trained_again(tmp_path, whole):
    header, *rows = whole.splitlines(keepends=True)
    path = tmp_path / "sweep.csv"
    path.write_bytes(header + b"".join(rows[60:] + rows[:30]))
    done = sweep_to(path)
    assert "of the 30 runs that were not in the file already" in done.stdout
    assert path.read_bytes() == whole


def test_a_complete_file_stays_as_it_is(tmp_path, whole):
    path = tmp_path / "sweep.csv"
    path.write_bytes(whole)
    done = sweep_to(path)
    assert done.returncode == 0 and "65/100 = 65.0 %" in done.stdout
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lr", "0.4"],
        ["--momentum", "0.8"],
        ["--init-scale", "0.2"],
        ["--loss", "squared-error"],
        ["--epochs", "19999"],
        ["--epochs", "20001"],
        ["--no-early-stop"],
        ["--restarts", "3"],
    ],
)
def test_a_file_from_other_settings_is_refused_untouched(arguments, tmp_path, whole):
    path = tmp_path / "sweep.csv"
    path.write_bytes(whole[:1500])
    done = sweep_to(path, *arguments)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "other settings" in done.stderr
    assert contents(tmp_path) == {path: whole[:1500]}


@pytest.mark.parametrize(
    "text",
    [
        "some notes\nof mine\n",
        "seed,solved,sweeps\n1,1,3\n",
        "seed,solved,epochs,accuracy,distinct_codes,loss\n1,1,3\n2,1,3\n",
        "seed,solved,epochs,accuracy,distinct_codes,loss\n200,1,3631,1,8,0.01\n",
        "seed,solved,epochs,accuracy,distinct_codes,loss\n" + 2 * "0,1,3631,1,8,0.0131377346\n",
    ],
)
def test_a_file_of_something_else_is_refused_untouched(text, tmp_path):
    path = tmp_path / "sweep.csv"
    path.write_text(text)
    done = sweep_to(path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert contents(tmp_path) == {path: text.encode()}


def test_a_symmetry_sweep_goes_on_too(tmp_path):
    path = tmp_path / "sweep.csv"
    assert sweep_to(path, script=SYMMETRY, seeds="0-39").returncode == 0
    whole = path.read_bytes()
    path.write_bytes(whole[:1234])
    assert sweep_to(path, "--tolerance", "0.19", script=SYMMETRY, seeds="0-39").returncode == 2
    assert path.read_bytes() == whole[:1234]
    assert sweep_to(path, script=SYMMETRY, seeds="0-39").returncode == 0
    assert path.read_bytes() == whole


def test_a_sweep_with_diverged_runs_goes_on(tmp_path):
    path, settings = tmp_path / "sweep.csv", ["--lr", "1e308", "--epochs", "50"]
    assert sweep_to(path, *settings, seeds="0-9").returncode == 0
    whole = path.read_bytes()
    path.write_bytes(whole[:150])
    assert sweep_to(path, *settings, seeds="0-9").returncode == 0
    assert path.read_bytes() == whole


def test_known_rows_are_taken_over_and_not_trained():
    known = sweep_seeds(range(5))
    known["loss"] = 42
    rows = sweep_seeds(range(10), known=known)
    assert (rows["loss"][:5] == 42).all()
    assert np.array_equal(rows[5:], sweep_seeds(range(5, 10)))


# --------------------------------------------------------------------------------------------------------- cluster


def test_a_sweep_on_a_dask_cluster_gives_the_same_rows():
    distributed = pytest.importorskip("distributed", reason="tests/requirements.txt installs it")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        rows = sweep_seeds(range(40), executor=client.get_executor(), workers=2)
    assert np.array_equal(rows, sweep_seeds(range(40)))


# -------------------------------------------------------------------------------------------------------- restarts


def plateaus_by_hand(seed, restarts, patience):
    """Attempts as they must go, trained one by one: the epochs over all attempts and the number of restarts."""
    total = 0
    for attempt in range(restarts + 1):
        rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(attempt)[-1] if attempt else seed)
        network = encoder.Network(encoder.PATTERNS, encoder.PATTERNS, 3)
        network.parameters[:, 0] = encoder.encoder_task(Settings()).draw(rng)
        most, since, epoch = 0, 0, 0
        while True:
            network.forward()
            if encoder.is_solved(network)[0]:
                return total + epoch, attempt
            codes = encoder.distinct_codes(network.hidden)[0]
            if codes > most:
                most, since = codes, epoch
            if attempt < restarts and epoch - since >= patience:
                break
            network.backward()
            network.step(0.5, 0.9)
            epoch += 1
        total += epoch
    raise AssertionError("not reached: these seeds are solved")


@pytest.mark.parametrize("seed", [2, 4, 7, 11])
def test_a_run_on_a_plateau_starts_again_from_a_child_stream_of_its_seed(seed):
    row = sweep_seeds([seed], Settings(restarts=20, patience=800))[0]
    assert row["solved"]
    assert (row["epochs"], row["restarts"]) == plateaus_by_hand(seed, 20, 800)
    assert row["restarts"] > 0


def test_a_run_that_is_on_no_plateau_is_an_ordinary_run():
    ordinary = sweep_seeds([3, 5, 6, 8])
    assert np.array_equal(sweep_seeds([3, 5, 6, 8], Settings(restarts=5, patience=1000)), ordinary)


def test_after_the_last_restart_a_run_goes_on_to_the_cap():
    row = sweep_seeds([2], Settings(restarts=1, patience=1, epochs=700))[0]
    assert (row["epochs"], row["restarts"], row["solved"]) == (700, 1, False)


def test_a_solved_run_that_trains_on_is_not_restarted():
    row = sweep_seeds([5], Settings(restarts=3, patience=1000, epochs=4000, early_stop=False))[0]
    assert (row["epochs"], row["solved_epoch"], row["restarts"]) == (4000, 488, 0)


def test_a_restarted_run_is_the_same_alone_and_in_any_company():
    settings = Settings(restarts=10, patience=700)
    rows = sweep_seeds(range(20), settings)
    assert rows["restarts"].max() > 1
    task = encoder.encoder_task(settings)
    assert np.array_equal(np.concatenate([sweep_task(task, [seed]) for seed in range(20)]), rows)
    assert [train_seed(seed, settings).epoch for seed in (2, 4)] == rows["epochs"][[2, 4]].tolist()
    with sweep.worker_pool(2) as pool:
        assert np.array_equal(sweep_seeds(range(20), settings, executor=pool, workers=2), rows)
    ended, runs = [], [encoder.Run(seed) for seed in range(20)]
    while runs:  # set aside again and again
        more, runs = encoder.train_chunk(task, runs, 0.01)
        ended += more
    assert np.array_equal(np.sort(np.array(ended, ROW), order="seed"), rows)


def test_a_sweep_with_restarts_prints_their_number_beside_the_geometric_law():
    done = run_script("--seeds", "0-29", "--restarts", 50, "--patience", 900, "--epochs", 1000000)
    rows = sweep_seeds(range(30), Settings(restarts=50, patience=900, epochs=1000000))
    assert rows["solved"].all()
    first = (rows["restarts"] == 0).mean()
    for n in range(rows["restarts"].max() + 1):
        line = f"solved after {n:2} restarts: {(rows['restarts'] == n).sum():6}, by the geometric law"
        assert f"{line} {30 * first * (1 - first) ** n:8.1f}" in done.stdout


# ------------------------------------------------------------------------------------------------------ statistics


@pytest.mark.parametrize(
    ("statistic", "degrees", "p"),
    # From tables of the chi-square distribution.
    [(3.841459, 1, 0.05), (5.991465, 2, 0.05), (40.113272, 27, 0.05), (66.338649, 49, 0.05), (49.644915, 27, 0.005)],
)
def test_the_chi_square_law_agrees_with_its_tables(statistic, degrees, p):
    assert sweep.chi_square_p(statistic, degrees) == pytest.approx(p, rel=1e-5)


def test_the_chi_square_law_agrees_with_simulated_counts():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(2000, np.full(28, 1 / 28), size=4000)
    statistics = (np.square(counts - 2000 / 28) / (2000 / 28)).sum(axis=1)
    for share in (0.5, 0.9, 0.99):
        expected = 1 - share
        measured = sweep.chi_square_p(np.quantile(statistics, share), 27)
        assert abs(measured - expected) < 4 * math.sqrt(expected * share / 4000) + 0.003


def test_codes_of_random_permutations_have_49_degrees_of_freedom():
    rng = np.random.default_rng(0)
    statistics = []
    for _ in range(400):
        codes = rng.permuted(np.tile(np.arange(8), (300, 1)), axis=1)
        used = np.stack([(codes == code).sum(axis=0) for code in range(8)])
        statistics.append(7 / 8 * (np.square(used - 300 / 8) / (300 / 8)).sum())
    assert abs(np.mean(statistics) - 49) < 4 * math.sqrt(2 * 49 / 400)


def test_the_csv_columns_are_the_first_fields_of_a_row():
    assert ",".join(CSV_COLUMNS) == "seed,solved,epochs,accuracy,distinct_codes,loss"
