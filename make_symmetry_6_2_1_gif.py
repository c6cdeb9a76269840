"""An animation of the 6-2-1 symmetry network as it learns: the mirror pattern of its weights, net inputs and error.

The figure is drawn by `visualize_symmetry_6_2_1`, the animation made by `make_encoder_backprop_8_3_8_gif`.

    python3 make_symmetry_6_2_1_gif.py --seed 1 --out symmetry_6_2_1.gif
"""

import sys

import numpy as np

import sweep
from make_encoder_backprop_8_3_8_gif import GIF_DPI, GIF_WIDTH, gif_command_line, make_gif, moving_frames
from symmetry_6_2_1 import Settings, train_seed
from visualize_encoder_backprop_8_3_8 import VERMILLION, Drawing, draw_log_curve, new_figure, place
from visualize_symmetry_6_2_1 import draw_net_inputs, draw_network


def animate(run, chosen):
    """The frames of a run at the chosen snapshots; yields images."""
    figure = new_figure(4.7, width=GIF_WIDTH, dpi=GIF_DPI)
    history, snapshots, network = run.history, run.snapshots, run.network
    W1, b1, W2, b2 = (np.moveaxis(snapshots[name], -1, 0)[chosen] for name in ("W1", "b1", "W2", "b2"))
    all_weights = np.concatenate([W1.reshape(-1, 12), W2.reshape(-1, 2)], axis=1)  # (frames, 14)
    all_biases = np.concatenate([b1, b2], axis=1)  # (frames, 3)
    all_net_hidden = network.inputs @ W1 + b1[:, None]  # (frames, 64, 2)

    title = figure.text(0.02, 0.965, "", fontsize=13, fontweight="bold", va="top")
    drawn = place(figure, 0.1, 0.15, 4.6, 4.05)
    drawing = draw_network(drawn, all_weights[-1], all_biases[-1], np.abs(all_weights).max() or 1.0, fontsize=9)
    plane = place(figure, 5.5, 2.15, 2.05, 2.05)
    widest = all_net_hidden[np.abs(all_net_hidden).max(axis=(1, 2)).argmax()]
    net_inputs = draw_net_inputs(plane, widest, network.targets[:, 0] == 1)
    plane.set(xlabel="net input, left unit", ylabel="net input, right unit")
    for dots, name in zip(net_inputs.artists, ("56 others", "8 palin-\ndromes"), strict=True):
        dots.set_label(name)
    plane.legend(loc="center left", bbox_to_anchor=(0.98, 0.5), handletextpad=0.1)
    curve = place(figure, 5.5, 0.5, 3.1, 0.95)
    error = draw_log_curve(curve, history["sweep"], history["error"], VERMILLION)
    curve.set(xlabel="sweep", ylabel="error (log)", xlim=(0, run.epoch * 1.03))

    data = []
    for i, weights, biases, net_hidden in zip(chosen, all_weights, all_biases, all_net_hidden, strict=True):
        now = snapshots["epoch"][i]
        text = f"Sweep {now:,}: error {history['error'][now]:.2f}, {history['correct'][now]} of 64 vectors correct"
        data.append(((weights, biases), (net_hidden,), (now + 1,), (text,)))
    return moving_frames(figure, [drawing, net_inputs, error, Drawing([title], title.set_text)], data)


def main(argv=None):
    """The command line."""
    out = "symmetry_6_2_1.gif"
    settings, arguments = gif_command_line(
        __doc__.split("\n")[0], Settings, 1, 10, out, argv, spacing="adaptive", sweeps=10000
    )
    make_gif(train_seed, animate, "W1", settings, arguments)


if __name__ == "__main__":
    sys.exit(sweep.exit_code_of(main))
