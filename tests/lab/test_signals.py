"""Ctrl-C ends a command once and in time, wherever it arrives."""

import signal
import sys

import pytest

from tests.lab.processes import ours, start, wait_for
from tests.lab.toys import write_toy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SLEEPS = """def train(case, seed, data):
    import time
    from pathlib import Path

    Path(__file__).with_name("begun").touch()
    time.sleep(60)
    return {"value": 1.0}"""
# As a library does that catches everything.
LOSES = SLEEPS.replace(
    "    time.sleep(60)\n",
    "    end = time.monotonic() + 60\n"
    "    while time.monotonic() < end:\n"
    "        try:\n"
    "            time.sleep(60)\n"
    "        except BaseException:\n"
    "            pass\n",
)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_two_interrupts_at_once_are_one(tmp_path, jobs):
    """`timeout -s INT` sends one to the process and one to its group."""
    cache = str(tmp_path / "cache")
    run = start(write_toy(tmp_path, SLEEPS), cache, "--jobs", jobs)
    assert wait_for((tmp_path / "begun").exists)
    run.send_signal(signal.SIGINT)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=30)
    assert run.returncode == 130, told
    assert "Traceback" not in told
    assert "recipes: interrupted. The same command goes on" in told
    assert wait_for(lambda: not ours(cache), 5)


def test_an_interrupt_while_a_command_is_loaded_is_no_traceback(tmp_path):
    run = start(write_toy(tmp_path, SLEEPS), str(tmp_path / "cache"))
    assert run.stdout.readline()
    run.send_signal(signal.SIGINT)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=30)
    assert run.returncode == 130, told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_that_is_lost_ends_the_command_all_the_same(tmp_path, number, code):
    run = start(write_toy(tmp_path, LOSES), str(tmp_path / "cache"), "--jobs", "1")
    assert wait_for((tmp_path / "begun").exists)
    run.send_signal(number)
    _, told = run.communicate(timeout=30)
    assert run.returncode == code, told
    assert "Traceback" not in told
