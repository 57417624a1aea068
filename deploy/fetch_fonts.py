"""Fetch the two typefaces from npm and cut them down to what our pages use.

    python deploy/fetch_fonts.py [--force]

Writes two woff2 files and `fonts.css` into saas/static/font/, a folder git ignores. Run by `make setup`.
Without npm, or without a network, it says so in one line and leaves with 0: the fallback faces of
app.css have the same measures, so nothing breaks and nothing moves.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "saas" / "static" / "font"
PACKAGES = ("@fontsource-variable/newsreader@5", "@fontsource-variable/figtree@5")
TOOLS = ("brotli", "fonttools")  # from the dev lock, by hash

# Latin-1, the dashes, quotes, bullet, ellipsis, euro and arrows that our texts use, and the narrow
# space that times are written with in American English.
CHARACTERS = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x100),
    *(0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x202F),
    *(0x20AC, 0x2190, 0x2192, 0x2212),
]
FEATURES = ["kern", "liga", "mark", "ccmp", "lnum", "tnum", "pnum"]

# file name: package and file, axes (a number pins one, a pair bounds it), family, weight
FACES: dict[str, tuple[str, dict[str, float | tuple[float, float]], str, str]] = {
    "newsreader-display.woff2": (
        "newsreader/files/newsreader-latin-opsz-normal.woff2",
        {"opsz": 44, "wght": 400},
        "Newsreader Display",
        "400",
    ),
    "figtree.woff2": (
        "figtree/files/figtree-latin-wght-normal.woff2",
        {"wght": (400, 700)},
        "Figtree",
        "400 700",
    ),
}


class NoFonts(Exception):
    """The fonts cannot be had here; the message says why."""


def _run(what: str, *command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoFonts(f"{what} did not work") from error


def _npm(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise NoFonts("npm is not installed")
    options = ("--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund")
    _run("npm install", npm, "install", *options, "--prefix", str(folder), *PACKAGES)
    return folder / "node_modules" / "@fontsource-variable"


def _locked(name: str) -> str:
    """The lines of one package, with its hashes, out of the development lock."""
    lines = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith(f"{name}==")), None)
    if start is None:
        raise NoFonts(f"requirements-dev.lock does not name {name}")
    end = start
    while lines[end].endswith("\\"):
        end += 1
    return "\n".join(lines[start : end + 1])


def _tools(folder: Path) -> None:
    """Make fontTools and brotli importable: they are development tools, so fetch them aside if they are not here."""
    if importlib.util.find_spec("fontTools") and importlib.util.find_spec("brotli"):
        return
    wanted = folder / "tools.txt"
    wanted.write_text("\n".join(_locked(name) for name in TOOLS), encoding="utf-8")
    place = folder / "tools"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run("pip install of the font tools", *pip, "--require-hashes", "--target", str(place), "-r", str(wanted))
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()


def _cut(source: Path, axes: dict[str, float | tuple[float, float]], out: Path, work: Path) -> None:
    """Keep our characters, pin or bound the axes, write woff2."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    options = subset.Options()
    options.layout_features = FEATURES
    options.hinting = False
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=CHARACTERS)
    font = TTFont(source)
    cutter.subset(font)
    between = work / "subset.ttf"
    font.save(between)
    cut = instancer.instantiateVariableFont(TTFont(between), axes)
    cut.flavor = "woff2"
    cut.save(out)


def _face(name: str, file: Path, family: str, weight: str) -> str:
    # The same ?v= as asset() writes for the preload: one address, one download.
    version = hashlib.sha256(file.read_bytes()).hexdigest()[:10]
    return (
        f'@font-face{{font-family:"{family}";src:url({name}?v={version}) format("woff2");'
        f"font-weight:{weight};font-display:swap}}\n"
    )


def fetch() -> list[Path]:
    """Make the font folder anew; the files made. `NoFonts` when something is missing, and then nothing changed."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        source = _npm(work)
        _tools(work)
        made = work / "font"
        made.mkdir()
        rules = []
        for file, (path, axes, family, weight) in FACES.items():
            _cut(source / path, axes, made / file, work)
            rules.append(_face(file, made / file, family, weight))
            family_folder = path.split("/", maxsplit=1)[0]
            shutil.copy(source / family_folder / "LICENSE", made / f"{family_folder}-OFL.txt")
        (made / "fonts.css").write_text("".join(rules), encoding="utf-8")
        TARGET.mkdir(parents=True, exist_ok=True)
        # fonts.css last: it is what tells the application that there are fonts.
        for path_made in sorted(made.iterdir(), key=lambda p: p.name == "fonts.css"):
            fresh = TARGET / f".{path_made.name}.{os.getpid()}"
            shutil.copy(path_made, fresh)
            fresh.replace(TARGET / path_made.name)
    return sorted(TARGET.iterdir())


def main(arguments: list[str]) -> int:
    """Fetch unless they are there; always 0, because pages work without."""
    if (TARGET / "fonts.css").is_file() and "--force" not in arguments:
        return 0
    try:
        made = fetch()
    except NoFonts as reason:
        print(f"fonts: {reason}; the system's own faces will serve")
        return 0
    sizes = ", ".join(f"{p.name} {p.stat().st_size / 1024:.1f} KiB" for p in made)
    print(f"fonts: {sizes}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
