"""Finished trainings: kept exactly, claimed by one process at a time."""

import subprocess
import sys

import pytest

from recipes.lab.running.old import members
from recipes.lab.running.old.members import Members
from recipes.lab.running.old.run_folder import JoinedFolder, RunFolder
from recipes.lab.running.old.sweep import _order

CLAIM = """
import sys
from pathlib import Path
from recipes.lab.running.old.members import Members
with Members(Path(sys.argv[1])).claim("a", wait=False) as held:
    print(held, flush=True)
    sys.stdin.readline()
"""


def test_members_come_back_exactly(tmp_path):
    kept = Members(tmp_path)
    value = {"loss": [0.1 + 0.2, float("inf")], "n": 3}
    assert kept.find("a") is None
    assert kept.keep("a", value) == value
    assert kept.find("a") == value
    assert kept.find("b") is None
    assert (kept.count(["a", "b"]), kept.total()) == (1, 1)


def test_a_broken_member_is_run_again(tmp_path):
    kept = Members(tmp_path)
    kept.keep("a", {"n": 1})
    next((tmp_path / "members").glob("*.json")).write_text('{"key"')
    assert kept.find("a") is None


@pytest.mark.skipif(members.fcntl is None, reason="no locks on this system")
def test_one_process_holds_a_member_until_it_ends(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", CLAIM, str(tmp_path)]
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == "True\n"
        ours = Members(tmp_path)
        with ours.claim("a", wait=False) as held:
            assert not held
        with ours.claim("b", wait=False) as held:
            assert held
        other.kill()  # as a crash does, without a word
        with ours.claim("a", wait=True) as held:
            assert held
            with subprocess.Popen(command, **pipes) as third:
                assert third.communicate("\n")[0] == "False\n"
        with subprocess.Popen(command, **pipes) as fourth:
            assert fourth.communicate("\n")[0] == "True\n"
        ours.close()


def test_who_joins_a_run_writes_nothing_but_members(tmp_path):
    led = RunFolder(tmp_path, {"a": 1})
    joined = JoinedFolder(led.path)
    assert joined.identity == {"a": 1}
    joined.write("report.md", "not mine")
    assert not (led.path / "report.md").exists()
    joined.members.keep("k", {"n": 1})
    assert led.members.find("k") == {"n": 1}
    led.close()


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_processes_begin_with_different_cases(count, processes):
    names, seeds = [f"case {i}" for i in range(count)], range(3)
    every = [(name, seed) for seed in seeds for name in names]
    orders = [_order(names, seeds, i, processes) for i in range(processes)]
    assert all(sorted(order) == sorted(every) for order in orders)
    if processes == 1:
        assert orders == [every]
    firsts = [{name for name, _ in order[: len(seeds)]} for order in orders]
    if count >= processes:
        for i, first in enumerate(firsts):
            assert all(first.isdisjoint(other) for other in firsts[i + 1 :])
    if count == 1:
        assert orders[0] == every
        assert all(order == every[::-1] for order in orders[1:])
