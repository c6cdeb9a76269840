"""The command line: what it prints and writes, what it refuses, and how it is interrupted."""

import dataclasses
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import contents, press_ctrl_c, run_script, running_script, wait_until

import encoder_backprop_8_3_8 as encoder
import sweep
from encoder_backprop_8_3_8 import CSV_COLUMNS, Settings, hidden_code_table, sweep_seeds, train_seed

HEADER_OF_DEFAULTS = (
    "epochs 20000, lr 0.5, momentum 0.9, init scale 0.1, loss cross-entropy, early stop on, "
    "restarts 0, patience 1000"  # every setting
)


def without_times(text):
    return re.sub(r" +[0-9]+\.[0-9]{2} s", " TIME", text)


def reported_epochs(text):
    """The epochs of the lines that a single run prints on its way."""
    return [int(epoch) for epoch in re.findall(r"^ *([0-9]+) +\S+ +\S+% +[0-9]/8 +[0-9.]+ s$", text, re.MULTILINE)]


# ------------------------------------------------------------------------------------------------------ a single run


@pytest.fixture(scope="module")
def seed_0():
    return run_script("--seed", 0)


def test_seed_0_is_solved_at_epoch_3631_with_all_patterns_right_and_eight_codes(seed_0):
    assert (seed_0.returncode, seed_0.stderr) == (0, "")
    assert re.search(r"^solved at epoch 3631\b", seed_0.stdout, re.MULTILINE)
    assert re.search(r"^final accuracy +100\.0% \(8/8\)$", seed_0.stdout, re.MULTILINE)
    assert re.search(r"^distinct codes +8/8$", seed_0.stdout, re.MULTILINE)
    assert "share a code" not in seed_0.stdout


def test_a_run_prints_its_seed_and_every_setting_first(seed_0):
    assert f"seed 0, {HEADER_OF_DEFAULTS}\n" in seed_0.stdout.split("epoch  ")[0]
    for field in dataclasses.fields(Settings):
        assert field.name.replace("_", " ") in HEADER_OF_DEFAULTS


def test_a_run_prints_a_line_every_500_epochs(seed_0):
    assert reported_epochs(seed_0.stdout) == list(range(0, 3631, 500))
    history = train_seed(0, history=True).history
    loss, right, codes = (history[name][1000] for name in ("loss", "accuracy", "distinct_codes"))
    assert seed_0.stdout.splitlines()[6].split()[:4] == ["1000", f"{loss:.6f}", f"{right:.1%}", f"{codes}/8"]


def test_a_run_prints_its_code_table_raw_and_binary(seed_0):
    table = hidden_code_table(train_seed(0).network)
    rows = [line.split() for line in seed_0.stdout.splitlines()[-8:]]
    for pattern, (row, activations) in enumerate(zip(rows, table, strict=True)):
        bits = "".join("1" if a > 0.5 else "0" for a in activations)
        assert row == [str(pattern), *(f"{a:.3f}" for a in activations), bits]


def test_without_arguments_seed_0_is_trained(seed_0):
    assert without_times(run_script().stdout) == without_times(seed_0.stdout)


def test_a_run_that_is_not_solved_names_the_patterns_that_share_a_code():
    done = run_script("--seed", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^not solved in 20000 epochs", done.stdout, re.MULTILINE)
    assert "patterns that share a code: 2 and 6\n" in done.stdout
    assert re.search(r"^distinct codes +7/8$", done.stdout, re.MULTILINE)
    assert not re.search("^solved", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("loss", encoder.LOSSES)
def test_a_run_that_diverges_says_so_and_at_which_epoch(loss, tmp_path):
    run = train_seed(0, Settings(lr=1e308, loss=loss))
    done = run_script("--seed", 0, "--lr", "1e308", "--loss", loss)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(rf"^diverged at epoch {run.epoch}\b", done.stdout, re.MULTILINE)
    assert "solved" not in done.stdout


@pytest.mark.parametrize("learning_rate", ["1e200", "1e308"])
def test_a_run_with_an_extreme_learning_rate_is_saved_without_a_warning(learning_rate, tmp_path):
    path = tmp_path / "run.npz"
    done = run_script("--lr", learning_rate, "--epochs", 300, "--save", path)
    assert (done.returncode, done.stderr) == (0, "")
    with np.load(path, allow_pickle=False) as saved:
        assert saved["diverged"] == (learning_rate == "1e308")


def test_without_early_stop_a_run_goes_on_after_the_epoch_at_which_it_was_solved(capsys):
    encoder.main(["--seed", "5", "--no-early-stop", "--epochs", "1000"])
    printed = capsys.readouterr().out
    assert "early stop off" in printed and reported_epochs(printed) == [0, 500, 1000]
    assert re.search(r"^solved at epoch 488 \(1000 epochs", printed, re.MULTILINE)


def test_every_setting_of_the_command_line_reaches_the_run(capsys):
    encoder.main(
        [
            "--seed",
            "3",
            "--epochs",
            "50",
            "--lr",
            "0.25",
            "--momentum",
            "0.5",
            "--init-scale",
            "1",
            "--loss",
            "squared-error",
        ]
    )
    printed = capsys.readouterr().out
    header = "seed 3, epochs 50, lr 0.25, momentum 0.5, init scale 1.0, loss squared-error, early stop on"
    assert f"{header}, restarts 0, patience 1000\n" in printed
    run = train_seed(3, Settings(epochs=50, lr=0.25, momentum=0.5, init_scale=1, loss="squared-error"))
    assert f"final loss      {run.network.loss()[0]:.6f}\n" in printed


# ------------------------------------------------------------------------------------------------------ a saved run


@pytest.mark.parametrize("seed", [5, 28])
def test_a_saved_run_holds_its_weights_settings_and_history(seed, tmp_path, capsys):
    path = tmp_path / "run.npz"
    encoder.main(f"--seed {seed} --epochs 600 --save {path}".split())
    run = train_seed(seed, Settings(epochs=600), history=True)
    with np.load(path, allow_pickle=False) as file:
        saved = dict(file)  # every array is read, without pickle
    assert [saved[name].shape for name in ("W1", "b1", "W2", "b2")] == [(8, 3), (3,), (3, 8), (8,)]
    for name in ("W1", "b1", "W2", "b2"):
        np.testing.assert_array_equal(saved[name], getattr(run.network, name)[..., 0])
    for name, value in dataclasses.asdict(Settings(epochs=600)).items():
        assert saved[name] == value
    assert (saved["seed"], saved["solved"], saved["epochs_run"]) == (seed, run.solved_epoch is not None, run.epoch)
    assert set(run.history) >= {"epoch", "loss", "accuracy", "distinct_codes", "weight_norm", "code_distance"}
    for name, values in run.history.items():
        assert len(values) == run.epoch + 1
        np.testing.assert_array_equal(saved[f"history_{name}"], values)


def test_a_saved_run_is_written_to_the_very_path_that_was_given(tmp_path, capsys):
    encoder.main(f"--epochs 1 --save {tmp_path}/plain".split())
    assert os.listdir(tmp_path) == ["plain"]


def test_a_full_disk_ends_a_run_with_one_line_and_leaves_the_old_file(tmp_path, capsys, monkeypatch):
    def savez(file, **arrays):
        file.write(b"half of the n")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)
    path = tmp_path / "run.npz"
    path.write_bytes(b"old")
    assert sweep.exit_code_of(lambda: encoder.main(f"--epochs 1 --save {path}".split())) == 1
    assert re.fullmatch(r".*No space left on device\n", capsys.readouterr().err)
    assert contents(tmp_path) == {path: b"old"}


# ----------------------------------------------------------------------------------------------------------- a sweep


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_prints_its_settings_and_what_came_out(workers):
    done = run_script("--seeds", "0-29", "--workers", workers)
    assert (done.returncode, done.stderr) == (0, "")  # no progress either, for it is not a terminal
    lines = done.stdout.splitlines()
    assert lines[1] == f"seeds 0-29, {HEADER_OF_DEFAULTS}"
    for line in (
        r"solved +21/30 = 70\.0 % \(95 % interval 52\.1-83\.3 %\)",
        r"epochs to solve +quartiles 691, 839, 1001",
        r"distinct codes +7 in 9, 8 in 21 runs",
        r"diverged +0",
        r"wall time +[0-9.]+ s for 204549 epochs",
    ):
        assert any(re.fullmatch(line, printed) for printed in lines), line


def test_a_sweep_counts_the_runs_that_diverged_apart_from_those_that_were_not_solved():
    done = run_script("--seeds", "0-9", "--lr", "1e308", "--epochs", 100, "--workers", 1)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^solved +0/10 = 0\.0 %", done.stdout, re.MULTILINE)
    assert re.search(r"^diverged +10$", done.stdout, re.MULTILINE)
    assert not re.search(r"in [0-9]+ runs", done.stdout)


def test_a_sweep_shows_its_progress_on_a_terminal():
    pty = pytest.importorskip("pty")
    terminal, its_other_end = pty.openpty()
    with running_script("--seeds", "0-99", "--epochs", 300, "--workers", 1, stderr=its_other_end) as process:
        os.close(its_other_end)
        process.stdout.read()
        shown = os.read(terminal, 10000).decode()
        assert process.wait() == 0
    os.close(terminal)
    assert "100/100 seeds" in shown


# --------------------------------------------------------------------------------------------------------- --help


def test_help_names_every_option_with_its_default(capsys):
    with pytest.raises(SystemExit) as end:
        encoder.main(["--help"])
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split("--help")[1].split())
    options = {entry.split()[0]: entry for entry in re.split(" (?=--[a-z])", text)[1:]}
    defaults = {name: re.findall(r"\(default: (.*)\)$", entry) for name, entry in options.items()}
    assert defaults == {
        "--seed": ["0"],
        "--seeds": ["none"],
        "--epochs": ["20000"],
        "--lr": ["0.5"],
        "--momentum": ["0.9"],
        "--init-scale": ["0.1"],
        "--loss": ["cross-entropy"],
        "--no-early-stop": ["off"],
        "--restarts": ["0"],
        "--patience": ["1000"],
        "--workers": ["what is fastest here"],
        "--csv": ["none"],
        "--save": ["none"],
    }


# ------------------------------------------------------------------------------------------------------- bad input

BAD = """
    --seed -1 | --seed 1.5 | --seed x | --seed 1e3 | --seed 1_000 | --seed ٣ | --seed 9223372036854775808
    --seeds 3-2 | --seeds 3 | --seeds 3- | --seeds -3 | --seeds a-b | --seeds 1-2-3 | --seeds 0.5-2 | --seeds -1-3
    --seeds 0:9 | --seeds 0--9 | --seeds 0-999999999999
    --seed 1 --seeds 0-9 | --seed 0 --seeds 0-9
    --csv out.csv | --csv out.csv --seed 1 | --save out.npz --seeds 0-9
    --epochs 0 | --epochs -5 | --epochs 10.5 | --epochs x
    --workers 0 --seeds 0-9 | --workers -2 --seeds 0-9 | --workers 1.5 --seeds 0-9 | --workers two --seeds 0-9
    --lr 0 | --lr -0.5 | --lr nan | --lr inf | --lr -inf | --lr 1e400 | --lr x
    --momentum 1 | --momentum -0.1 | --momentum 1.5 | --momentum nan | --momentum inf | --momentum x
    --init-scale -0.1 | --init-scale nan | --init-scale inf | --init-scale x | --init-scale 1e308
    --loss mse | --loss cross_entropy
    --save folder | --save folder/ | --save missing/out.npz | --save old.npz/out.npz | --save . | --save /dev/null
    --csv folder --seeds 0-9 | --csv missing/out.csv --seeds 0-9 | --csv old.npz/out.csv --seeds 0-9
    --csv new.csv --seeds 9-0 | --csv old.npz --seeds 9-0 | --save old.npz --lr 0 | --save new.npz --lr 0
    --learning-rate 1 | --see 1 | 0 | --seed | --csv | --early-stop
"""
BAD = [arguments.strip() for line in BAD.strip().splitlines() for arguments in line.split("|")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with an old file and a folder in it."""
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("old.npz").write_bytes(b"old")
    return tmp_path


def assert_refused(arguments, folder, capsys):
    """Exit with 2 after one line, with nothing printed or written."""
    before = contents(folder)
    with pytest.raises(SystemExit) as end:
        encoder.main(arguments)
    printed, errors = capsys.readouterr()
    assert end.value.code == 2
    assert printed == ""
    assert re.fullmatch(r".*error: [^\n]+\n", errors)
    assert contents(folder) == before
    return errors


@pytest.mark.parametrize("arguments", BAD)
def test_bad_input_is_refused_in_one_line_before_anything_is_done(arguments, folder, capsys):
    errors = assert_refused(arguments.split(), folder, capsys)
    assert any(argument in errors for argument in arguments.split() if argument.startswith("-") or len(arguments) == 1)


@pytest.mark.parametrize("path", ["", "a\nb/c.npz", "a\0b.npz", "n" * 300 + ".npz", "\udcff/c.npz"])
def test_a_strange_path_is_refused_in_one_line(path, folder, capsys):
    assert "--save" in assert_refused(["--save", path], folder, capsys)
    assert "--csv" in assert_refused(["--seeds", "0-9", "--csv", path], folder, capsys)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc, a folder in which not even root may write")
def test_a_folder_that_may_not_be_written_is_refused(folder, capsys):
    assert "--save" in assert_refused(["--save", "/proc/run.npz"], folder, capsys)
    assert "--csv" in assert_refused(["--seeds", "0-9", "--csv", "/proc/sweep.csv"], folder, capsys)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize(("locked", "mode"), [("folder", 0o555), ("old.npz", 0o444)])
def test_a_path_without_permission_to_write_is_refused(locked, mode, folder, capsys):
    Path(locked).chmod(mode)
    path = "folder/run.npz" if locked == "folder" else locked
    assert "--save" in assert_refused(["--save", path], folder, capsys)
    assert "--csv" in assert_refused(["--seeds", "0-9", "--csv", path], folder, capsys)


@pytest.mark.parametrize(
    "arguments", ["--seed -1", "--seeds 3-2", "--lr nan", "--csv missing/out.csv --seeds 0-9", "--save folder"]
)
def test_the_command_refuses_bad_input_as_main_does(arguments, folder):
    before = contents(folder)
    done = run_script(*arguments.split(), cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"encoder_backprop_8_3_8\.py: error: [^\n]+\n", done.stderr)
    assert contents(folder) == before


# ---------------------------------------------------------------------------- Ctrl-C, kills, and readers that leave

LONG_SWEEP = ("--seeds", "0-9999999", "--epochs", 700)


def rows_in(path):
    """The rows that are in a CSV file so far, each a line of text."""
    return path.read_text().splitlines()[1:] if path.exists() else []


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_a_sweep_and_keeps_the_rows_that_were_done(workers, tmp_path):
    path = tmp_path / "sweep.csv"
    with running_script(*LONG_SWEEP, "--workers", workers, "--csv", path) as process:
        wait_until(lambda: rows_in(path))
        time.sleep(0.1)  # into the middle of the next chunk
        press_ctrl_c(process)
        _, errors = process.communicate(timeout=20)  # returns when the workers, who hold the pipes too, have ended
    rows = rows_in(path)
    assert process.returncode == 130
    kept = f"their rows are in {path}, and the same command goes on"
    assert errors == f"{len(rows)} of 10000000 seeds were done; {kept}\ninterrupted\n"
    assert contents(tmp_path).keys() == {path}
    expected = sweep_seeds([int(row.split(",")[0]) for row in rows], Settings(epochs=700))
    assert path.read_text() == ",".join(CSV_COLUMNS) + "\n" + "".join(
        sweep.csv_line(row, CSV_COLUMNS) for row in expected
    )


@pytest.mark.parametrize("seconds", [0.01, 0.02, 0.05, 0.1, 0.2, 0.3])
def test_ctrl_c_while_workers_start_ends_them_without_a_word_from_them(seconds, tmp_path):
    path = tmp_path / "sweep.csv"
    with running_script(*LONG_SWEEP, "--workers", 2, "--csv", path) as process:
        wait_until(path.exists)
        time.sleep(seconds)
        press_ctrl_c(process)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    kept = f"; their rows are in {path}, and the same command goes on"
    assert re.fullmatch(
        rf"(0 of 10000000 seeds were done|[1-9][0-9]* of 10000000 seeds were done{kept})\ninterrupted\n", errors
    )


def test_ctrl_c_ends_a_single_run_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(b"old")
    with running_script("--seed", 2, "--epochs", 10**12, "--save", path) as process:
        for line in process.stdout:
            if line.startswith("   500 "):
                break
        press_ctrl_c(process)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "interrupted\n")
    assert contents(tmp_path) == {path: b"old"}


def test_workers_end_when_their_parent_is_killed(tmp_path):
    path = tmp_path / "sweep.csv"
    with running_script(*LONG_SWEEP, "--workers", 2, "--csv", path) as process:
        wait_until(lambda: rows_in(path))
        process.kill()
        process.communicate(timeout=20)  # returns when the workers, who hold the pipes too, have ended
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("arguments", [("--seed", 2), ("--seeds", "0-29", "--workers", 1)], ids=["run", "sweep"])
def test_a_reader_that_leaves_after_the_first_line_causes_no_traceback(arguments):
    with running_script(*arguments) as process:
        assert process.stdout.readline().startswith("8-3-8 encoder")
        process.stdout.close()
        assert process.stderr.read() == ""
        process.wait()
