"""Baseline: the best of many looks better than it is; the default is the witness.

The notes begin a search with a baseline: train with default values and compare with it.
Whether that is worth a training is a question about luck. The best of 24 settings was
chosen by its validation score, and a score that won was lucky, the more so the fewer
rows it comes from. The default has no such luck. So ask how often the winner of a
search loses to the default on fresh data.

A search is 24 random pairs out of a network's table, judged on validation rows, and
again on test rows. Three settings stand for the baseline: Keras's SGD as it comes, at
0.01 without momentum; the 0.01 with momentum 0.9 that many begin with; and what was
best elsewhere, here with the other seeds' rows, as a setting that somebody brings along
from earlier work. The first two are poor ones, which no search can lose to by much.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.search._table import BETAS, RATES, tables

TRIED = 24
ROWS = {"30 rows": 30, "300 rows": 300}
COMES, USUAL, BROUGHT = "SGD as it comes", "0.01 with momentum 0.9", "best elsewhere"
DEFAULTS = {COMES: (0.01, 0.0), USUAL: (0.01, 0.9), BROUGHT: None}
ONE_IN_TEN = stats.Threshold(
    "one search in ten", 0.1, "share of searches",
    "who is misled less often than that can do without a baseline.",
)  # fmt: skip


def best_of(by_row: np.ndarray, rows: int, rng) -> int:
    """The winner of one search.

    Args:
        by_row: Losses of all pairs (pairs, validation rows).
        rows: How many rows, drawn anew, the search judges by.
        rng: Draws the pairs and the rows.

    Returns:
        The position of the best of 24 pairs.
    """
    pairs = rng.choice(len(by_row), min(TRIED, len(by_row)), replace=False)
    chosen = rng.choice(by_row.shape[1], rows, replace=False)
    return int(pairs[by_row[pairs][:, chosen].mean(1).argmin()])


def positions(lab, name: str) -> np.ndarray:
    """Where a default stands among all pairs, for each seed."""
    default, last = DEFAULTS[name], tables(lab)["validation"][..., -1]
    if default is not None:
        place = RATES.index(default[0]) * len(BETAS) + BETAS.index(default[1])
        return np.full(len(last), place)
    logs = np.log(last.reshape(len(last), -1))
    if len(logs) == 1:  # there is no elsewhere
        return logs.argmin(1)
    return ((logs.sum(0) - logs) / (len(logs) - 1)).argmin(1)


@experiment
def winners(lab) -> dict[str, np.ndarray]:
    """By rows the positions of winners (seeds, searches)."""
    found, count = {name: [] for name in ROWS}, 100 * lab.settings.searches
    for seed, table in zip(lab.seeds, tables(lab)["by_row"], strict=True):
        by_row = table.reshape(-1, table.shape[-1])
        for name, rows in ROWS.items():
            rng = np.random.default_rng([seed, 91, rows])
            found[name].append([best_of(by_row, rows, rng) for _ in range(count)])
    return {name: np.array(rows) for name, rows in found.items()}


def tested(lab) -> np.ndarray:
    """The test loss of every pair, (seeds, pairs)."""
    return tables(lab)["test"].reshape(len(lab.seeds), -1)


def of_default(lab, name: str) -> np.ndarray:
    """A default's test loss, (seeds, 1)."""
    return np.take_along_axis(tested(lab), positions(lab, name)[:, None], 1)


def losing(lab, rows: str, name: str) -> np.ndarray:
    """The share of winners with a greater test loss than a default, one a seed."""
    chosen = np.take_along_axis(tested(lab), winners(lab)[rows], 1)
    return (chosen > of_default(lab, name)).mean(1)


@claim(
    "hp-baseline-first",
    "Begin with a baseline, a model with default hyperparameters, and compare what the "
    "search finds with it.",
    says="advice",
    notes="002",
    scope="a stand-in: 24 random pairs of rate and momentum, 512 digits, 27 epochs",
)
def baseline_warns(lab):
    """Asks how often the best of 24 loses to a baseline on fresh data."""
    shares = {
        f"{rows}, against {name}": losing(lab, rows, name)
        for name in DEFAULTS
        for rows in ROWS
    }
    best = tested(lab).min(1, keepdims=True)
    gain = {name: float(np.median(of_default(lab, name) / best)) for name in DEFAULTS}
    lab.table(
        f"Winners of {TRIED} that lose to the default on test rows",
        ["judged by, against", "share of searches", "from", "to (seeds)"],
        [
            [name, *map(float, (seen.mean(), seen.min(), seen.max()))]
            for name, seen in shares.items()
        ],
    )
    few, many = (float(losing(lab, rows, BROUGHT).mean()) for rows in ROWS)
    return Finding(
        {
            f"judged by {name}": stats.against(seen, 0.0, by=ONE_IN_TEN)
            for name, seen in shares.items()
        },
        "Of searches judged by 30 rows {few:.0%} lose to what was best elsewhere, of "
        "those by 300 rows {many:.0%}. All shares: {shares:.0%}. The baselines' test "
        "losses are so many times the best: {gain:.2f}.",
        figure=draw_winners,
        few=few,
        many=many,
        shares={name: float(seen.mean()) for name, seen in shares.items()},
        gain=gain,
    )


def draw_winners(lab):
    """Test losses of winners beside those of the baselines."""
    figure, axes = figures.new(1, 2, width=10.2, height=4.4)
    best = tested(lab).min(1, keepdims=True)
    for axis, (name, chosen) in zip(axes, winners(lab).items(), strict=True):
        found = np.take_along_axis(tested(lab), chosen, 1) / best
        ends = np.geomspace(1, max(2.0, float(np.quantile(found, 0.999))), 30)
        axis.hist(found.ravel(), ends, color=figures.COLORS[5])
        axis.set(xscale="log")
        for index, default in enumerate(DEFAULTS):
            at = float(np.median(of_default(lab, default) / best))
            style = {"color": figures.COLORS[(0, 1, 6)[index]]}
            line = {**style, "ls": figures.LINES[index], "lw": 2.2}
            axis.axvline(at, label=default, **line)
        share = losing(lab, name, BROUGHT).mean()
        title = (
            f"Judged by {name}: {share:.0%} of the winners\nlose to the best elsewhere"
        )
        x = "test loss of the winner / of the best pair"
        figures.describe(axis, title, x, "searches")
        shown = [t for t in (1, 1.2, 1.5, 2, 3, 5, 10) if t <= axis.get_xlim()[1]]
        axis.set_xticks(shown, [f"{t:g}" for t in shown])
        axis.minorticks_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    lab.figure(
        "winners",
        figure,
        "Test losses of the winners of searches, as multiples of the best pair's, with "
        "those of three baselines (medians over seeds).",
    )


if __name__ == "__main__":
    main(__file__)
