"""What a person reads: widths, counts, and one sentence for each effect."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from recipes.lab import stats
from recipes.lab.cli.main import main
from recipes.lab.errors import counted, in_singular
from recipes.lab.evidence.numbers import digits, thousands, times
from recipes.lab.evidence.verdicts import rule
from recipes.lab.files import plain
from recipes.lab.reporting.card import (
    effect,
    effect_in_short,
    effects_once,
    leeway,
    source,
    titled,
    took,
)
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1.01e+03, 1e+03, 968", "1,010, 1,000, 968"),
        ("-4.17e+03 to +1.5e+05", "-4,170 to +150,000"),
        ("2.4e+00, 0e+00, 1.25e+01", "2.4, 0, 12.5"),
        ("1.4e+09, 2e+06, 5.5e-06, code1e+03", None),
    ],
)
def test_a_number_of_thousands_has_no_exponent(text, told):
    assert thousands(text) == (told or text)


def test_a_number_has_three_digits():
    assert [digits(x) for x in (4166.2, 0.03512, 1e-9, float("inf"))] == [
        "4,170", "0.0351", "1e-09", "inf",
    ]  # fmt: skip
    assert digits(1234, "+") == "+1,230"
    assert [times(x) for x in (1.0, 1.004, 1.1, 0.5)] == ["1.00", "1.00", "1.1", "0.5"]


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


GAIN = stats.greater([0.1, 0.2, 0.3], [0.0] * 3, by=stats.ACCURACY_POINT)
RATIO = stats.greater([1500.0, 1600.0, 1700.0], [1.0] * 3, by=stats.TENTH, scale="log")
CARD = {
    "id": "a-claim", "statement": "A claim.", "verdict": "supported", "says": "can",
    "hedge": "may", "notes": "000 001", "holds": ["here"], "fails": ["there"],
    "undecided": [], "seen": "Seen.", "scope": "", "lesson": "", "recipe": "momentum",
    "decisions": {}, "others": [], "runs": [], "command": "", "figures": [],
}  # fmt: skip


def test_an_effect_that_stands_in_the_sentence_is_not_told_twice():
    kept = plain({"digits": GAIN, "spirals": RATIO})
    assert str(RATIO) == "1,600 times [1,370, 1,870], n=3"
    matters = "the smallest that matters is one point of accuracy (0.01 accuracy)"
    assert effects_once(kept, f"Two layers minus one: {GAIN}.") == [
        f"in brackets the 95 % interval; {matters}",
        effect("spirals", kept["spirals"]),
    ]
    assert effects_once(kept, "Seen.") == [effect(*one) for one in kept.items()]
    one = plain({"as stated": stats.greater([0.1], [0.0], by=stats.ANY)})
    assert "one seed: not decided" in effects_once(one, "+0.1 (no interval, n=1)")[0]


def test_a_threshold_at_no_effect_has_no_size():
    kept = stats.Threshold("no worse by a tenth", 1.0, "times less than a tenth", "")
    decision = stats.greater([1.0, 1.01, 0.99], [1.0] * 3, by=kept, scale="log")
    told = effect("as stated", plain(decision))
    assert told.startswith("1.00 times less than a tenth, 95 % interval ")
    assert told.endswith("; what matters: no worse by a tenth")


def test_an_effect_is_short_beside_its_picture():
    assert effect_in_short(plain(GAIN)) == "0.2 accuracy (-0.0484 to 0.448)"
    one = stats.greater([3.0], [1.0], by=stats.TENTH, scale="log")
    assert effect_in_short(plain(one)) == "3 times (no interval)"


@pytest.mark.parametrize(
    ("scale", "ends", "told"),
    [
        ("log", [0.0, 3.0], "up to 3"),
        ("log", [0.5, 3.0], "0.5 to 3"),
        ("log", [0.5, "Infinity"], "from 0.5 up"),
        ("linear", [0.0, 3.0], "0 to 3"),
        ("linear", ["-Infinity", 3.0], "up to 3"),
    ],
)
def test_an_interval_is_worded_alike_wherever_it_is_told(scale, ends, told):
    """A ratio begins at 0: an interval from there has one end, as one from -inf has."""
    values = [3.0, 2.0, 2.5]
    by = stats.TENTH if scale == "log" else stats.ANY
    decision = stats.greater(values, [1.0] * 3, by=by, scale=scale)
    kept = {**plain(decision), "interval": ends}
    assert effect_in_short(kept).endswith(f"({told})")
    assert f", 95 % interval {told}, 3 seeds; " in effect("as stated", kept)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, 'the notes say "can"'),
        ({"says": "often"}, 'the notes say "often"'),
        ({"says": "always"}, ""),
        ({"fails": []}, ""),
        ({"verdict": "refuted", "says": "often"}, 'the notes say "often"'),
        ({"verdict": "refuted", "holds": []}, ""),
        ({"verdict": "conditional", "says": "often"}, ""),
    ],
)
def test_the_word_of_the_notes_is_told_where_the_verdict_rests_on_it(change, told):
    card = {**CARD, **change}
    assert leeway(card) == told
    lines = printed(80, lambda output: output.published(card))
    head = f"{card['verdict']:<13}a-claim"
    assert lines[1].endswith(f"{head}  {told}" if told else head)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, 'The notes hedge it as what can be so: "may" (000, 001).'),
        (
            {"says": "always", "hedge": ""},
            "The notes say it without a hedge (000, 001).",
        ),
        ({"notes": "ours"}, "No note says it: the claim is ours."),
        ({"says": "advice", "hedge": "", "notes": "003"}, "The notes advise it (003)."),
    ],
)
def test_the_source_of_a_claim_is_a_sentence(change, told):
    assert source({**CARD, **change}) == told


@pytest.mark.parametrize("count", [2, 30])
def test_a_long_run_ends_in_its_ids_by_verdict(count):
    claims = [
        {**CARD, "id": f"claim-{place}", "note": "Seen.",
         "verdict": "refuted" if place % 3 else "supported"}
        for place in range(count)
    ]  # fmt: skip
    result = {"smoke": False, "recipe": "toy", "topic": "", "notes": "", "title": "Toy",
              "claims": claims, "figures": []}  # fmt: skip
    lines = printed(80, lambda output: output.result(result))
    assert lines[-1].startswith(f"{count} claims: ")
    listed = [line for line in lines if line.startswith("  claim-")]
    assert bool(listed) == (count > 5)
    if listed:
        first = lines.index("✓ supported")
        assert lines[first + 1].split() == [f"claim-{n}" for n in range(0, 21, 3)]
        assert len(" ".join(listed).split()) == count
        assert max(map(cell_len, lines)) <= 80


def test_a_table_names_its_lesson():
    assert titled({"title": "Losses", "lesson": "rates"}) == "Losses (lesson rates)"
    assert titled({"title": "Losses"}) == "Losses"


def test_no_line_is_broken_in_a_formula_or_an_interval():
    told = "The form with (1 − β) gains +0.035 [+0.0234, +0.0466], n=5, in x²/2 − y²/2."
    for width in range(30, 80):
        target = io.StringIO()
        console = Console(file=target, width=width, highlight=False)
        Output(console).paragraph(told)
        text = target.getvalue()
        for whole in ("(1 − β)", "[+0.0234, +0.0466]", "x²/2 − y²/2"):
            assert whole in text, width
        assert max(map(len, text.splitlines())) <= width
        assert text.split() == told.split()
