"""Medians, spreads, paired ratios; the table as text and as markdown."""

import statistics

import _peer_works as works
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

NAMES = {
    "ours": "ours",
    "keras": "Keras fit",
    "torch": "PyTorch",
    "torch_float32": "PyTorch",
    "jax": "JAX",
    "notes": "PyTorch",
}
COLUMNS = (
    "", "median", "min–max", "ours/it", "min–max", "goal ≤", "start", "MB",
)  # fmt: skip
LEGEND = (
    "Times: median over rounds, contenders taking turns; ours/it: median of the "
    "ratios within a round. A total is the sum of all rounds, and its ratio that of "
    "sums. start: seconds that the "
    "first round took longer, which is mostly compilation. MB: peak resident memory "
    "of the process."
)


def summarize(work: works.Work, children: dict) -> dict:
    """One row's numbers as plain data.

    Args:
        work: The row.
        children: Contender to anything with `problem`, `ready` and `rounds`, as
            `Child` has.
    """
    cells = {name: _cell(work, child) for name, child in children.items()}
    ours = cells.get("ours", {}).get("seconds", [])
    for name, cell in cells.items():
        theirs = cell.get("seconds", [])
        paired = [a / b for a, b in zip(ours, theirs, strict=False)]
        if name == "ours" or not paired:
            continue
        ratio = statistics.median(paired)
        if work.unit == "total":
            ratio = sum(ours[: len(paired)]) / sum(theirs[: len(paired)])
        cell["ratio"], cell["ratios"] = ratio, paired
        cell["memory_ratio"] = cells["ours"]["peak"] / cell["peak"]
        if name in work.goals:
            cell["goal"] = work.goals[name]
            cell["met"] = ratio <= work.goals[name]
    row = {"name": work.name, "label": work.label, "what": f"{work.what}; {work.size}"}
    row |= {"unit": work.unit, "contenders": cells}
    if "memory_ratio" in cells.get("keras", {}):
        row["memory_met"] = cells["keras"]["memory_ratio"] <= works.MEMORY_GOAL
    counts = {
        name: cell["parameters"] for name, cell in cells.items() if "parameters" in cell
    }
    if len(set(counts.values())) > 1:
        row["problem"] = f"not the same network: parameters {counts}"
    return row


def _cell(work: works.Work, child) -> dict:
    rounds, first = child.rounds, child.ready.get("first")
    cell = {"problem": child.problem, **child.ready}
    if not rounds:
        return cell
    about = {"parameters", "detail"} & rounds[-1].keys()
    cell |= {key: rounds[-1][key] for key in about}
    cell["seconds"] = [told["seconds"] / work.parts for told in rounds]
    cell["losses"] = [told["loss"] for told in rounds]
    cell["peak"] = max(told["peak"] for told in rounds)
    passes = [told["seconds"] for told in rounds]
    if first is None:  # the first round was the first pass
        first, *passes = passes
    if passes:
        cell["start"] = first - statistics.median(passes)
    return cell


def ratios(row: dict) -> dict[str, float]:
    """Ours over each contender that has a time."""
    cells = row["contenders"].items()
    return {name: cell["ratio"] for name, cell in cells if "ratio" in cell}


def lines(row: dict) -> list[tuple[str, ...]]:
    """The row as lines of cells: its title, then one line a contender."""
    scale, unit = (1e3, "ms") if row["unit"] == "step" else (1.0, "s")
    empty = [""] * (len(COLUMNS) - 2)
    made = [(f"{row['label']} ({unit})", "", *empty)]
    for name in works.CONTENDERS:
        cell = row["contenders"].get(name)
        if cell is None:
            if name not in works.EXTRA and row["unit"] != "total":
                made.append((NAMES[name], "-", *empty))
            continue
        title = f"{NAMES[name]} {cell.get('detail', '')}".rstrip()
        if "seconds" not in cell:
            made.append((title, cell["problem"].partition(":")[0] or "-", *empty))
            continue
        times = [seconds * scale for seconds in cell["seconds"]]
        whole = row["unit"] == "total"
        goal = ""
        if "goal" in cell:
            goal = f"{cell['goal']:.2f} {'met' if cell['met'] else 'missed'}"
        made.append(
            (
                title,
                _number(sum(times) if whole else statistics.median(times)),
                _span(times, _number),
                f"{cell['ratio']:.2f}" if "ratio" in cell else "",
                _span(cell.get("ratios", ()), "{:.2f}".format),
                goal,
                f"{cell['start']:.1f}" if "start" in cell else "",
                f"{cell['peak'] / 2**20:.0f}",
            )
        )
    return made


def _number(value: float) -> str:
    digits = next((d for d in (3, 2, 1) if value < 10 ** (3 - d)), 0)
    return f"{value:.{digits}f}"


def _span(values, words) -> str:
    return f"{words(min(values))}–{words(max(values))}" if values else ""


def text(rows: list[dict]) -> Table:
    """The table for a terminal of 80 columns or more."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for index, column in enumerate(COLUMNS):
        table.add_column(
            column,
            justify="right" if index else "left",
            overflow="fold",
            no_wrap=bool(index),
        )
    for row in rows:
        title, *rest = lines(row)
        table.add_row(Text(title[0], "bold"), *title[1:])
        for cells in rest:
            name = Padding(Text(cells[0]), (0, 0, 0, 2))
            table.add_row(name, *(Text(cell) for cell in cells[1:]))
    return table


def notes(rows: list[dict], machine: dict) -> list[str]:
    """Everything below the table, a paragraph each."""
    told = [f"{row['label']}: {row['what']}." for row in rows]
    told.append(LEGEND)
    memory = [
        f"{row['label'].split()[0]} {cell['memory_ratio']:.2f}"
        for row in rows
        if "memory_ratio" in (cell := row["contenders"].get("keras", {}))
    ]
    if memory:
        met = all(row.get("memory_met", True) for row in rows)
        told.append(
            f"Peak memory of ours over Keras's: {', '.join(memory)}; "
            f"goal ≤ {works.MEMORY_GOAL}: {'met' if met else 'missed'}."
        )
    told += [_problem(row, name) for row in rows for name in row["contenders"]]
    told += [f"{row['label']}: {row['problem']}" for row in rows if row.get("problem")]
    told = [paragraph for paragraph in told if paragraph]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    told.append(f"{machine['cpu']}, {machine['cores']} cores; {versions}.")
    if machine["busy"]:
        told.append(f"Don't trust these times: {machine['busy']}")
    return told


def _problem(row: dict, name: str) -> str:
    cell = row["contenders"][name]
    if cell["problem"] in ("", "-"):
        return ""
    done = len(cell.get("seconds", ()))
    after = f" after {done} rounds" if done else ""
    return f"{row['label']}, {NAMES[name]} {cell['problem']}{after}"


def markdown(rows: list[dict], machine: dict) -> str:
    """Table and notes as a page."""
    page = ["# Training speed against peers", "", machine["date"], ""]
    page += [_line(COLUMNS), _line(["---", *["---:"] * (len(COLUMNS) - 1)])]
    for row in rows:
        title, *rest = lines(row)
        page.append(_line([f"**{title[0]}**", *title[1:]]))
        page += [_line(cells) for cells in rest]
    page += ["", *(f"{paragraph}\n" for paragraph in notes(rows, machine))]
    return "\n".join(page)


def _line(cells) -> str:
    return "| " + " | ".join(cell.strip().replace("|", "\\|") for cell in cells) + " |"
