"""An animation of the 8-3-8 encoder as it learns: its output weights, its hidden vectors in the cube, and its curves.

It also holds what makes any animation here: the figure is built once, only what moves is drawn again, all frames share
one palette. What is drawn is drawn by `visualize_encoder_backprop_8_3_8`.

    python3 make_encoder_backprop_8_3_8_gif.py --seed 0 --epochs 4000 --snapshot-every 40 --fps 15 \\
        --spacing adaptive --out encoder_backprop_8_3_8.gif
"""

import os
import sys

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.colors import to_rgba_array
from PIL import Image

import sweep
from encoder_backprop_8_3_8 import Settings, train_seed
from visualize_encoder_backprop_8_3_8 import (
    BLUE,
    NEGATIVE,
    PATTERN_COLOURS,
    POSITIVE,
    STYLE,
    VERMILLION,
    WEIGHT_MAP,
    Drawing,
    draw_colour_bar,
    draw_cube,
    draw_cube_frame,
    draw_curve,
    draw_log_curve,
    draw_weights,
    new_figure,
    place,
    trained,
)

GIF_WIDTH, GIF_DPI = 8.8, 100  # inches, and pixels an inch
HOLD = 2.5  # seconds for which the last frame is shown
MOST_FRAMES = 1001
FINER = 10  # snapshots to choose from for each frame of adaptive spacing
TRAIL = 12  # frames

# --------------------------------------------------------------------------------------------------- an animation


def frame_indices(snapshots, moving, every, spacing):
    """Which snapshots become frames.

    Args:
        snapshots: of a run; taken every `every` epochs for even spacing, more often for adaptive.
        moving: the name of the array that moves.
        every: epochs from one frame to the next.
        spacing: "even", or "adaptive": as many frames, half of them spread evenly and half where most moves.

    Returns:
        Indices of snapshots, ascending, from the first to the last.
    """
    epochs, paths = snapshots["epoch"], snapshots[moving].reshape(-1, len(snapshots["epoch"]))
    if spacing == "even" or len(epochs) < 3:
        return np.arange(len(epochs))
    steps = np.sqrt(np.square(np.diff(paths)).sum(axis=0))
    moved = np.concatenate([[0], np.cumsum(steps)]) / max(steps.sum(), 1e-300)
    frames = min(-(-epochs[-1] // every) + 1, len(epochs))
    order = np.arange(frames)
    progress = (moved + epochs / epochs[-1]) / 2
    chosen = np.interp(np.linspace(0, 1, frames), progress, np.arange(len(epochs))).round().astype(int)
    # No snapshot is shown twice: where two frames want the same one, the later takes the next.
    chosen = np.maximum.accumulate(chosen - order) + order
    return np.minimum(chosen, len(epochs) - frames + order)


def moving_frames(figure, drawings, data):
    """Draw the frames of an animation; what does not move is drawn once.

    Args:
        figure: the Figure.
        drawings: the `Drawing`s that move, from back to front.
        data: for each frame, what goes into the update of each drawing, a tuple.

    Yields:
        Images, red, green and blue.
    """
    canvas, artists = figure.canvas, [artist for drawing in drawings for artist in drawing.artists]
    for artist in artists:
        artist.set_animated(True)
    canvas.draw()
    background, renderer = canvas.copy_from_bbox(figure.bbox), canvas.get_renderer()
    for values in data:
        canvas.restore_region(background)
        for drawing, value in zip(drawings, values, strict=True):
            drawing.update(*value)
        for artist in artists:
            artist.draw(renderer)
        yield Image.frombytes("RGB", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBX")


def write_gif(path, frames, n_frames, fps):
    """Write frames as a GIF that loops for ever; the last one is held.

    Args:
        path: of the file, which appears whole or not at all.
        frames: n_frames images.
        fps: frames per second; the format keeps delays in hundredths of a second.
    """
    palette, images = house_palette(), []
    for image in frames:
        images.append(image.quantize(palette=palette, dither=Image.Dither.NONE))
        sweep.show_progress(f"frame {len(images)} of {n_frames}")
    delays = [round(100 / fps) * 10] * (n_frames - 1) + [round(HOLD * 1000)]  # in milliseconds
    with sweep.replacing(path) as file:
        images[0].save(file, "GIF", save_all=True, append_images=images[1:], duration=delays, loop=0, disposal=1)
    sweep.show_progress()


def house_palette():
    """An image with the palette that all frames share: greys, the house colours in steps to white, and weights'."""
    greys = np.repeat(np.linspace(0, 1, 16), 3).reshape(-1, 3)
    strong = to_rgba_array({*PATTERN_COLOURS, POSITIVE, NEGATIVE})[:, None, :3]
    steps = np.linspace(0.1, 1, 10)[:, None]
    tints = (1 - steps) + steps * strong
    weights = colormaps[WEIGHT_MAP](np.linspace(0, 1, 33))[:, :3]
    colours = np.unique(np.concatenate([greys, tints.reshape(-1, 3), weights]), axis=0)
    palette = Image.new("P", (1, 1))
    palette.putpalette((255 * colours).round().astype(np.uint8).tobytes())
    return palette


# ---------------------------------------------------------------------------------------- the animation of the encoder


def animate(run, chosen):
    """The frames of a run at the chosen snapshots; yields images."""
    figure = new_figure(4.7, width=GIF_WIDTH, dpi=GIF_DPI)
    snapshots, history, epochs = run.snapshots, run.history, run.history["epoch"]
    hidden, W2 = np.moveaxis(snapshots["hidden"], -1, 0), np.moveaxis(snapshots["W2"], -1, 0)
    title = figure.text(0.02, 0.965, "", fontsize=13, fontweight="bold", va="top")
    cube = place(figure, 0.2, 0.0, 4.45, 4.3)
    draw_cube_frame(cube)
    heat_map = place(figure, 5.2, 2.95, 8 * 0.38, 3 * 0.38)
    weights = draw_weights(heat_map, W2[-1], np.abs(W2).max() or 1.0, as_text=None)
    heat_map.set(title="W2: weights, hidden to output", ylabel="hidden unit", xlabel="output unit")
    draw_colour_bar(figure, weights, place(figure, 8.32, 2.95, 0.1, 3 * 0.38), "")
    panels = [place(figure, x, 0.55, 1.45, 1.5) for x in (5.2, 7.2)]
    loss = draw_log_curve(panels[0], epochs, history["loss"], VERMILLION)
    codes = draw_curve(panels[1], epochs, history["distinct_codes"], BLUE, drawstyle="steps-post")
    panels[0].set(title="Loss (log axis)", xlabel="epoch", xlim=(0, run.epoch * 1.03))
    panels[1].set(title="Distinct codes", xlabel="epoch", xlim=(0, run.epoch * 1.03), ylim=(0, 8.4), yticks=range(9))
    for ax in panels:
        ax.locator_params(axis="x", nbins=4)
    vectors = draw_cube(cube, hidden[-1], size=14)

    drawings = [weights, vectors, loss, codes, Drawing([title], title.set_text)]
    data = []
    for frame, i in enumerate(chosen):
        epoch = snapshots["epoch"][i]
        n = np.searchsorted(epochs, epoch, side="right")  # points of the curves; a restart notes an epoch once more
        found = history["distinct_codes"][n - 1]
        text = f"Epoch {epoch:,}: {found} distinct code{'s' if found > 1 else ''} of 8"
        path = hidden[chosen[max(frame - TRAIL, 0) : frame + 1]]
        data.append(((W2[i],), (path,), (n,), (n,), (text,)))
    return moving_frames(figure, drawings, data)


# ------------------------------------------------------------------------------------------------ the command line


def gif_command_line(description, settings_class, seed, every, out, argv=None, spacing="even", **defaults):
    """Read the command line of a GIF script.

    Args:
        description, settings_class: as for `sweep.parse_command_line`.
        seed, every, out, spacing: the defaults of --seed, --snapshot-every, --out and --spacing.
        argv: the arguments; None takes those of this process.
        defaults: for settings, in the place of their own; the first sets how long a run may be.

    Returns:
        The settings, and a namespace with seed, snapshot_every, spacing, fps and out.
    """
    parser = sweep.picture_parser(description, settings_class, seed, **defaults)
    help = f"draw a frame every so many {next(iter(defaults))} (default: {every})"
    parser.add_argument("--snapshot-every", type=sweep.whole_number(1), default=every, metavar="K", help=help)
    help = f"even: a frame every K; adaptive: as many frames, more of them where things change (default: {spacing})"
    parser.add_argument("--spacing", choices=("even", "adaptive"), default=spacing, help=help)
    fps = sweep.real_number("a number from 1 to 50", lambda x: 1 <= x <= 50)
    parser.add_argument("--fps", type=fps, default=15.0, metavar="X", help="frames per second, 1 to 50 (default: 15)")
    help = f"write the animation there (default: {out})"
    parser.add_argument("--out", type=sweep.output_file, default=out, metavar="PATH.gif", help=help)
    arguments = parser.parse_args(argv)
    settings = sweep.settings_to_draw(parser, arguments, settings_class)
    length = getattr(settings, next(iter(defaults)))
    if not 1 <= length / arguments.snapshot_every < MOST_FRAMES:
        least = -(-length // (MOST_FRAMES - 1))
        parser.error(f"argument --snapshot-every: must be from {least} to {length}, for at most {MOST_FRAMES} frames")
    return settings, arguments


def make_gif(train_seed, animate, motion, settings, arguments):
    """Train a run and write its animation.

    Args:
        train_seed: of the experiment.
        animate: called as animate(run, chosen) with indices of snapshots; yields as many images.
        motion: which of the snapshots' arrays tell adaptive spacing how much changes.
        settings, arguments: of `gif_command_line`.
    """
    every = arguments.snapshot_every
    finer = every if arguments.spacing == "even" else max(every // FINER, 1)
    run = trained(train_seed, arguments.seed, settings, finer)
    chosen = frame_indices(run.snapshots, motion, every, arguments.spacing)
    with rc_context(STYLE):
        write_gif(arguments.out, animate(run, chosen), len(chosen), arguments.fps)
    print(f"{arguments.out}: {len(chosen)} frames, {os.path.getsize(arguments.out) / 1000:.0f} KB")


def main(argv=None):
    """The command line."""
    out = "encoder_backprop_8_3_8.gif"
    settings, arguments = gif_command_line(__doc__.split("\n")[0], Settings, 0, 40, out, argv, epochs=4000)
    make_gif(train_seed, animate, "hidden", settings, arguments)


if __name__ == "__main__":
    sys.exit(sweep.exit_code_of(main))
