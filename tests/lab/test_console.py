"""What a person reads: widths, counts, and one sentence for each effect."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from recipes.lab import stats
from recipes.lab.cli.main import main
from recipes.lab.errors import counted, in_singular
from recipes.lab.evidence.judging import rule
from recipes.lab.files import plain
from recipes.lab.reporting.card import effect, took
from recipes.lab.reporting.console import Output


def printed(width: int, show) -> list[str]:
    """What a pipe of that width gets."""
    target = io.StringIO()
    show(Output(Console(file=target, width=width, highlight=False)))
    return target.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_a_row_is_a_line_and_a_title_has_the_whole_width(width):
    title = "Steps off a saddle at rate 0.01, by distance from the ridge"
    rows = [["plain", "1461", "1.857e-10"], ["velocity form", "228", "1"]]
    columns = ["form", "steps", "distance"]
    lines = printed(width, lambda output: output.table(title, columns, rows))
    assert lines[:2] == ["", title]
    assert [line.split()[-1] for line in lines[2:]] == ["distance", "1.857e-10", "1"]
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_every_published_verdict_fits(width):
    from recipes.lab import verdicts

    def show(output):
        for row in verdicts():
            output.published(row)

    lines = printed(width, show)
    assert len(lines) > 1000
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", ["80", "120"])
@pytest.mark.parametrize(
    "words", [["list"], ["show", "momentum"], ["show", "bce-needs-sigmoid"]]
)
def test_what_is_listed_and_shown_fits(width, words, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", width)
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 5
    places = ("Folder: ", "  Code: ")  # a path is not broken
    wide = [x for x in lines if cell_len(x) > int(width) and not x.startswith(places)]
    assert not wide


@pytest.mark.parametrize(
    ("total", "kept", "told"),
    [
        (45, 0, ["losses: 45 trainings"]),
        (45, 31, ["losses: 45 trainings, 31 kept"]),
        (45, 45, ["losses: 45 trainings, all kept"]),
        (1, 0, []),
    ],
)
def test_progress_says_what_need_not_run(total, kept, told):
    def show(output):
        with output.progress("losses", total, kept):
            pass

    assert printed(80, show) == told


def test_one_is_no_plural():
    assert [counted(number, "claim") for number in (0, 1, 2, 1200)] == [
        "0 claims", "1 claim", "2 claims", "1,200 claims",
    ]  # fmt: skip
    assert [took(seconds) for seconds in (0.0, 0.94, 1.0, 61.4)] == [
        "under 1 s", "under 1 s", "1 s", "61 s",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("After 1 epochs of 1 steps, 1 seeds.", "After 1 epoch of 1 step, 1 seed."),
        ("11 epochs, 0.1 steps, 1,1 runs, -1 steps", None),
        ("1 epoch, 1 stepsister", None),
    ],
)
def test_a_sentence_has_no_plural_after_one(text, told):
    assert in_singular(text) == (told or text)


A_POINT = "; the smallest that matters is one point of accuracy (0.01 accuracy)"


@pytest.mark.parametrize(
    ("values", "by", "scale", "told"),
    [
        (
            [0.1], stats.ACCURACY_POINT, "linear",
            f"0.1 accuracy, one seed: not decided{A_POINT}",
        ),
        (
            [0.1, 0.1], stats.ACCURACY_POINT, "linear",
            f"0.1 accuracy, 2 seeds give no 95 % interval: not decided{A_POINT}",
        ),
        ([0.1], stats.ANY, "ranks", "0.1 as measured, one seed: not decided; "
         "any difference matters"),
        (
            [3.0], stats.TENTH, "log",
            "3 times, one seed: not decided; the smallest that matters is a tenth "
            "(1.1 times)",
        ),
        (
            [3.0, 3.0], stats.TWICE, "log",
            "3 times, 2 seeds give no 95 % interval: not decided; the smallest that "
            "matters is twice (2 times)",
        ),
        (
            [0.1, 0.2, 0.3], stats.ACCURACY_POINT, "linear",
            f"0.2 accuracy, 95 % interval -0.0484 to 0.448, 3 seeds{A_POINT}",
        ),
    ],
)  # fmt: skip
def test_an_effect_is_one_sentence(values, by, scale, told):
    nothing = [1.0 if scale == "log" else 0.0] * len(values)
    decision = stats.greater(values, nothing, by=by, scale=scale)
    assert effect("as stated", plain(decision)) == told
    assert effect("digits", plain(decision)) == f"digits: {told}"
    if "not decided" in told:
        assert decision.holds is None
        assert f"(no interval, n={len(values)})" in str(decision)
        assert "inf" not in str(decision)


def test_an_effect_reads_the_same_from_a_kept_result():
    """JSON has no infinity: a kept result has its name."""
    decision = stats.greater([0.5], [0.0], by=stats.ANY).as_dict()
    kept = {**decision, "interval": ["-Infinity", "Infinity"]}
    assert effect("as stated", kept) == effect("as stated", decision)


def test_one_seed_decides_no_claim_by_chance():
    """A chance condition is then open, beside an exact one that holds."""
    lucky = stats.greater([5.0], [0.0], by=stats.ANY)
    assert lucky.holds is None
    says = {name: rule(name, 1, 0, 1) for name in ("is", "always", "can")}
    assert says == {"is": "inconclusive", "always": "supported", "can": "supported"}
    assert rule("always", 1, 0, 2) == "inconclusive"
    assert rule("can", 0, 0, 1) == "inconclusive"


@pytest.mark.parametrize("columns", ["0", "1", "7"])
def test_a_terminal_of_no_width_is_written_to(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["show", "momentum-saddle"]) == 0
    assert "saddle" in capsys.readouterr().out
