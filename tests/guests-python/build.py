"""Builds the six guests into a folder: python tests/guests-python/build.py OUT"""

import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "sdk" / "python"))

from posthouse_sdk.build import WORLDS, build  # noqa: E402

if len(sys.argv) != 2:
    sys.exit("usage: python build.py OUT")
for world in WORLDS:
    out = Path(sys.argv[1]) / f"{world}.wasm"
    began = time.monotonic()
    asks = build(world, f"{world}:Guest", str(out), str(HERE))
    seconds = time.monotonic() - began
    print(f"{world}: {out.stat().st_size} bytes in {seconds:.1f} s, asks for {', '.join(asks) or 'nothing'}", flush=True)
