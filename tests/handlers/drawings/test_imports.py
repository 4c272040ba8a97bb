"""The bot starts small: what only drawings need is loaded by the first drawing."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
MODULES = [f"handlers.drawings.{path.stem}" for path in (ROOT / "handlers/drawings").glob("[!_]*.py")]
HEAVY = {"PIL", "fontTools", "fpdf", "matplotlib", "numpy", "pypdfium2", "resvg_py", "segno"}
# The package above stands empty here: it would load every handler, which takes seconds.
PROGRAM = """
import sys, types
sys.modules["handlers"] = above = types.ModuleType("handlers")
above.__path__ = ["handlers"]
for module in sys.argv[1:]:
    __import__(module)
print(*sys.modules)
"""


def test_importing_drawings_loads_nothing_heavy() -> None:
    assert len(MODULES) > 4
    command = [sys.executable, "-c", PROGRAM, *MODULES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert set(MODULES) <= loaded
    assert loaded & HEAVY == set()
