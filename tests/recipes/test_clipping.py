"""The clipping recipe: the rules by hand, and verdicts that can go either way."""

import numpy as np
import pytest

from recipes.gradients.clipping import rescue, rules
from recipes.lab.testing import RecordingLab, judged
from zoo import mlp

# Rules ---------------------------------------------------------------------------

THREE_FOUR = [np.array([3.0, 0.0]), np.array([[0.0], [4.0]])]  # norm 5


def test_formulas_by_hand():
    assert rules.norm(THREE_FOUR) == 5
    (a, b), (c, d), (e, f) = (
        rule(THREE_FOUR) for rule in (rules.by_whole, rules.by_variable, rules.by_value)
    )
    np.testing.assert_allclose([a[0], b[1, 0]], [0.6, 0.8])
    np.testing.assert_allclose([c[0], d[1, 0]], [1.0, 1.0])
    np.testing.assert_allclose([e[0], f[1, 0]], [0.1, 0.1])
    assert rules.cosine(THREE_FOUR, [c, d]) == pytest.approx(7 / 5 / 2**0.5)
    small = [part / 100 for part in THREE_FOUR]
    for rule in (rules.by_whole, rules.by_variable, rules.by_value):
        for before, after in zip(small, rule(small), strict=True):
            np.testing.assert_array_equal(before, after)


def test_a_wrong_norm_entry_or_formula_is_seen():
    raw = [THREE_FOUR]

    def report(rule, clipped=None):
        return rules.measure(raw, [clipped or rule(THREE_FOUR)], rule)

    whole, each, entry = map(
        report, (rules.by_whole, rules.by_variable, rules.by_value)
    )
    assert rules.kept(whole, "largest_norm", 1.0)
    assert whole["least_cosine"] == pytest.approx(1)
    assert rules.kept(each, "largest_variable", 1.0)
    assert not rules.kept(each, "largest_norm", 1.0)
    assert each["largest_norm"] == pytest.approx(2**0.5)
    assert each["least_cosine"] == pytest.approx(7 / 5 / 2**0.5)
    assert rules.kept(entry, "largest_entry", 0.1)
    assert entry["largest_norm"] == pytest.approx(0.1 * 2**0.5)
    longer = [1.1 * part for part in rules.by_whole(THREE_FOUR)]
    assert not rules.kept(report(rules.by_whole, longer), "largest_norm", 1.0)
    small = [[0.01 * part for part in THREE_FOUR]]
    nothing = rules.measure(small, small, rules.by_whole)
    assert not rules.kept(nothing, "largest_norm", 1.0)  # nothing was over the limit


def test_a_step_of_rate_one_is_the_gradient():
    """The unclipped step against back-propagation through 6-16-1 in NumPy."""
    found = rules.steps({}, {}, range(1))
    assert len(found) == len(rules.GAINS)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 6)), rng.normal(size=(64, 1))
    model = mlp((6,), 1, units=(16,), task="regression")
    for gain, step in zip(rules.GAINS, found, strict=True):
        W1, b1, W2, b2 = rules.draw_weights(model, 0, "he", gain)
        h = np.maximum(x @ W1 + b1, 0)
        delta = 2 * (h @ W2 + b2 - y) / 64
        back = (delta @ W2.T) * (h > 0)
        gradient = [x.T @ back, back.sum(0), h.T @ delta, delta.sum(0)]
        assert rules.norm([a - b for a, b in zip(step, gradient, strict=True)]) < 1e-4


def test_every_rule_keeps_its_promise_and_one_keeps_the_direction():
    lab = RecordingLab("clipping", seeds=2)
    found = judged(rules.scales_down, lab)
    assert found["verdict"] == "supported"
    for report in found["numbers"]["by_method"].values():
        assert report["difference_from_the_formula"] < 1e-5
    found = judged(rules.keeps_direction, lab)
    assert found["verdict"] == "supported"
    assert found["holds"] == [
        "kept: the norm of all (global_clipnorm)",
        "turned: the norm of each variable (clipnorm)",
        "turned: each entry (clipvalue)",
    ]


# Training ------------------------------------------------------------------------


def trained(way, rates, seeds, epochs=1):
    case = {"way": way, "learning_rates": rates, "seeds": seeds, "epochs": epochs}
    return rescue.train(case, 0, None)["runs"]


def test_norms_before_and_after():
    ((clipped,),) = trained("norm 1", [0.1], [0])
    updates = rescue.SAMPLES // rescue.BATCH_SIZE
    assert len(clipped["before"]) == len(clipped["after"]) == updates
    after = np.minimum(clipped["before"], 1.0)
    np.testing.assert_allclose(clipped["after"], after, rtol=1e-5)
    assert max(clipped["before"]) > 1
    ((free,),) = trained("no clipping", [0.03], [0])
    np.testing.assert_allclose(free["before"], free["after"], rtol=1e-5)
    # The first update starts from the same weights, whatever is done with it.
    assert free["before"][0] == pytest.approx(clipped["before"][0], rel=0.5)


def test_weights_are_keras_s_but_for_the_recurrent_ones():
    model = rescue.build()
    one, other = (rescue.initial_weights(model, seed) for seed in (0, 0))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
    assert one[1].std() == pytest.approx(1.5 / 32**0.5, rel=0.1)


def losses_of(*curve):
    return [{"history": {"loss": list(curve)}, "before": [1.0], "after": [1.0]}] * 10


def test_stable_means_never_worse_than_the_start_and_than_zero():
    good, worse, lost = (1.0, 1.1, 0.2), (1.0, 1.2, 0.2), (1.0, np.nan, np.nan)
    high = (5.0, 4.0, 1.0)
    found = [rescue.stable(losses_of(*c))[0] for c in (good, worse, lost, high)]
    assert found == [True, False, False, True]


def test_rescue_is_judged_only_where_something_is_to_be_rescued(monkeypatch):
    ways = list(rescue.WAYS)
    keys = [(way, rate) for rate in rescue.RATES for way in ways[:2]]
    keys += [(way, rescue.USUAL) for way in ways[2:]]
    calm, wild = losses_of(1.0, 0.5), losses_of(1.0, np.nan)

    def verdict(runs):
        monkeypatch.setattr(rescue, "trainings", lambda lab: runs)
        return judged(rescue.makes_stable, RecordingLab("clipping"))

    assert verdict(dict.fromkeys(keys, calm))["verdict"] == "inconclusive"
    runs = {key: wild if key[0] == "no clipping" else calm for key in keys}
    assert verdict(runs)["verdict"] == "supported"
    assert verdict(dict.fromkeys(keys, wild))["verdict"] == "refuted"
    runs["norm 1", 1.0] = wild
    runs["value 0.1", 0.1] = [*calm[:5], *wild[:5]]  # half of them: not decided
    found = verdict(runs)
    assert found["verdict"] == "conditional"
    assert found["fails"] == ["norm 1, rate 1"]
    assert found["undecided"] == ["value 0.1, rate 0.1"]
    runs["no clipping", 1.0] = [*wild[:4], *calm[:6]]  # most are not lost
    assert "norm 1, rate 1" not in verdict(runs)["fails"]
