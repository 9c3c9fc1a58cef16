"""What all measurements share: a description of the machine, a tiny model, and the tables in the README that they fill."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
N_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "amx_bf16", "asimddp", "i8mm")


def describe_machine() -> str:
    """Processor, its wide instructions, cores and load, without which no speed means anything."""
    name, instructions = platform.processor() or platform.machine(), ""
    if (info := Path("/proc/cpuinfo")).exists():
        facts = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
        facts = {key.strip(): value.strip() for key, value in facts.items()}
        name = facts.get("model name", name)
        known = facts.get("flags", facts.get("Features", "")).split()
        instructions = f" ({', '.join(i for i in _INSTRUCTIONS if i in known)})"
    return f"{name}{instructions}, {N_CORES} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"


def replace_table(readme: Path, name: str, script: str, table: str) -> None:
    """Puts a table between the README's markers for it."""
    text = readme.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: {script} -->", f"<!-- end of {name} -->"
    if begin not in text:
        raise SystemExit(f"{readme}: no place for the table; mark one with {begin} and {end}")
    replaced = re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{table}\n{end}", text, flags=re.DOTALL)
    readme.write_text(replaced, encoding="utf-8")


def write_tiny_model(folder: Path) -> Path:
    """The tests' tiny model."""
    code = "import sys; from pathlib import Path; from tiny_model import write_tiny_model; write_tiny_model(Path(sys.argv[1]))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "tests/archive"), *sys.path])}
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=environment)
    return folder
