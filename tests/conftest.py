"""What the tests share: the repository root on sys.path, and the scripts run as their users run them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell; the scripts would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

ENCODER = "encoder_backprop_8_3_8.py"


def command(*arguments, script=ENCODER):
    """The command line of a script, as a list; every warning is shown, so that an empty stderr means there was none."""
    return [sys.executable, "-W", "always", str(ROOT / script), *map(str, arguments)]


def run_script(*arguments, script=ENCODER, **options):
    """A script run to its end, with its returncode, stdout and stderr."""
    return subprocess.run(command(*arguments, script=script), capture_output=True, text=True, timeout=60, **options)


@contextmanager
def running_script(*arguments, script=ENCODER, **options):
    """A script that is running, in a process group of its own that does not outlive the block."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    process = subprocess.Popen(command(*arguments, script=script), start_new_session=True, **options)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def press_ctrl_c(process):
    """Do to a running script what Ctrl-C in its terminal does: interrupt it and all its workers."""
    os.killpg(process.pid, signal.SIGINT)


def wait_until(condition):
    """Return when condition() is true; an error if it is not within 30 seconds."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def contents(folder):
    """Every file and folder below a folder, with what is in it."""
    return {path: path.read_bytes() if path.is_file() else None for path in Path(folder).rglob("*")}
