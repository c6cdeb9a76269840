"""How fast the project is. Run by hand, on a quiet machine:  python3 tests/benchmark.py

Every figure is a ratio of two things measured in the same run, one after the other by turns, so that a slow or busy
machine changes both. With --memory it also sweeps 100,000 seeds, and shows that memory stays flat. With --quick it only
shows that everything can be measured.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import encoder_backprop_8_3_8 as encoder  # noqa: E402
import sweep  # noqa: E402
import symmetry_6_2_1 as symmetry  # noqa: E402


def textbook_epochs_per_second(seconds=3.0):
    """One network at a time, as one would write it down: a forward pass, a backward pass and a test an epoch."""
    x = t = np.eye(8)
    epochs, seed, began = 0, 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        rng = np.random.default_rng(seed)
        W1, W2 = rng.uniform(-0.1, 0.1, (8, 3)), rng.uniform(-0.1, 0.1, (3, 8))
        b1, b2 = np.zeros(3), np.zeros(8)
        v_W1, v_b1, v_W2, v_b2 = np.zeros((8, 3)), np.zeros(3), np.zeros((3, 8)), np.zeros(8)
        for _ in range(20000):
            h = 1 / (1 + np.exp(-(x @ W1 + b1)))
            y = 1 / (1 + np.exp(-(h @ W2 + b2)))
            if (y.argmax(axis=1) == t.argmax(axis=1)).all() and len(np.unique(h > 0.5, axis=0)) == 8:
                break
            delta_output = (y - t) / 8
            delta_hidden = delta_output @ W2.T * h * (1 - h)
            v_W2 = 0.9 * v_W2 + 0.5 * h.T @ delta_output
            v_b2 = 0.9 * v_b2 + 0.5 * delta_output.sum(axis=0)
            v_W1 = 0.9 * v_W1 + 0.5 * x.T @ delta_hidden
            v_b1 = 0.9 * v_b1 + 0.5 * delta_hidden.sum(axis=0)
            W1, b1, W2, b2 = W1 - v_W1, b1 - v_b1, W2 - v_W2, b2 - v_b2
            epochs += 1
            if time.perf_counter() - began > seconds:
                break
        seed += 1
    return epochs / (time.perf_counter() - began)


QUICK = "--quick" in sys.argv[1:]


def seconds_of(*arguments):
    """The wall time of a Python process from its start to its end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def compare_processes(title, base, commands, turns=15):
    """Print how long each command takes next to the base command, medians over turns."""
    turns = 1 if QUICK else turns
    for command in (base, *commands.values()):
        seconds_of(*command)  # once unmeasured, so that all files are in memory and compiled
    times = [[seconds_of(*command) for command in (base, *commands.values())] for _ in range(turns)]
    bases, *others = zip(*times, strict=True)
    print(f"\n{title}\n{statistics.median(bases) * 1e3:8.0f} ms   1.00   python {' '.join(base)}")
    for (name, limit), seconds in zip(commands, others, strict=True):
        ratio = statistics.median(s / b for s, b in zip(seconds, bases, strict=True))
        print(f"{statistics.median(seconds) * 1e3:8.0f} ms {ratio:6.2f}   {name} (to be at most {limit})")


def microseconds_per_epoch(task, runs):
    """Microseconds an epoch takes, and an epoch of one of the runs, training `runs` at once without an early end."""
    batch = [encoder.Run(seed) for seed in range(runs)]
    unfinished = encoder.train(task, batch, lambda *ended: None, lanes=runs, seconds=0.2)  # warms up
    before = sum(run.epoch for run in unfinished)
    began = time.perf_counter()
    unfinished = encoder.train(task, unfinished, lambda *ended: None, lanes=runs, seconds=0.1 if QUICK else 1.0)
    each = (time.perf_counter() - began) * 1e6 / (sum(run.epoch for run in unfinished) - before)
    return each * runs, each


def print_epoch_costs(tasks):
    """Print what an epoch costs by the number of runs trained at once."""
    print("\nmicroseconds per epoch and run, by the number R of runs trained at once")
    sizes = (1, 30, 128, 256, 512)
    print(" " * 10 + "".join(f"  R ={size:4}" for size in sizes))
    cost = {}
    for name, task in tasks.items():
        cost[name] = [microseconds_per_epoch(task, size)[1] for size in sizes]
        print(f"{name:10}" + "".join(f"{c:10.2f}" for c in cost[name]))
    print(
        f"a symmetry sweep costs {cost['symmetry'][0] / cost['encoder'][0]:.2f} encoder epochs at R = 1 (at most 2.5)"
    )


def sweep_rate(experiment, settings, field, workers=2):
    """Epochs per second of a sweep over seeds 0-999, processes and all."""
    began = time.perf_counter()
    with sweep.worker_pool(workers) as executor:
        results = experiment.sweep_seeds(range(20 if QUICK else 1000), settings, executor, workers)
    return results[field].sum() / (time.perf_counter() - began)


def print_sweep_rates(turns=3):
    """Print epochs per second of the two sweeps and of the textbook loop."""
    rates = {"textbook": [], "encoder": [], "symmetry": []}
    for _ in range(1 if QUICK else turns):
        rates["textbook"].append(textbook_epochs_per_second(0.3 if QUICK else 3.0))
        rates["encoder"].append(sweep_rate(encoder, encoder.Settings(), "epochs"))
        rates["symmetry"].append(sweep_rate(symmetry, symmetry.Settings(), "sweeps"))
    middle = {name: statistics.median(values) for name, values in rates.items()}
    print("\nepochs (sweeps) per second, sweeps over seeds 0-999 with two workers, processes and all")
    print(f"{middle['textbook']:12.0f}          textbook loop, one network at a time")
    for name, base, least in (("encoder", "textbook", 80), ("symmetry", "encoder", 0.45)):
        print(f"{middle[name]:12.0f} {middle[name] / middle[base]:8.2f} {name}, to {base} (to be at least {least})")


def print_memory():
    """Print the peak memory of sweeps of 1,000 and of 100,000 seeds, in the process that uses most."""
    print("\npeak memory of a sweep's largest process (its runs cut short at 500 epochs)")
    for seeds in ("0-999", "0-99999"):
        process = subprocess.Popen(
            [sys.executable, "encoder_backprop_8_3_8.py", "--seeds", seeds, "--epochs", "500"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        _, _, usage = os.wait4(process.pid, 0)
        print(f"{usage.ru_maxrss / 1024:8.0f} MB   --seeds {seeds}")


def print_figure_costs():
    """Print how long the scripts that draw take next to the import of what they draw with."""
    with tempfile.TemporaryDirectory() as folder:
        told = ["--seed", "0", "--epochs", "4000", "--snapshot-every", "40", "--fps", "15"]
        encoder_gif = ["make_encoder_backprop_8_3_8_gif.py", *told, "--out", os.path.join(folder, "encoder.gif")]
        symmetry_gif = ["make_symmetry_6_2_1_gif.py", "--seed", "1", "--out", os.path.join(folder, "symmetry.gif")]
        commands = {
            (f"{script} --seed {seed}", 4.0): [script, "--seed", seed, "--outdir", folder]
            for script, seed in (("visualize_encoder_backprop_8_3_8.py", "0"), ("visualize_symmetry_6_2_1.py", "1"))
        }
        commands |= {
            (" ".join(encoder_gif[:-2]), 6.0): encoder_gif,
            (" ".join(symmetry_gif[:-2]), 6.0): symmetry_gif,
        }
        compare_processes("figures", ["-c", "import matplotlib.pyplot"], commands, turns=7)


def main():
    """Measure everything and print it."""
    main_job = {("encoder_backprop_8_3_8.py --seed 0", 2.0): ["encoder_backprop_8_3_8.py", "--seed", "0"]}
    compare_processes("whole processes", ["-c", "import numpy"], main_job)
    print_figure_costs()
    print_epoch_costs(
        {
            "encoder": encoder.encoder_task(encoder.Settings(epochs=10**9, early_stop=False)),
            "symmetry": symmetry.symmetry_task(symmetry.Settings(sweeps=10**9, early_stop=False)),
        }
    )
    print_sweep_rates()
    if "--memory" in sys.argv[1:]:
        print_memory()


if __name__ == "__main__":
    main()
