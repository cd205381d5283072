"""How long every page of the site takes to open on a phone-sized screen, from disk.

Run: make docs && python benchmarks/pages.py
     (--site DIR; --width PIXELS; --rounds N; --most SECONDS; --only WORD)

Headless Chromium opens each page in a fresh tab. A page's time is from the start of the
navigation to the end of its `load` event: HTML, styles, scripts and every figure that
is not left for later. Other load on the machine only adds to it, so a page that was
above half of `--most` is opened again, up to `--rounds` times in turn with the others
like it, and its fastest time counts. The command fails if a page needs more.
"""

import argparse
import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def times(browser, page: Path, width: int) -> tuple[float, float]:
    """Returns the seconds to the first paint and to the end of loading."""
    view = browser.new_page(viewport={"width": width, "height": 844})
    view.goto(page.as_uri(), wait_until="load")
    view.wait_for_function(f"{LOADED} > 0")
    painted, loaded = (view.evaluate(what) / 1000 for what in (PAINTED, LOADED))
    view.close()
    return painted, loaded


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    place = Path(__file__).parents[1] / "docs" / "_build"
    parser.add_argument("--site", type=Path, default=place)
    parser.add_argument("--width", type=int, default=390)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=float, default=1.0)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("there is no Chromium on this machine.")
    pages = sorted(p for p in given.site.rglob("*.html") if given.only in str(p))
    if not pages:
        sys.exit(f"there is no page in {given.site}: run `make docs` first.")
    found: dict[Path, tuple[float, float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        times(browser, pages[0], given.width)  # the browser itself wakes up
        for _ in range(given.rounds):
            for page in pages:
                painted, loaded = times(browser, page, given.width)
                before = found.get(page, (painted, loaded))
                found[page] = min(before[0], painted), min(before[1], loaded)
            pages = [page for page in pages if found[page][1] > given.most / 2]
        browser.close()
    rows = sorted(((*best, page) for page, best in found.items()), key=lambda r: -r[1])
    slow = [row for row in rows if row[1] > given.most]
    print(f"{'painted':>8}{'loaded':>8}  seconds, the slowest pages first")
    for painted, loaded, page in rows[: max(15, len(slow))]:
        print(f"{painted:8.2f}{loaded:8.2f}  {page.relative_to(given.site)}")
    middle = statistics.median(row[1] for row in rows)
    print(f"{len(rows)} pages at {given.width} px: median {middle:.2f} s, slowest "
          f"{rows[0][1]:.2f} s, above {given.most:g} s: {len(slow)}")  # fmt: skip
    return int(bool(slow))


if __name__ == "__main__":
    sys.exit(main())
