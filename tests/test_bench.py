"""The benchmark against peers: same networks, right arithmetic, one table."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import _peer_table as table  # noqa: E402
import _peer_works as works  # noqa: E402
import peers  # noqa: E402
from _peer_children import Child  # noqa: E402

ABOUT = {"cpu": "A CPU", "cores": 2, "versions": {"python": "3.12"}, "busy": "",
         "date": "2026-01-01 00:00"}  # fmt: skip


def child(*seconds, problem="", peak=2**20, parameters=7, **ready):
    told = {"loss": 1.0, "peak": peak, "parameters": parameters, "detail": "fast"}
    rounds = [{"seconds": value, **told} for value in seconds]
    return SimpleNamespace(problem=problem, ready=ready, rounds=rounds)


# Ratios 2/4, 3/3, 2/8 by round: median 0.5, though the medians' ratio is 2/4.
FAKE = {
    "ours": child(2.0, 3.0, 2.0, first=9.0, peak=3 * 2**20),
    "keras": child(4.0, 3.0, 8.0, first=5.0),
    "torch": child(problem="-"),
    "jax": child(problem="failed: ValueError: no"),
}


def test_ratios_are_paired_within_a_round():
    cells = table.summarize(works.named("mlp", True), FAKE)["contenders"]
    assert cells["keras"]["ratios"] == [0.5, 1.0, 0.25]
    assert cells["keras"]["ratio"] == 0.5
    assert cells["keras"]["start"] == 5.0 - 4.0
    assert cells["ours"]["start"] == 9.0 - 2.0


def test_a_total_is_a_ratio_of_sums_with_the_first_round():
    pair = {"ours": child(3.0, 1.0), "notes": child(8.0, 12.0)}
    cell = table.summarize(works.named("optimizers"), pair)["contenders"]["notes"]
    assert cell["ratio"] == 4.0 / 20.0
    assert cell["met"] is True


@pytest.mark.parametrize(("theirs", "met"), [(2.0, True), (1.99, False)])
def test_a_goal_is_met_up_to_its_number(theirs, met):
    pair = {"ours": child(2.0), "jax": child(theirs)}
    cell = table.summarize(works.named("mlp"), pair)["contenders"]["jax"]
    assert cell["met"] is met


def test_times_are_per_epoch_and_per_step():
    mlp, lenet = works.named("mlp"), works.named("lenet")
    assert (mlp.steps, mlp.parts) == (938, 5)
    assert (lenet.steps, lenet.parts) == (80, 80)
    row = table.summarize(lenet, {"ours": child(0.8)})
    assert row["contenders"]["ours"]["seconds"] == [0.01]


def test_an_interrupted_round_is_not_paired():
    pair = {"ours": child(1.0, 1.0), "keras": child(2.0)}
    cell = table.summarize(works.named("mlp"), pair)["contenders"]["keras"]
    assert cell["ratios"] == [0.5]


def test_memory_has_a_goal_of_its_own():
    row = table.summarize(works.named("mlp"), FAKE)
    assert row["contenders"]["keras"]["memory_ratio"] == 3.0
    assert row["memory_met"] is False


def test_other_parameter_counts_are_a_problem():
    pair = {"ours": child(1.0), "keras": child(1.0, parameters=8)}
    row = table.summarize(works.named("mlp"), pair)
    assert "not the same network" in row["problem"]


def test_the_table_shows_every_contender(capsys):
    from rich.console import Console

    rows = [table.summarize(works.named("mlp", True), FAKE)]
    Console(width=80).print(table.text(rows))
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    lines = [line.split() for line in printed.splitlines()]
    assert ["JAX", "failed"] in lines
    assert ["PyTorch", "-"] in lines
    page = table.markdown(rows, ABOUT)
    assert "ValueError: no" in page  # the reason
    assert "0.17 missed" in page  # Keras, 0.50
    widths = {line.count("|") for line in page.splitlines() if line.startswith("|")}
    assert widths == {len(table.COLUMNS) + 1}


def test_the_lstm_is_compared_with_the_best_and_in_one_precision():
    members = {"ours": child(2.0), "torch": child(1.0), "torch_float32": child(4.0)}
    row = table.summarize(works.named("lstm"), members)
    ratios = {name: cell.get("ratio") for name, cell in row["contenders"].items()}
    assert ratios == {"ours": None, "torch": 2.0, "torch_float32": 0.5}
    for name, lines in (("lstm", 2), ("mlp", 1)):  # the others have no second line
        pair = {"ours": child(1.0), **(members if name == "lstm" else {})}
        told = table.lines(table.summarize(works.named(name), pair))
        assert sum(line[0].startswith("PyTorch") for line in told) == lines


WORKERS = {
    "missing": ('print(\'{"missing": "torch"}\')', "-"),
    "crash": (
        "raise ValueError('no')",
        "failed: ended with status 1; ValueError: no",
    ),
    "told": ('print(\'{"failed": "OSError: x"}\')', "failed: OSError: x"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "failed: ended with status -9"),
}


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_that_goes_away_has_a_reason(name):
    code, problem = WORKERS[name]
    worker = Child("torch", works.WORKS[0], command=[sys.executable, "-c", code])
    try:
        worker.wait_until_ready()
        assert worker.problem.startswith(problem)
    finally:
        worker.end()


def test_a_worker_may_crash_in_a_later_round():
    code = """
        import json, sys
        print("{}", flush=True)
        sys.stdin.readline()
        print(json.dumps({"seconds": 1}), flush=True)
        sys.stdin.readline()
        raise MemoryError
    """
    command = [sys.executable, "-c", "if True:" + code]
    worker = Child("torch", works.WORKS[0], command=command)
    try:
        worker.wait_until_ready()
        for number in (1, 2, 3):
            worker.train(number)
        assert worker.rounds == [{"seconds": 1}]
        assert "MemoryError" in worker.problem
    finally:
        worker.end()


def test_turns_begin_with_another_contender_each_round():
    order = []
    members = {
        name: SimpleNamespace(
            problem="-" if name == "torch" else "",
            train=lambda _, name=name: order.append(name),
        )
        for name in ("ours", "keras", "torch", "jax")
    }
    for number in (1, 2, 3):
        peers._take_turns(members, number)
    turns = [order[start : start + 3] for start in (0, 3, 6)]
    assert {turn[0] for turn in turns} == {"ours", "keras", "jax"}
    assert all(sorted(turn) == ["jax", "keras", "ours"] for turn in turns)


def test_an_unknown_row_is_named(capsys):
    assert peers.main(["--only", "transformer"]) == 2
    assert "resnet20" in capsys.readouterr().err


BENCH = [sys.executable, str(ROOT / "benchmarks" / "peers.py"), "--quick"]


@pytest.mark.slow
def test_the_whole_benchmark_runs(tmp_path):
    command = [*BENCH, "--only", "mlp", "--rounds", "1", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert "ours float32" in done.stdout
    told = json.loads((tmp_path / "peers-quick-mlp.json").read_text())
    cells = told["rows"][0]["contenders"]
    for name in ("ours", "keras"):
        assert len(cells[name]["seconds"]) == 1
        assert cells[name]["parameters"] == 109_386
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".md"}


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(tmp_path):
    command = [*BENCH, "--only", "lenet", "--rounds", "9999", "--out", str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    bench = subprocess.Popen(command, text=True, **pipes)
    assert "LeNet" in bench.stderr.readline()  # it has begun
    time.sleep(1)
    bench.send_signal(signal.SIGINT)
    printed, _ = bench.communicate(timeout=60)
    assert bench.returncode == 130
    assert "LeNet" in printed
    assert (tmp_path / "peers-quick-lenet.md").exists()
