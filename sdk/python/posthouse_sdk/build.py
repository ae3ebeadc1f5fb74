"""Builds a plugin: ``python -m posthouse_sdk.build --world notifier --app plugin:Pager --out plugin.wasm``."""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterable, Optional

from ._guest import WORLDS

#: What a plugin may import.
CAPABILITIES = ("log", "http", "model", "knowledge", "store")
#: Modules of the SDK that use a capability themselves.
_USES = {"notice": "http"}
_HERE = Path(__file__).resolve().parent


def build(world: str, app: str, out: str, path: str = ".", capabilities: Optional[Iterable[str]] = None) -> list[str]:
    """Builds a component and returns the capabilities it asks for.

    ``app``: module and class, ``plugin:Pager``. ``path``: the folder with the plugin's modules. ``capabilities``: those
    that its files import when not given. Raises ValueError or RuntimeError that say what is wrong.
    """
    if world not in WORLDS:
        raise ValueError(f"unknown world `{world}`: one of {', '.join(WORLDS)}")
    module, _, name = app.partition(":")
    if not name:
        raise ValueError(f"--app must name a module and a class, like `plugin:Pager`: {app}")
    asked = sorted(set(capabilities), key=CAPABILITIES.index) if capabilities is not None else used(path, module)
    with tempfile.TemporaryDirectory(prefix="posthouse-") as folder:
        _narrow(Path(folder) / "wit", WORLDS[world][1], asked)
        modules = Path(folder) / "app"
        modules.mkdir()
        # Not the builder and the tests' half: only what runs in a plugin.
        shutil.copytree(_HERE, modules / "posthouse_sdk", ignore=shutil.ignore_patterns(
            "wit", "build.py", "testing.py", "_fake.py", "__pycache__", "py.typed"
        ))  # fmt: skip
        exported = WORLDS[world][1].capitalize()
        (modules / "posthouse_exported.py").write_text(
            f"from {module} import {name} as Plugin\n"
            f"from posthouse_sdk._guest import exported\n\n"
            f"{exported} = exported({world!r}, Plugin)\n"
        )
        _componentize(Path(folder) / "wit", [modules, Path(path).resolve()], Path(out).resolve())
    return asked


def used(path: str, module: str) -> list[str]:
    """The capabilities that a module imports, and the modules beside it that it imports."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = _file_of(Path(path), name)
        if name in seen or file is None:
            continue
        seen.add(name)
        for imported in _imports(ast.parse(file.read_text(encoding="utf-8")), name):
            if imported.startswith("posthouse_sdk."):
                part = imported.split(".")[1]
                found.add(_USES.get(part, part))
            else:
                waiting.append(imported)
    return [name for name in CAPABILITIES if name in found]


def _file_of(path: Path, module: str) -> Optional[Path]:
    base = path.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def _imports(tree: ast.AST, module: str) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            base = ".".join(package + ([node.module] if node.module else []))
            if base:
                yield base
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)


def _narrow(folder: Path, exported: str, capabilities: Iterable[str]) -> None:
    """The WIT with a world that imports only these capabilities."""
    folder.mkdir()
    for file in (_HERE / "wit").glob("*.wit"):
        if file.name != "worlds.wit":
            shutil.copy(file, folder)
    imports = "".join(f"  import {name};\n" for name in capabilities)
    (folder / "worlds.wit").write_text(f"world built {{\n{imports}  export {exported};\n}}\n")


def _componentize(wit: Path, paths: list[Path], out: Path) -> None:
    tool = shutil.which("componentize-py", path=os.path.dirname(sys.executable)) or shutil.which("componentize-py")
    if tool is None:
        raise RuntimeError("componentize-py is missing: pip install 'posthouse-sdk[build]'")
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [tool, "-q", "-d", str(wit), "-w", "built", "componentize", "--stub-wasi"]
    for path in paths:
        command += ["-p", str(path)]
    # The virtual environment's packages are for building and testing; what a plugin needs lies beside it.
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run(
        [*command, "posthouse_exported", "-o", str(out)], env=environment, cwd=wit.parent, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or "componentize-py failed")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m posthouse_sdk.build", description="Builds a plugin.")
    parser.add_argument("--world", required=True, choices=list(WORLDS))
    parser.add_argument("--app", required=True, help="module and class: plugin:Pager")
    parser.add_argument("--out", required=True, help="where the component goes")
    parser.add_argument("--path", default=".", help="the folder with the plugin's modules")
    parser.add_argument("--capabilities", help="comma-separated; default: what the plugin's files import")
    given = parser.parse_args()
    asked = None if given.capabilities is None else [name for name in given.capabilities.split(",") if name]
    began = time.monotonic()
    try:
        asks = build(given.world, given.app, given.out, given.path, asked)
    except (ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    size = Path(given.out).stat().st_size / 1e6
    asks_for = ", ".join(asks) or "nothing"
    print(f"{given.out}: {size:.1f} MB in {time.monotonic() - began:.1f} s; it asks for {asks_for}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
