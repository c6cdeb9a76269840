"""The network: its gradients, its losses, and its arithmetic against the textbook's."""

import math

import numpy as np
import pytest

from encoder_backprop_8_3_8 import LOSSES, Network, cross_entropy

NAMES = ("W1", "b1", "W2", "b2")
ALL_BITS = np.array([[number >> bit & 1 for bit in range(6)] for number in range(64)])
RANDOM = np.random.default_rng(0)
PROBLEMS = {  # inputs, targets, hidden units
    "8-3-8 one-hot": (np.eye(8), np.eye(8), 3),
    "6-2-1 all bits": (ALL_BITS, (ALL_BITS == ALL_BITS[:, ::-1]).all(axis=1)[:, None], 2),
    "5-4-3 bits": (RANDOM.integers(0, 2, (7, 5)), RANDOM.integers(0, 2, (7, 3)), 4),
    "3-2-1 real": (RANDOM.normal(size=(4, 3)), RANDOM.integers(0, 2, (4, 1)), 2),
    "1-1-2 one pattern": (np.array([[0.7]]), np.array([[0, 1]]), 1),
}
ALL_PROBLEMS = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
BOTH_LOSSES = pytest.mark.parametrize("loss", LOSSES)


def random_network(problem, loss, runs, scale=1.0):
    network = Network(*problem, loss, runs)
    network.parameters[:] = np.random.default_rng(runs).normal(scale=scale, size=network.parameters.shape)
    return network


def textbook(network, run, steps, learning_rate, momentum):
    """One run of a network, trained with the textbook's two-dimensional arrays.

    Returns the activations and gradients of the last step, and the weights after it.
    """
    x, t = network.inputs, network.targets
    weights = [getattr(network, name)[..., run].copy() for name in NAMES]
    velocities = [np.zeros_like(w) for w in weights]
    for _ in range(steps):
        W1, b1, W2, b2 = weights
        h = 1 / (1 + np.exp(-(x @ W1 + b1)))  # (P, H)
        y = 1 / (1 + np.exp(-(h @ W2 + b2)))  # (P, O)
        delta_output = (y - t) / len(x) if network.loss_name == "cross-entropy" else (y - t) * y * (1 - y)
        delta_hidden = delta_output @ W2.T * h * (1 - h)
        gradients = [x.T @ delta_hidden, delta_hidden.sum(axis=0), h.T @ delta_output, delta_output.sum(axis=0)]
        velocities = [momentum * v + learning_rate * g for v, g in zip(velocities, gradients, strict=True)]
        weights = [w - v for w, v in zip(weights, velocities, strict=True)]
    return h, y, gradients, weights


@ALL_PROBLEMS
@BOTH_LOSSES
@pytest.mark.parametrize("runs", [1, 2, 7])
def test_gradient_matches_central_differences(problem, loss, runs):
    network = random_network(problem, loss, runs)
    network.forward()
    network.backward()
    gradient, numeric, h = network.gradient.copy(), np.empty_like(network.gradient), 1e-5

    def loss_at(parameter, value):
        network.parameters[parameter] = value
        network.forward()
        return network.loss()

    for parameter, value in enumerate(network.parameters.copy()):
        numeric[parameter] = (loss_at(parameter, value + h) - loss_at(parameter, value - h)) / (2 * h)
        network.parameters[parameter] = value
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)


@ALL_PROBLEMS
@BOTH_LOSSES
@pytest.mark.parametrize("runs", [1, 2, 7])
@pytest.mark.parametrize("steps", [1, 2, 10])
def test_training_matches_the_textbook(problem, loss, runs, steps):
    network = random_network(problem, loss, runs)
    expected = [textbook(network, run, steps, learning_rate=0.3, momentum=0.9) for run in range(runs)]
    for _ in range(steps):
        network.forward()
        network.backward()
        gradient = network.gradient.copy()
        network.step(learning_rate=0.3, momentum=0.9)
    for run, (hidden, output, gradients, weights) in enumerate(expected):
        np.testing.assert_allclose(network.hidden[..., run], hidden, rtol=1e-11)
        np.testing.assert_allclose(network.output[..., run], output, rtol=1e-11)
        flat = np.concatenate([g.ravel() for g in gradients])
        np.testing.assert_allclose(gradient[:, run], flat, rtol=1e-9, atol=1e-13)
        for name, weight in zip(NAMES, weights, strict=True):
            np.testing.assert_allclose(getattr(network, name)[..., run], weight, rtol=1e-10, atol=1e-13)


def test_momentum_carries_the_last_step_into_the_next():
    network = Network(np.eye(8), np.eye(8), 3)
    for weight in (-1.0, -1.0 - 1.5, -1.0 - 1.5 - 1.75):
        network.gradient[:] = 2.0
        network.step(learning_rate=0.5, momentum=0.5)
        assert (network.parameters == weight).all()


@pytest.mark.parametrize("runs", [2, 3, 5, 17, 64, 255])
def test_a_run_of_a_batch_is_bit_for_bit_the_run_alone(runs):
    batch = random_network(PROBLEMS["8-3-8 one-hot"], "cross-entropy", runs, scale=3.0)
    alone = {run: Network(np.eye(8), np.eye(8), 3) for run in {0, runs // 2, runs - 2, runs - 1}}
    for run, network in alone.items():
        network.parameters[:, 0] = batch.parameters[:, run]
    for network in (batch, *alone.values()):
        for _ in range(30):
            network.forward()
            network.backward()
            network.step(2.0, 0.9)
    for run, network in alone.items():
        np.testing.assert_array_equal(network.parameters[:, 0], batch.parameters[:, run])


@ALL_PROBLEMS
@pytest.mark.parametrize("runs", [1, 3])
def test_cross_entropy_is_summed_over_outputs_and_averaged_over_patterns(problem, runs):
    network = random_network(problem, "cross-entropy", runs)
    network.forward()
    (P, O), t = network.targets.shape, network.targets  # noqa: E741
    for run, loss in enumerate(network.loss()):
        y = network.output[..., run]
        terms = [
            t[p, o] * math.log(y[p, o]) + (1 - t[p, o]) * math.log(1 - y[p, o]) for p in range(P) for o in range(O)
        ]
        assert loss == pytest.approx(-sum(terms) / P, rel=1e-12)


@ALL_PROBLEMS
@pytest.mark.parametrize("runs", [1, 3])
def test_squared_error_is_half_the_sum_over_outputs_and_patterns(problem, runs):
    network = random_network(problem, "squared-error", runs)
    network.forward()
    (P, O), t = network.targets.shape, network.targets  # noqa: E741
    for run, loss in enumerate(network.loss()):
        squares = [(network.output[p, o, run] - t[p, o]) ** 2 for p in range(P) for o in range(O)]
        assert loss == pytest.approx(sum(squares) / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("net_input", "target", "loss"),
    [
        (0.0, 0, math.log(2)),
        (0.0, 1, math.log(2)),
        (40.0, 1, math.exp(-40)),
        (-40.0, 0, math.exp(-40)),
        (40.0, 0, 40.0),
        (700.0, 1, math.exp(-700)),
        (1e5, 1, 0.0),
        (1e5, 0, 1e5),
        (-1e5, 0, 0.0),
        (-1e5, 1, 1e5),
        (1e300, 0, 1e300),
        (-1e300, 0, 0.0),
    ],
)
def test_cross_entropy_of_one_unit_is_exact_for_any_net_input(net_input, target, loss):
    measured = cross_entropy(np.array([[[net_input]]]), np.array([[[target]]]))
    assert measured == pytest.approx([loss], rel=1e-15, abs=0)


@BOTH_LOSSES
@pytest.mark.parametrize("runs", [1, 2, 50])
@pytest.mark.parametrize("scale", [1e3, 1e5, 1e300])
def test_extreme_weights_give_a_finite_loss_and_gradient_and_no_warning(loss, runs, scale):
    network = Network(np.eye(8), np.eye(8), 3, loss, runs)
    network.parameters[:] = np.random.default_rng(0).choice([-scale, scale], network.parameters.shape)
    network.forward()
    network.backward()
    assert np.isfinite(network.loss()).all()
    assert np.isfinite(network.gradient).all()


def test_extreme_weights_give_the_loss_of_the_net_inputs():
    network = Network(np.eye(8), np.eye(8), 3)
    network.b2[:] = 1e5  # all outputs are on: of each pattern one is right and seven are wrong, by 1e5
    network.forward()
    assert network.loss() == [7e5]


def test_parameters_are_W1_b1_W2_b2_in_this_order():
    network = Network(np.zeros((6, 5)), np.zeros((6, 3)), 4, runs=2)
    shapes = [getattr(network, name).shape for name in NAMES]
    assert shapes == [(5, 4, 2), (4, 2), (4, 3, 2), (3, 2)]
    network.parameters[:] = np.arange(network.parameters.size).reshape(network.parameters.shape)
    flat = np.concatenate([getattr(network, name).reshape(-1, 2) for name in NAMES])
    np.testing.assert_array_equal(flat, network.parameters)


def test_a_new_network_is_all_zero_and_undecided():
    network = Network(np.eye(8), np.eye(8), 3, runs=2)
    network.forward()
    assert not network.parameters.any() and not network.velocity.any()
    assert (network.hidden == 0.5).all() and (network.output == 0.5).all()


@pytest.mark.parametrize(
    ("inputs", "targets", "loss"),
    [
        (np.eye(8), np.eye(8), "mean-squared-error"),
        (np.eye(8), np.eye(8), None),
        (np.eye(8), np.eye(7), "cross-entropy"),
        (np.ones(8), np.eye(8), "cross-entropy"),
        (np.eye(8), np.ones(8), "cross-entropy"),
        (np.ones((8, 8, 1)), np.eye(8), "cross-entropy"),
        (np.eye(8), 0.9 * np.eye(8), "cross-entropy"),
        (np.eye(8), -np.eye(8), "squared-error"),
        (np.eye(8), np.full((8, 8), np.nan), "squared-error"),
    ],
    ids=[
        "unknown loss",
        "no loss",
        "fewer targets",
        "inputs 1-D",
        "targets 1-D",
        "inputs 3-D",
        "target 0.9",
        "target -1",
        "target nan",
    ],
)
def test_a_network_that_makes_no_sense_is_refused(inputs, targets, loss):
    with pytest.raises(ValueError):
        Network(inputs, targets, 3, loss)
