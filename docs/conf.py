"""Sphinx: the site. `make docs` builds it; nothing is fetched, no notebook is run."""

import inspect
import re
import shutil
import sys
import tomllib
from pathlib import Path

from recipes.lab.training import quiet

sys.dont_write_bytecode = True
quiet.load_backend()

from recipes.lab.reporting import site  # noqa: E402

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]
# Where the repository's files can be read. Empty: links lead to the site's own copy.
REPOSITORY = PROJECT.get("urls", {}).get("Repository", "")
if REPOSITORY:
    REPOSITORY += f"/blob/v{PROJECT['version']}"

project = "Proving Ground"
author = "The Proving Ground authors"
project_copyright = "The Proving Ground authors, Apache-2.0"
release = version = PROJECT["version"]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "jupyter_execute", "verdicts.md"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
default_role = "code"
nitpicky = True
nitpick_ignore_regex = [
    # Other packages: their inventories can't be fetched where the site is built.
    ("py:.*", r"(collections\.abc|numpy|np|keras|matplotlib|os|pathlib|types)\..*"),
    ("py:.*", r"(Dataset|callbacks\.gradient_norms\.table\.NormTable)"),
    ("py:class", r".+ .+"),  # "Plain data: ..." under Returns is prose, no type
]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_ipywidgets_js = {}

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [
    ("Logged keys", "params_style"),
    ("Shapes", "notes_style"),
    ("Cost", "notes_style"),
]

html_theme = "furo"
html_title = "Proving Ground"
html_static_path = [
    "_static",
    "../recipes/lab/reporting/templates/style.css",
    "../recipes/lab/reporting/templates/filter.css",
    "../recipes/lab/reporting/templates/filter.js",
]
html_css_files = ["style.css", "filter.css", "site.css"]
html_js_files = [
    ("filter.js", {"defer": "defer"}),
    ("accessible.js", {"defer": "defer"}),
]
html_show_search_summary = False  # it fetches pages, which a browser forbids from disk
html_show_sphinx = False
html_copy_source = False
html_math_renderer = "mathml"


def plain_docstring(app, what, name, obj, options, lines):
    """Docstrings are plain text: * and | outside of code mean themselves."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(`[^`]*`)", line)
            lines[number] = "".join(
                part
                if part.startswith("`")
                else re.sub(r"(?<!\\)([*|])", r"\\\1", part)
                for part in parts
            )


def own_signature(app, what, name, obj, options, signature, returns):
    """A subclass of `keras.Model` shows its own arguments, not those of `__new__`."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    found = inspect.signature(obj.__init__)
    parameters = [
        one.replace(annotation=one.empty) for one in found.parameters.values()
    ]
    shown = found.replace(parameters=parameters[1:], return_annotation=found.empty)
    return str(shown), returns


def public_name(app, env, node, contnode):
    """A name inside Keras is shown without a link."""
    return contnode if node["reftarget"].startswith("keras.") else None


def own_pages(app, docname, source):
    """Links that are right on GitHub lead to the site's own pages.

    Those to the page of verdicts to a claim's card, those to a notebook, which lies
    beside docs/, to its page.
    """
    text = re.sub(r"\]\((?:docs/)?verdicts\.md#", "](#", source[0])
    source[0] = re.sub(r"\]\(((?:\.\./)*)\.\./(notebooks/\w+\.ipynb)", r"](\1\2", text)


def mathml(translator, node, display):
    """Writes a formula as MathML, which browsers draw without a script."""
    from docutils import nodes
    from latex2mathml.converter import convert

    translator.body.append(convert(node.astext(), display=display))
    raise nodes.SkipNode


def write_pages(app):
    """Makes the pages of claims, and brings notebooks beside the pages."""
    site.write_pages(HERE, REPOSITORY)
    place = HERE / "notebooks"
    place.mkdir(exist_ok=True)
    shown = sorted((HERE.parent / "notebooks").glob("*.ipynb"))
    for path in shown:
        shutil.copy2(path, place)
    for path in place.glob("*.ipynb"):
        if path.name not in {one.name for one in shown}:
            path.unlink()


def setup(app):
    """Connects what stands above."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", own_pages)
    app.connect("autodoc-process-docstring", plain_docstring, priority=400)
    app.connect("autodoc-process-signature", own_signature)
    app.connect("missing-reference", public_name)
    app.add_html_math_renderer(
        "mathml",
        (lambda translator, node: mathml(translator, node, "inline"), None),
        (lambda translator, node: mathml(translator, node, "block"), None),
    )
