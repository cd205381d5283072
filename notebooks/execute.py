"""Executes notebooks anew: `NN_topic.py` is the source, `NN_topic.ipynb` what is shown.

    python notebooks/execute.py              # all
    python notebooks/execute.py 00 05_vanishing_and_exploding

A source is jupytext's percent format. Each runs in a kernel of its own, in an empty
folder. Its result holds no times, no random ids and the digest of its source, so the
same source on the same machine gives the same file.
"""

import hashlib
import os
import sys
import tempfile
import tomllib
from pathlib import Path

import jupytext
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

HERE = Path(__file__).parent
LARGEST = 300_000  # bytes of a notebook: GitHub shows it, and git can carry it
SECONDS = 300  # of a cell
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python"},
}
# TensorFlow's log goes to the terminal, below the kernel's streams.
QUIET = ["--IPKernelApp.capture_fd_output=False"]


def sources(names: list[str] | None = None) -> list[Path]:
    """Returns the notebooks' sources, those that begin with one of the names."""
    found = sorted(HERE.glob("[0-9][0-9]_*.py"))
    if not names:
        return found
    chosen = [path for path in found if path.stem.startswith(tuple(names))]
    for name in names:
        if not any(path.stem.startswith(name) for path in found):
            known = ", ".join(path.stem for path in found)
            sys.exit(f"there is no notebook '{name}'. There are: {known}.")
    return chosen


def project() -> dict:
    """Returns the project's name, version and addresses."""
    text = (HERE.parent / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]


def beginning(source: Path, project: dict) -> list[nbformat.NotebookNode]:
    """Returns the cells for who has nothing installed: a button, and the installation.

    There are none while the repository has no public address.
    """
    address = project.get("urls", {}).get("Repository", "")
    if not address:
        return []
    tag = f"v{project['version']}"
    host, _, name = address.partition("github.com/")
    cells = []
    if host == "https://":
        colab = "https://colab.research.google.com"
        place = f"{colab}/github/{name}/blob/{tag}/notebooks/{source.stem}.ipynb"
        button = f"[![Open in Colab]({colab}/assets/colab-badge.svg)]({place})"
        cells.append(nbformat.v4.new_markdown_cell(button))
    install = (
        "from importlib.util import find_spec\n\n"
        'if find_spec("recipes") is None:\n'
        f'    %pip install -q "{project["name"]} @ git+{address}@{tag}"'
    )
    return [*cells, nbformat.v4.new_code_cell(install)]


def digest(source: Path) -> str:
    """Returns the SHA-256 of a source, the same for any line ends."""
    return hashlib.sha256(source.read_text(encoding="utf-8").encode()).hexdigest()


def read(source: Path) -> nbformat.NotebookNode:
    """Returns a source as a notebook without outputs."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.cells = beginning(source, project()) + notebook.cells
    for number, cell in enumerate(notebook.cells):
        mark = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        cell.id, cell.metadata = f"{number:02d}-{mark}", nbformat.NotebookNode()
    notebook.metadata = nbformat.from_dict(
        {**METADATA, "source": {"path": source.name, "sha256": digest(source)}}
    )
    return notebook


def run(notebook: nbformat.NotebookNode, folder: str) -> None:
    """Executes a notebook in a folder, with a kernel that is gone afterwards."""
    manager = AsyncKernelManager(
        kernel_name="python3", transport="ipc", ip=os.path.join(folder, "kernel")
    )
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=SECONDS,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=QUIET,
        resources={"metadata": {"path": folder}},
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    client.execute(env=environment, cleanup_kc=True)


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """Returns what a reader should not see: errors, warnings, an oversized file."""
    wrong = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                wrong.append(f"{cell.id}: {output.ename}: {output.evalue}")
            elif output.get("name") == "stderr":
                wrong.append(f"{cell.id}: on standard error: {output.text.strip()}")
    size = len(nbformat.writes(notebook).encode())
    if size > LARGEST:
        wrong.append(f"it has {size:,} bytes; {LARGEST:,} are allowed.")
    return wrong


def main(names: list[str]) -> int:
    """Executes the notebooks and writes them beside their sources."""
    failed = 0
    for source in sources(names):
        notebook = read(source)
        with tempfile.TemporaryDirectory() as folder:
            run(notebook, folder)
        wrong = faults(notebook)
        for line in wrong:
            print(f"{source.name}: {line}", file=sys.stderr)
        if wrong:
            failed += 1
            continue
        text = nbformat.writes(notebook) + "\n"
        source.with_suffix(".ipynb").write_text(text, encoding="utf-8")
        print(f"{source.stem}: {len(text) / 1000:.0f} kB")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
