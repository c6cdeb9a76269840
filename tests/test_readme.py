"""The README cannot go stale: its numbers come out of its commands, its commands run, its pictures are there."""

import os
import re
import shlex
import subprocess
import sys
from functools import cache

import pytest
from conftest import ROOT

README = (ROOT / "README.md").read_text()
FIRST_SETUP, SECOND_SETUP = re.findall(r"^    (python3 -m venv .+)$", README, re.MULTILINE)
MEASURED = ("value", "measured", "ours")


def tables():
    """Every table whose last column holds commands: its header and rows, lists of cells."""
    found = []
    for block in re.findall(r"(?:^\|.*\|\n)+", README, re.MULTILINE):
        header, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in block.splitlines())
        if header[-1] == "command":
            found.append((header, rows))
    return found


def claims():
    """Every (command, cell with measured numbers) of the tables."""
    for header, rows in tables():
        for row in rows:
            assert len(row) == len(header), f"a cell is missing in {row}"
            command = re.search(r"`(python3 .+)`", row[-1]).group(1)
            columns = [i for i, name in enumerate(header[:-1]) if name in MEASURED] or range(len(header) - 1)
            yield from ((command, row[i]) for i in columns if re.search(r"\d", row[i]))


def code_blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def indented_lines():
    """The lines of the README that are shown as code: commands, and what they print."""
    return re.findall(r"^    (.*\S)$", re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)


def number_of_seeds(command):
    match = re.search(r"--seeds (\d+)-(\d+)", command)
    return int(match.group(2)) - int(match.group(1)) + 1 if match else 1


@cache
def output_of(command, folder=ROOT):
    """What a command of the README prints; its files go to the folder."""
    program, *arguments = shlex.split(command)
    assert program == "python3"
    if arguments[0].endswith(".py"):
        arguments[0] = str(ROOT / arguments[0])
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    assert (done.returncode, done.stderr) == (0, ""), command
    return done.stdout


def numbers_in(text):
    """The numbers in a text, as they are written, without the commas that separate thousands."""
    return re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3}\b)", "", text))


def reduced(command):
    """The command, quick enough for a test."""
    command = re.sub(r"--seeds 0-\d+", "--seeds 0-9", command)
    return command.replace("tests/benchmark.py", "tests/benchmark.py --quick")


CHECKED = sorted({command for command, _ in claims() if number_of_seeds(command) <= 1000})


@pytest.mark.parametrize("command", CHECKED)
def test_the_numbers_in_the_tables_are_printed_by_the_command_beside_them(command):
    printed = set(numbers_in(output_of(command)))
    for other, cell in claims():
        if other == command:
            missing = [number for number in numbers_in(cell) if number not in printed]
            assert not missing, f"{cell!r}: {missing} not printed by {command}"


def shown_commands():
    shown = [line for line in indented_lines() if line.startswith("python3 ") and "-m venv" not in line]
    inline = re.findall(r"`(python3 [^`]+\.py[^`]*)`", README)
    return sorted({reduced(command) for command in shown + inline} - set(CHECKED))


@pytest.mark.parametrize("command", shown_commands())
def test_every_command_that_is_shown_runs(command, tmp_path):
    output_of(command, tmp_path)


def without_times(text):
    return re.sub(r"\d+\.\d\d s", "? s", text)


def test_what_is_shown_as_printed_is_printed():
    printed = "\n".join(
        output_of(f"python3 {run}") for run in ("encoder_backprop_8_3_8.py --seed 0", "symmetry_6_2_1.py --seed 1")
    )
    printed = {without_times(line).strip() for line in printed.splitlines()}
    shown = [line for line in indented_lines() if not line.startswith("python3 ")]
    assert len(shown) > 30
    assert [line for line in shown if without_times(line).strip() not in printed] == []


@pytest.mark.parametrize("block", code_blocks("python"))
def test_every_python_example_runs(block):
    exec(compile(block, "README.md", "exec"), {"__name__": "example"})


def test_every_picture_and_file_named_is_there():
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    named = re.findall(r"`((?:tests/|viz/)?\w+\.(?:py|png|gif|txt|toml))`", README)
    assert [name for name in pictures + named if not (ROOT / name).exists()] == []


def test_the_set_up_commands_install_what_is_needed():
    assert "requirements.txt" in FIRST_SETUP and FIRST_SETUP.endswith("encoder_backprop_8_3_8.py --seed 0")
    assert "tests/requirements.txt" in SECOND_SETUP and SECOND_SETUP.endswith("-m pytest")


def test_the_cost_of_an_epoch_is_counted_from_the_sizes():
    P, N, H, O = 8, 8, 3, 8  # noqa: E741
    forward, backward = P * (N * H + H * O), P * (H * O) + P * (H * O + N * H)
    biases, parameters = 2 * P * (H + O), (N + 1) * H + (H + 1) * O
    epoch = forward + backward + biases + 2 * parameters
    exponentials, moved = P * (H + O), parameters * 2 * 2 * 8
    counted = {
        forward,
        backward,
        biases,
        forward + backward + biases,
        epoch,
        exponentials,
        moved,
        3631 * epoch,
        3631 * exponentials,
        3631 * moved,
    }
    assert counted <= set(map(int, (n for n in numbers_in(README) if "." not in n)))
