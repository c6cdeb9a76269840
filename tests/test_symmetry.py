"""Facts about the symmetry experiment."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from conftest import contents, run_script

import sweep
import symmetry_6_2_1 as symmetry
from encoder_backprop_8_3_8 import Network, sweep_task
from symmetry_6_2_1 import CSV_COLUMNS, Settings, analyse, figure_1, properties, structure_of, sweep_seeds, train_seed

SCRIPT = "symmetry_6_2_1.py"
SWEEPS = [14420, 641, 15368, 1650, 26703, 2240, 893, 22469, 1177, 2212]
SWEEPS += [1356, 5755, 1861, 3446, 1288, 2769, 5244, 4236, 14042, 2308]


@pytest.fixture(scope="module")
def twenty():
    return sweep_seeds(range(20))


def network_of(left, right=None, hidden_bias=-1.1, output_weight=-9.4, output_bias=6.4, bits="01"):
    """A network with these weights into its hidden units; the right one mirrors the left if it is not given."""
    network = Network(*symmetry.patterns(bits), hidden_units=2, loss="squared-error")
    left = np.asarray(left, float)
    network.W1[..., 0] = np.stack([left, -left if right is None else np.asarray(right, float)], axis=1)
    network.b1[:], network.W2[:], network.b2[:] = hidden_bias, output_weight, output_bias
    network.forward()
    return network


def mirrored(*pairs):
    return [*pairs, *(-weight for weight in reversed(pairs))]


# ------------------------------------------------------------------------------------------------------- patterns


@pytest.mark.parametrize(("bits", "values"), [("01", {0, 1}), ("pm1", {-1, 1})])
def test_the_patterns_are_all_64_vectors_and_8_of_them_are_palindromes(bits, values):
    inputs, targets = symmetry.patterns(bits)
    assert inputs.shape == (64, 6) and targets.shape == (64, 1)
    assert set(inputs.ravel()) == values
    assert len({tuple(vector) for vector in inputs}) == 64
    palindromes = [tuple(vector) == tuple(vector[::-1]) for vector in inputs]
    assert sum(palindromes) == 8
    assert targets[:, 0].tolist() == palindromes


# ------------------------------------------------------------------------------------------------------- training


def test_seeds_0_to_19_take_the_sweeps_of_the_reference(twenty):
    assert twenty["sweeps"].tolist() == SWEEPS
    assert twenty["solved"].all() and (twenty["correct"] == 64).all()
    assert (twenty["max_error"] < 0.2).all()


def test_the_error_is_half_the_sum_of_squares_over_the_64_cases():
    network = train_seed(1, Settings(sweeps=5)).network
    expected = sum((network.output[p, 0, 0] - network.targets[p, 0]) ** 2 for p in range(64)) / 2
    assert network.loss()[0] == pytest.approx(expected, rel=1e-12)


def test_initial_parameters_are_drawn_in_the_order_of_the_reference():
    rng = np.random.default_rng(7)
    W1, b1, W2, b2 = (rng.uniform(-0.3, 0.3, shape) for shape in ((6, 2), (2,), (2, 1), (1,)))
    snapshots = train_seed(7, Settings(sweeps=1), snapshot_every=1).snapshots
    for name, drawn in (("W1", W1), ("b1", b1), ("W2", W2), ("b2", b2)):
        assert np.array_equal(snapshots[name][..., 0], drawn)


def test_zero_biases_leave_the_draw_of_the_weights_as_it_is():
    usual = train_seed(3, Settings(sweeps=1), snapshot_every=1).snapshots
    zero = train_seed(3, Settings(sweeps=1, zero_biases=True), snapshot_every=1).snapshots
    assert np.array_equal(usual["W1"][..., 0], zero["W1"][..., 0])
    assert np.array_equal(usual["W2"][..., 0], zero["W2"][..., 0])
    assert not zero["b1"][..., 0].any() and not zero["b2"][..., 0].any()


def test_a_run_is_the_same_to_the_last_bit_alone_and_in_any_company(twenty):
    seeds = [1, 3, 6, 8, 14]
    task = symmetry.symmetry_task(Settings())
    alone = np.concatenate([sweep_task(task, [seed]) for seed in seeds])
    assert np.array_equal(alone, twenty[seeds])
    assert np.array_equal(sweep_task(replace(task, lanes=3), seeds), alone)
    with sweep.worker_pool(2) as pool:
        assert np.array_equal(sweep_seeds(seeds, executor=pool, workers=2), alone)


def test_a_run_is_the_same_in_any_company_where_one_rounding_error_would_grow():
    task = symmetry.symmetry_task(Settings(lr=20.0, sweeps=300))
    alone = np.concatenate([sweep_task(task, [seed]) for seed in range(9)])
    for lanes in (2, 5, 9):
        assert np.array_equal(sweep_task(replace(task, lanes=lanes), range(9)), alone)


def test_a_tighter_tolerance_takes_more_sweeps():
    sweeps = [train_seed(1, Settings(tolerance=tolerance)).solved_epoch for tolerance in (0.5, 0.2, 0.1)]
    assert sweeps == sorted(set(sweeps))


def test_the_history_has_every_sweep_and_ends_as_the_network_does():
    run = train_seed(1, history=True)
    history = run.history
    assert history["sweep"].tolist() == list(range(642))
    assert history["correct"][-1] == 64
    assert history["error"][-1] == pytest.approx(run.network.loss()[0], rel=1e-12)
    assert history["pair_magnitudes"].shape == (3, 642)
    np.testing.assert_allclose(history["pair_magnitudes"][:, -1], analyse(run.network).magnitudes.mean(axis=1))


def test_a_run_without_early_stop_goes_on_and_keeps_its_solved_sweep():
    run = train_seed(1, Settings(early_stop=False, sweeps=700))
    assert (run.epoch, run.solved_epoch) == (700, 641)


# ------------------------------------------------------------------------------------------------------- analysis


@pytest.mark.parametrize("pairs", [(1, 2, 4), (4, 1, 2), (2, -4, 1), (-1, -2, 4)])
@pytest.mark.parametrize("bits", ["01", "pm1"])
def test_perfect_weights_have_every_property(pairs, bits):
    found = analyse(network_of(mirrored(*(3.6 * pair for pair in pairs)), bits=bits))
    assert all(holds for _, holds, _ in properties(found))
    assert found.structure == "1:2:4"
    assert (found.ratio_middle, found.ratio_largest) == pytest.approx((2, 4))
    assert found.antisymmetry == found.unit_difference == 0
    assert found.palindrome_input == pytest.approx(0, abs=1e-12)
    assert found.smallest_gap == pytest.approx(3.6 if bits == "01" else 7.2)
    assert found.relative_norm == pytest.approx(np.sqrt(42) * (1 if bits == "01" else 0.5))
    sizes = sorted(map(abs, pairs))
    assert found.order.split() == [("small", "middle", "large")[sizes.index(abs(pair))] for pair in pairs]


def which_fail(network):
    return [statement for statement, holds, _ in properties(analyse(network)) if not holds]


def test_a_pair_that_does_not_cancel_is_seen():
    failing = which_fail(network_of([14.2, -3.6, 7.2, -7.2, 3.6, -13.2]))
    assert "mirror pairs are equal in size and opposite in sign" in failing
    assert "palindromes send the hidden units a net input of 0" in failing


def test_hidden_units_that_are_not_mirror_images_are_seen():
    same = mirrored(14.2, -3.6, 7.2)
    failing = which_fail(network_of(same, same))
    assert "the two hidden units are mirror images of each other" in failing
    assert "every other vector turns one hidden unit on" in failing
    assert "all patterns are classified correctly" in failing


def test_another_ratio_is_seen_and_named():
    network = network_of(mirrored(4.0, 6.0, 8.0))
    assert which_fail(network) == ["pair magnitudes are in the ratio 1 : 2 : 4"]
    assert analyse(network).structure == "2:3:4"
    assert analyse(network).relative_norm == pytest.approx(np.sqrt(58))


def test_left_halves_that_send_the_same_sum_are_seen():
    failing = which_fail(network_of(mirrored(4.0, 4.0, 8.0)))
    assert "each left half sends a different sum" in failing
    assert "all patterns are classified correctly" in failing


def test_a_positive_hidden_bias_switches_the_units_on_and_is_seen():
    failing = which_fail(network_of(mirrored(14.2, -3.6, 7.2), hidden_bias=1.1))
    assert "palindromes leave both hidden units off" in failing
    assert "palindromes have the output on" in failing


def test_a_network_without_weights_can_be_analysed():
    found = analyse(network_of([0] * 6))
    assert found.structure == "other"
    assert len(properties(found)) == 9


@pytest.mark.parametrize(
    ("ratios", "name"),
    [((2, 4), "1:2:4"), ((1.9, 4.3), "1:2:4"), ((1.5, 2), "2:3:4"), ((1.6, 2.1), "2:3:4"), ((1.75, 3), "other")],
)
def test_structures_are_named_by_their_ratios(ratios, name):
    assert structure_of(*ratios) == name


def test_ratios_that_are_not_numbers_belong_to_no_structure():
    assert structure_of(float("nan"), float("inf")) == "other"


def test_the_papers_network_classifies_all_64_with_a_largest_error_of_0_154():
    found = analyse(figure_1())
    assert (found.palindromes_correct, found.others_correct) == (8, 56)
    assert round(found.max_error, 3) == 0.154
    assert all(holds for _, holds, _ in properties(found))
    assert found.order == "large small middle"


# --------------------------------------------------------------------------------------------------- command line


def test_one_run_prints_its_course_its_network_and_its_properties():
    done = run_script("--seed", 1, script=SCRIPT)
    assert (done.returncode, done.stderr) == (0, "")
    header = "seed 1, sweeps 60000, lr 0.1, momentum 0.9, init scale 0.3, tolerance 0.2, bits 01, zero biases off"
    assert f"{header}, early stop on" in done.stdout
    assert "solved at sweep 641" in done.stdout
    network = train_seed(1).network
    for weight in (*network.W1.ravel(), *network.b1.ravel(), *network.W2.ravel(), *network.b2.ravel()):
        assert f"{weight:+.2f}" in done.stdout
    for statement, *_ in properties(analyse(network)):
        assert f"yes  {statement}" in done.stdout


def test_figure_1_prints_the_papers_network():
    done = run_script("--figure-1", script=SCRIPT)
    assert (done.returncode, done.stderr) == (0, "")
    for number in ("+14.20", "-3.60", "+7.20", "(-1.10)", "-9.40", "(+6.40)", "0.154"):
        assert number in done.stdout


def test_a_sweep_prints_and_writes_what_it_found(tmp_path, twenty):
    path = tmp_path / "symmetry.csv"
    done = run_script("--seeds", "0-19", "--csv", path, script=SCRIPT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "20/20 = 100.0 %" in done.stdout
    solved = twenty["sweeps"]
    assert f"min {solved.min()}" in done.stdout and f"max {solved.max()}" in done.stdout
    for name in ("1:2:4", "2:3:4", "other"):
        assert f"{name:<16} {(twenty['structure'] == name).sum()}/20" in done.stdout
    for order in set(twenty["order"].tolist()):
        assert f"{order:<20} in {(twenty['order'] == order).sum()} runs" in done.stdout
    header, *rows = csv.reader(path.read_text().splitlines())
    assert header == list(CSV_COLUMNS)
    expected = "seed,solved,sweeps,correct,max_error,ratio_middle,ratio_largest,antisymmetry,structure"
    assert header == expected.split(",")
    assert [int(row[0]) for row in rows] == list(range(20))
    assert [int(row[2]) for row in rows] == SWEEPS
    for row, result in zip(rows, twenty, strict=True):
        assert [float(text) for text in row[4:8]] == pytest.approx(
            [result[name] for name in CSV_COLUMNS[4:8]], rel=1e-8
        )
        assert row[8] == result["structure"]


def test_a_saved_run_can_be_loaded_without_pickle(tmp_path):
    path = tmp_path / "run.npz"
    assert run_script("--seed", 1, "--save", path, script=SCRIPT).returncode == 0
    with np.load(path, allow_pickle=False) as saved:
        assert {name: saved[name].shape for name in ("W1", "b1", "W2", "b2")} == {
            "W1": (6, 2),
            "b1": (2,),
            "W2": (2, 1),
            "b2": (1,),
        }
        assert saved["tolerance"] == 0.2 and saved["epochs_run"] == 641 and bool(saved["solved"])
        assert saved["history_error"].shape == (642,)


def test_a_run_that_diverges_is_reported_and_counted():
    done = run_script("--seed", 0, "--lr", "1e308", "--sweeps", 50, script=SCRIPT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "diverged at sweep" in done.stdout
    rows = sweep_seeds(range(3), Settings(lr=1e308, sweeps=50))
    assert rows["diverged"].all() and (rows["structure"] == "diverged").all() and not rows["solved"].any()


@pytest.mark.parametrize(
    "arguments",
    [
        "--seed -1",
        "--seed 1.5",
        "--seeds 5-1",
        "--seeds 0-9 --seed 1",
        "--sweeps 0",
        "--lr 0",
        "--lr nan",
        "--momentum 1",
        "--init-scale -0.1",
        "--tolerance 0",
        "--tolerance 0.6",
        "--tolerance nan",
        "--bits 10",
        "--workers 0",
        "--csv x.csv",
        "--seeds 0-9 --save x.npz",
        "--seeds 0-9 --csv missing/x.csv",
        "--save .",
        "--figure-1 --seed 1",
        "--figure-1 --seeds 0-9",
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_is_written(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as refusal:
        symmetry.main(arguments.split())
    assert refusal.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    assert not contents(tmp_path)
