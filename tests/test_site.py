"""The site and the report: no warning, no dead link, right in a browser."""

import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from recipes.lab import catalog, verdicts

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = (1280, 390)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("sphinx") is None, reason="the extra docs is absent"
)


class Page(HTMLParser):
    """What a page links to, and the places in it that can be linked to."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids |= {found[name] for name in ("id", "name") if found.get(name)}
        for name in ("href", "src"):
            if found.get(name):
                self.links.append(found[name])


@functools.cache
def page(path: Path) -> Page:
    return Page(path)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built from a copy of the docs so that nothing is left in the tree."""
    place = tmp_path_factory.mktemp("site")
    ignored = shutil.ignore_patterns(
        "_build", "claims", "code", "notebooks", "gallery.md"
    )
    for name in ("docs", "recipes", "notebooks", "benchmarks"):
        ignore = ignored if name == "docs" else shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, place / name, ignore=ignore)
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "pyproject.toml"):
        shutil.copy(ROOT / name, place)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    built = place / "docs" / "_build"
    done = subprocess.run(
        [*command, str(place / "docs"), str(built)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return built


def test_no_link_is_dead(site):
    dead = []
    for path in site.rglob("*.html"):
        for link in page(path).links:
            target = urlsplit(link)
            if target.scheme or target.netloc:
                continue
            file = (path.parent / unquote(target.path)) if target.path else path
            if not file.exists() or (
                target.fragment
                and file.suffix == ".html"
                and unquote(target.fragment) not in page(file.resolve()).ids
            ):
                dead.append(f"{path.relative_to(site)}: {link}")
    assert dead == []


def test_a_page_that_the_site_has_is_linked_as_a_page(site):
    """Not as the file that it was made from, which a browser shows as text."""
    for path in site.rglob("*.html"):
        for link in page(path).links:
            target = urlsplit(link)
            assert target.scheme or not target.path.endswith((".ipynb", ".md")), link
    own = page(site / "guides" / "own_recipe.html").links
    assert "../notebooks/09_your_own_claim.html" in own


def test_every_published_claim_has_its_card(site):
    for row in verdicts():
        path = site / "claims" / f"{row['recipe']}.html"
        assert row["id"] in page(path).ids
        assert (
            f"{row['recipe']}.html#{row['id']}"
            in page(site / "claims" / "index.html").links
        )


def test_every_lesson_can_be_read(site):
    for recipe in catalog.recipes().values():
        if any(row["recipe"] == recipe.name for row in verdicts()):
            for lesson in recipe.lessons:
                assert (site / "code" / recipe.name / f"{lesson.name}.html").is_file()


def test_nothing_is_fetched_from_elsewhere(site):
    pattern = re.compile(
        r"""(?:src|href)=["'](?:https?:)?//[^"']+\.(?:js|css|woff2?)"""
    )
    for path in site.rglob("*.html"):
        assert not pattern.search(path.read_text(encoding="utf-8")), path


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM)
        yield running
        running.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """A report over two recipes that train nothing."""
    out = tmp_path_factory.mktemp("report")
    from recipes.lab.cli.main import main

    for name in ("backprop", "momentum"):
        assert main(["run", name, "--smoke", "--out", str(out)]) == 0
    results = list(out.glob("*/*/result.json"))
    for path in results:  # a smoke run is no evidence; here it stands for one
        result = json.loads(path.read_text(encoding="utf-8"))
        result["smoke"] = False
        path.write_text(json.dumps(result), encoding="utf-8")
    assert main(["report", "--out", str(out)]) == 0
    return out / "report.html"


def opened(browser, path: Path, width: int):
    """A page at a width, and everything that its console said."""
    view = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    view.on("console", lambda m: m.type in ("error", "warning") and said.append(m.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    view.on("requestfailed", lambda request: said.append(request.url))
    view.goto(path.as_uri())
    return view, said


PAGES = ("index", "claims/index", "claims/momentum", "gallery", "api/zoo", "errata")


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit_and_say_nothing_on_the_console(site, report, browser, width):
    notebooks = [f"notebooks/{p.stem}" for p in (ROOT / "notebooks").glob("*.ipynb")]
    paths = [site / f"{name}.html" for name in (*PAGES, *notebooks)]
    for path in [*paths, report]:
        view, said = opened(browser, path, width)
        wide = view.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
        broken = view.evaluate(
            "[...document.images].map(i => (i.loading = 'eager', i)) && Promise.all("
            "[...document.images].map(i => i.decode().then(() => null, () => i.src)))"
        )
        assert [source for source in broken if source] == [], path
        assert said == [], path
        view.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_search_and_filter_find_a_claim(site, report, browser, width):
    for path in (site / "claims" / "index.html", report):
        view, _ = opened(browser, path, width)
        visible = "[data-verdict]:not([hidden])"
        everything = view.locator(visible).count()
        view.fill("[data-search]", "momentum-saddle")
        assert 1 <= view.locator(visible).count() < everything
        assert "momentum-saddle" in view.locator(visible).first.text_content()
        view.fill("[data-search]", "")
        assert view.locator(visible).count() == everything
        view.close()
    view, _ = opened(browser, site / "claims" / "index.html", width)
    view.click("button[data-show=supported]")
    kinds = view.eval_on_selector_all(visible, "all => all.map(x => x.dataset.verdict)")
    assert set(kinds) == {"supported"}
    view.close()


def test_the_keyboard_reaches_search_filters_and_commands(report, browser):
    view, _ = opened(browser, report, 1280)
    reached = set()
    for _ in range(40):
        view.keyboard.press("Tab")
        reached.add(view.evaluate(
            "document.activeElement.dataset.search !== undefined ? 'search' : "
            "document.activeElement.dataset.show !== undefined ? 'verdict' : "
            "document.activeElement.tagName"
        ))  # fmt: skip
    assert {"search", "verdict", "SELECT", "SUMMARY", "A"} <= reached
    view.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_and_names_are_accessible(site, report, browser, theme):
    axe = os.environ.get("AXE_JS")
    if not axe:
        pytest.skip("AXE_JS names no axe.min.js")
    for path in (site / "index.html", site / "claims" / "momentum.html", report):
        view = browser.new_page(color_scheme=theme)
        view.goto(path.as_uri())
        view.evaluate(
            f"document.body.dataset.theme && (document.body.dataset.theme = '{theme}')"
        )
        view.add_script_tag(path=axe)
        found = view.evaluate(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa'], preload: false})"
        )["violations"]
        seen = [(one["id"], one["nodes"][0]["html"]) for one in found]
        assert seen == [], path
        view.close()
