"""The pictures: that they appear, that they show the run's data, and that what cannot be drawn is refused."""

import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from conftest import ROOT, contents, press_ctrl_c, run_script, running_script, wait_until
from PIL import Image

import encoder_backprop_8_3_8 as encoder
import make_encoder_backprop_8_3_8_gif as encoder_gif
import make_symmetry_6_2_1_gif as symmetry_gif
import symmetry_6_2_1 as symmetry
import visualize_encoder_backprop_8_3_8 as encoder_pictures
import visualize_symmetry_6_2_1 as symmetry_pictures

ENCODER, ENCODER_GIF = "visualize_encoder_backprop_8_3_8.py", "make_encoder_backprop_8_3_8_gif.py"
SYMMETRY, SYMMETRY_GIF = "visualize_symmetry_6_2_1.py", "make_symmetry_6_2_1_gif.py"
OF_ENCODER = ("training_curves.png", "weights.png", "hidden_codes_3cube.png", "code_table.png")
OF_SYMMETRY = ("symmetry_network.png", "symmetry_training_curves.png", "symmetry_hidden_activations.png")
OF_ENCODER_SWEEP, OF_SYMMETRY_SWEEP = (
    ("epochs_to_solve.png", "colliding_pairs.png"),
    ("symmetry_sweeps.png", "symmetry_ratios.png"),
)
SHORT = {ENCODER: ("--epochs", 300), SYMMETRY: ("--sweeps", 300)}


@pytest.fixture(scope="module")
def encoder_run():
    return encoder.train_seed(0, history=True, snapshot_every=40)


@pytest.fixture(scope="module")
def symmetry_run():
    return symmetry.train_seed(1, history=True, snapshot_every=8)


@pytest.fixture(autouse=True)
def house_look():
    with matplotlib.rc_context(encoder_pictures.STYLE):
        yield


def lines_of(ax):
    """The data of the curves in an Axes: those with more than two points."""
    return [np.array(line.get_data()) for line in ax.lines if len(line.get_xdata()) > 2]


def texts_of(ax):
    return [text.get_text().replace("\N{MINUS SIGN}", "-") for text in ax.texts]


def is_picture(path):
    """Whether a file is a picture that is as large as promised and not blank."""
    with Image.open(path) as image:
        assert image.format == "PNG"
        grey = np.array(image.convert("L"))
    assert 1200 <= grey.shape[1] <= 1600
    return 0.005 < (grey < 200).mean() < 0.6 and len(np.unique(grey)) > 20


# -------------------------------------------------------------------------------------------------- files appear


@pytest.mark.parametrize(
    ("script", "of_run", "of_sweep"),
    [(ENCODER, OF_ENCODER, OF_ENCODER_SWEEP), (SYMMETRY, OF_SYMMETRY, OF_SYMMETRY_SWEEP)],
)
def test_every_picture_appears_and_is_not_blank(tmp_path, script, of_run, of_sweep):
    folder = tmp_path / "new" / "viz"
    done = run_script("--outdir", folder, "--seeds", "5-9", *SHORT[script], script=script)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == sorted(of_run + of_sweep)
    assert done.stdout.splitlines() == [str(folder / name) for name in of_run + of_sweep]
    assert all(is_picture(path) for path in folder.iterdir())


def test_without_seeds_no_picture_of_a_sweep_is_drawn(tmp_path):
    assert encoder_pictures.main(["--outdir", str(tmp_path), "--epochs", "3"]) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(OF_ENCODER)


def test_a_picture_is_the_same_file_every_time(tmp_path):
    for folder in ("a", "b"):
        symmetry_pictures.main(["--outdir", str(tmp_path / folder), "--sweeps", "20"])
    assert [p.read_bytes() for p in sorted(tmp_path.glob("a/*"))] == [
        p.read_bytes() for p in sorted(tmp_path.glob("b/*"))
    ]


def test_the_committed_pictures_are_those_the_scripts_make():
    names = {path.name for path in (ROOT / "viz").iterdir()}
    assert names == {*OF_ENCODER, *OF_SYMMETRY, *OF_ENCODER_SWEEP, *OF_SYMMETRY_SWEEP}
    assert all(is_picture(ROOT / "viz" / name) for name in names)


# --------------------------------------------------------------------------------------- figures show the run's data


def test_training_curves_show_every_epoch_of_the_history(encoder_run):
    figure, history = encoder_pictures.training_curves(encoder_run), encoder_run.history
    shown = (history["loss"], 100 * history["accuracy"], history["distinct_codes"], history["weight_norm"])
    for ax, values in zip(figure.axes, shown, strict=True):
        (curve,) = lines_of(ax)
        assert np.array_equal(curve, [history["epoch"], values])
        assert any(np.array_equal(line.get_xdata(), [3631, 3631]) for line in ax.lines)  # when it was solved
    assert figure.axes[0].get_yscale() == "log"
    assert "solved at epoch 3,631" in figure.texts[0].get_text()


def test_a_run_that_is_not_solved_has_no_line_that_says_so():
    run = encoder.train_seed(0, encoder.Settings(epochs=40), history=True)
    figure = encoder_pictures.training_curves(run)
    assert "not solved in 40 epochs" in figure.texts[0].get_text()
    assert not any("solved" in texts_of(ax) for ax in figure.axes)


def test_the_weights_are_shown_with_biases_and_codes_on_one_scale(encoder_run):
    network, figure = encoder_run.network, encoder_pictures.weights(encoder_run)
    maps = [ax.collections[0] for ax in figure.axes[:4]]
    for mesh, values in zip(maps, (network.W1[..., 0], network.b1.T, network.W2[..., 0], network.b2.T), strict=True):
        assert np.array_equal(mesh.get_array(), values)
        assert mesh.get_clim() == (-np.abs(network.parameters).max(), np.abs(network.parameters).max())
    assert texts_of(figure.axes[0])[:3] == ["0.4", "-6.1", "-6.5"]
    codes = [f"{code:03b}" for code in encoder.binary_codes(encoder.hidden_code_table(network))]
    assert [text for text in texts_of(figure.axes[0]) if len(text) == 3 and text.isdigit()] == codes


def test_the_cube_shows_the_hidden_vectors_and_the_corners_they_round_to(encoder_run):
    hidden = encoder.hidden_code_table(encoder_run.network)
    cube = encoder_pictures.hidden_codes_3cube(encoder_run).axes[0]
    dots = np.array([line.get_xydata()[0] for line in cube.lines if line.get_marker() == "o"])
    assert np.allclose(dots, encoder_pictures.project(hidden))
    leaders = np.array(cube.collections[1].get_segments())
    assert np.allclose(leaders[:, 0], dots)
    assert np.allclose(leaders[:, 1], encoder_pictures.project((hidden > 0.5).astype(float)))
    assert [text for text in texts_of(cube) if len(text) == 1] == list("01234567")
    edges = [line for line in cube.lines if len(line.get_xdata()) == 2]
    assert len(edges) == 12


def test_the_code_table_frames_what_is_far_from_0_and_1(encoder_run):
    hidden = encoder.hidden_code_table(encoder_run.network)
    raw, binary = encoder_pictures.code_table(encoder_run).axes
    assert np.array_equal(raw.collections[0].get_array(), hidden)
    assert np.array_equal(binary.collections[0].get_array(), hidden > 0.5)
    framed = {tuple(np.floor(frame.mean(axis=0)).astype(int)) for frame in raw.collections[1].get_segments()}
    assert framed == {(unit, p) for p in range(8) for unit in range(3) if 0.05 < hidden[p, unit] < 0.95}
    assert len(framed) == 9


def test_the_histogram_counts_every_seed():
    settings = encoder.Settings(epochs=900)
    results = encoder.sweep_seeds(range(24), settings)
    solved = results["solved"].sum()
    (ax,) = encoder_pictures.epochs_to_solve(results, settings).axes
    assert 0 < solved < 24
    assert sum(bar.get_height() for bar in ax.patches) == 24
    assert ax.patches[-1].get_height() == 24 - solved
    assert ax.get_xscale() == "log"


def test_colliding_pairs_are_those_of_the_runs_with_seven_codes():
    results = np.zeros(4, encoder.ROW)
    results["codes"] = [[0, 1, 2, 3, 4, 5, 6, 6], [0, 1, 2, 3, 0, 5, 6, 7], [7, 1, 2, 3, 7, 5, 6, 0], np.arange(8)]
    results["distinct_codes"] = 7, 7, 7, 8
    (ax,) = encoder_pictures.colliding_pairs(results, encoder.Settings()).axes
    counts = ax.collections[0].get_array().filled(0)
    assert {(i, j): counts[i, j] for i, j in np.argwhere(counts)} == {(7, 6): 1, (4, 0): 2}


def test_the_learned_network_stands_beside_the_papers_on_the_same_scale(symmetry_run):
    learned, paper = symmetry_pictures.symmetry_network(symmetry_run).axes[:2]
    for ax, network in ((learned, symmetry_run.network), (paper, symmetry.figure_1())):
        weights, biases = symmetry_pictures.parameters_of(network)
        assert np.array_equal(weights, [*network.W1[..., 0].ravel(), *network.W2[..., 0].ravel()])
        lines = ax.collections[0]
        assert np.allclose(lines.get_linewidth(), 0.4 + 5 * np.abs(weights) / 14.2)
        dashed = [pattern is not None for _, pattern in lines.get_linestyle()]
        assert dashed == list(weights < 0)
        numbers = [text for text in texts_of(ax) if "." in text]
        assert numbers == [f"{value:.1f}" for value in (*biases, *weights)]


def test_symmetry_curves_show_every_sweep_of_the_history(symmetry_run):
    history, axes = symmetry_run.history, symmetry_pictures.symmetry_training_curves(symmetry_run).axes
    sizes = history["pair_magnitudes"]
    shown = ([history["error"]], [history["correct"]], sizes / sizes.min(axis=0), [history["weight_norm"]])
    for ax, curves in zip(axes, shown, strict=True):
        for curve, values in zip(lines_of(ax), curves, strict=True):
            assert np.array_equal(curve, [history["sweep"], values])


def test_net_inputs_of_all_vectors_are_shown_and_palindromes_are_on_the_diagonal(symmetry_run):
    network = symmetry_run.network
    net_hidden, palindrome = network.net_hidden[..., 0], network.targets[:, 0] == 1
    plane, left, right, _ = symmetry_pictures.symmetry_hidden_activations(symmetry_run).axes
    others, palindromes = lines_of(plane)
    assert np.array_equal(others.T, net_hidden[~palindrome])
    assert np.array_equal(palindromes.T, net_hidden[palindrome])
    for unit, ax in enumerate((left, right)):
        table = ax.collections[0].get_array()
        assert sorted(table.ravel()) == sorted(net_hidden[:, unit])
        assert sorted(np.diag(table)) == sorted(net_hidden[palindrome, unit])


def test_pictures_of_a_symmetry_sweep_show_every_seed():
    settings = symmetry.Settings(sweeps=1500)
    results = symmetry.sweep_seeds(range(8), settings)
    (ax,) = symmetry_pictures.symmetry_sweeps(results, settings).axes
    assert sum(bar.get_height() for bar in ax.patches) == 8
    assert any("percentile" in text and "1,425" in text for text in texts_of(ax))
    whole, *_ = symmetry_pictures.symmetry_ratios(results, settings).axes
    dots = np.concatenate([line.get_xydata() for line in whole.lines if line.get_marker() != "+"])
    expected = np.column_stack([results["ratio_middle"], results["ratio_largest"]])
    assert sorted(map(tuple, dots)) == sorted(map(tuple, expected))


# -------------------------------------------------------------------------------------------------- the animations


def gif_facts(path):
    """Of a GIF: its size in bytes, width, loop, and every frame's delay in milliseconds."""
    with Image.open(path) as image:
        delays = []
        for frame in range(image.n_frames):
            image.seek(frame)
            delays.append(image.info["duration"])
        return path.stat().st_size, image.width, image.info["loop"], delays


def test_the_gif_of_the_readme_has_its_frames_speed_and_size(tmp_path):
    path = tmp_path / "encoder.gif"
    told = ("--seed", 0, "--epochs", 4000, "--snapshot-every", 40, "--fps", 15, "--out", path)
    done = run_script(*told, script=ENCODER_GIF)
    assert (done.returncode, done.stderr) == (0, "")
    size, width, loop, delays = gif_facts(path)
    assert size <= 600_000 and width < 900 and loop == 0
    assert delays == [70] * 91 + [2500]  # epochs 0, 40 ... 3600 and 3631


@pytest.mark.parametrize(("name", "frames"), [("encoder_backprop_8_3_8.gif", 92), ("symmetry_6_2_1.gif", 66)])
def test_the_committed_gifs_keep_the_limits(name, frames):
    size, width, loop, delays = gif_facts(ROOT / name)
    assert size <= 600_000 and width < 900 and loop == 0
    assert delays == [70] * (frames - 1) + [2500]


@pytest.mark.parametrize(("fps", "delay"), [(50, 20), (12.5, 80), (1, 1000)])
def test_frames_follow_at_the_speed_asked_for(tmp_path, fps, delay):
    path = tmp_path / "x.gif"
    symmetry_gif.main(["--sweeps", "30", "--snapshot-every", "10", "--fps", str(fps), "--out", str(path)])
    assert gif_facts(path)[3] == [delay] * 3 + [2500]


def test_the_frames_show_the_snapshots(encoder_run, monkeypatch):
    shown = []
    draw = encoder_gif.draw_cube
    monkeypatch.setattr(encoder_gif, "draw_cube", lambda *told, **more: shown.append(draw(*told, **more)) or shown[0])
    for frame, _ in enumerate(encoder_gif.animate(encoder_run, [3, 10, 20])):
        hidden = encoder_run.snapshots["hidden"][..., (3, 10, 20)[frame]]
        dots = [artist.get_xydata()[0] for artist in shown[0].artists if hasattr(artist, "get_xydata")]
        assert np.allclose(dots, encoder_pictures.project(hidden))


def test_curves_of_a_run_with_restarts_grow_to_their_end(monkeypatch):
    run = encoder.train_seed(2, encoder.Settings(epochs=300, restarts=3, patience=60), history=True, snapshot_every=50)
    shown = []
    draw = encoder_gif.draw_curve
    monkeypatch.setattr(encoder_gif, "draw_curve", lambda *told, **more: shown.append(draw(*told, **more)) or shown[0])
    list(encoder_gif.animate(run, np.arange(len(run.snapshots["epoch"]))))
    codes = shown[0].artists[0].get_ydata()
    assert np.array_equal(codes, run.history["distinct_codes"]) and len(codes) > 301


def test_a_frame_is_what_drawing_everything_again_gives(symmetry_run):
    """Blitting must leave nothing of an earlier frame behind."""
    alone = list(symmetry_gif.animate(symmetry_run, [0, 81]))[-1]
    after_others = list(symmetry_gif.animate(symmetry_run, [0, 20, 40, 60, 81]))[-1]
    assert np.array_equal(np.array(alone), np.array(after_others))


def test_adaptive_spacing_has_as_many_frames_and_puts_more_where_things_change(encoder_run):
    fine = encoder.train_seed(0, snapshot_every=4).snapshots
    chosen = encoder_gif.frame_indices(fine, "hidden", 40, "adaptive")
    epochs = fine["epoch"][chosen]
    assert len(epochs) == len(encoder_run.snapshots["epoch"]) == 92
    assert epochs[0] == 0 and epochs[-1] == 3631 and (np.diff(epochs) > 0).all()
    assert (epochs < 700).sum() > 2 * 700 / 40


@pytest.mark.parametrize("epochs", [1, 2, 3, 50])
def test_adaptive_spacing_never_shows_a_snapshot_twice(epochs):
    snapshots = encoder.train_seed(0, encoder.Settings(epochs=epochs), snapshot_every=1).snapshots
    for every in (1, 2, 7):
        chosen = encoder_gif.frame_indices(snapshots, "hidden", every, "adaptive")
        assert (np.diff(chosen) > 0).all() and chosen[0] == 0 and chosen[-1] == epochs


# ----------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (ENCODER, ("--seed", "-1")),
        (ENCODER, ("--seed", "0x1")),
        (ENCODER, ("--seeds", "9-5")),
        (ENCODER, ("--epochs", "0")),
        (ENCODER, ("--epochs", "1000001")),
        (ENCODER, ("--lr", "nan")),
        (ENCODER, ("--outdir", "file")),
        (ENCODER, ("--outdir", "file/below")),
        (ENCODER, ("--outdir", "")),
        (ENCODER, ("--outdir", "taken")),
        (SYMMETRY, ("--sweeps", "-1")),
        (SYMMETRY, ("--outdir", "file")),
        (ENCODER_GIF, ("--fps", "0")),
        (ENCODER_GIF, ("--fps", "51")),
        (ENCODER_GIF, ("--fps", "nan")),
        (ENCODER_GIF, ("--snapshot-every", "0")),
        (ENCODER_GIF, ("--snapshot-every", "3")),
        (ENCODER_GIF, ("--snapshot-every", "4001")),
        (ENCODER_GIF, ("--epochs", "1e3")),
        (ENCODER_GIF, ("--seed", "one")),
        (ENCODER_GIF, ("--out", "missing/x.gif")),
        (ENCODER_GIF, ("--out", "taken")),
        (ENCODER_GIF, ("--out", "")),
        (ENCODER_GIF, ("--spacing", "odd")),
        (SYMMETRY_GIF, ("--fps", "inf")),
        (SYMMETRY_GIF, ("--sweeps", "0")),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(tmp_path, monkeypatch, capsys, script, told):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "taken" / "weights.png").mkdir(parents=True)
    before = contents(tmp_path)
    monkeypatch.chdir(tmp_path)
    main = {
        ENCODER: encoder_pictures.main,
        SYMMETRY: symmetry_pictures.main,
        ENCODER_GIF: encoder_gif.main,
        SYMMETRY_GIF: symmetry_gif.main,
    }[script]
    with pytest.raises(SystemExit) as ended:
        main(list(told))
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    assert printed.err.count("\n") == 1 and f"error: argument {told[0]}: " in printed.err
    assert contents(tmp_path) == before


def test_a_run_that_diverged_is_not_drawn(tmp_path):
    done = run_script("--lr", "1e300", "--outdir", tmp_path / "viz", script=ENCODER)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert contents(tmp_path) == {}


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "weights.png"
    path.write_text("old")

    def weights(run):
        figure = encoder_pictures.weights(run)
        figure.canvas.print_png = lambda file, **told: (file.write(b"half"), 1 / 0)
        return figure

    with pytest.raises(ZeroDivisionError):
        encoder_pictures.write_pictures(tmp_path, [weights], encoder.train_seed(0, encoder.Settings(epochs=2)))
    assert contents(tmp_path) == {path: b"old"}

    def frames():
        yield Image.new("RGB", (4, 4))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encoder_gif.write_gif(path, frames(), 2, 15)
    monkeypatch.setattr(Image.Image, "save", lambda self, file, *told, **more: (file.write(b"half"), 1 / 0))
    with pytest.raises(ZeroDivisionError):
        encoder_gif.write_gif(path, [Image.new("RGB", (4, 4))] * 2, 2, 15)
    assert contents(tmp_path) == {path: b"old"}


def test_ctrl_c_ends_a_sweep_with_its_pictures_undrawn(tmp_path):
    told = ("--outdir", tmp_path, "--epochs", 900, "--seeds", "0-9999999")
    with running_script(*told, script=ENCODER) as process:
        wait_until(lambda: (tmp_path / "code_table.png").exists())
        press_ctrl_c(process)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in errors and errors.endswith("interrupted\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(OF_ENCODER)


def test_importing_the_scripts_needs_no_display_and_leaves_no_state_behind():
    modules = ", ".join(Path(script).stem for script in (ENCODER, SYMMETRY, ENCODER_GIF, SYMMETRY_GIF))
    program = (
        "import sys, matplotlib\nbefore = matplotlib.rcParams.copy()\n"
        f"import {modules}\n"
        "assert 'matplotlib.pyplot' not in sys.modules\nassert matplotlib.rcParams.copy() == before\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_matplotlib_is_imported_only_where_something_is_drawn():
    program = "import sys, encoder_backprop_8_3_8, symmetry_6_2_1\nassert not {'matplotlib', 'PIL'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
