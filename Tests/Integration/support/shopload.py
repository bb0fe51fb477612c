"""The load generator, as a process."""

import json
import os
import subprocess

from .server import find_binary
from .tokens import SECRET


COUNTS = ("lost", "duplicated", "outOfOrder", "foreign", "corruptFrames", "cutFrames")


def faults_of(counters):
    return {name: counters[name] for name in COUNTS if counters[name]}


def run(folder, url, scenario, *arguments, timeout=90, status=None, **options):
    """Runs `shopload run`; `options` become `--name value`. Returns the report and what was printed.

    It has to exit with `status`; by default with 2 when the report has faults, else with 0.
    """
    path = folder / "report.json"
    command = [str(find_binary("shopload")), "run", scenario, "--url", url, "--secret", SECRET, "--report", str(path)]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    done = subprocess.run(
        [*command, *arguments], env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=timeout,
    )  # fmt: skip
    assert path.exists(), done.stdout + done.stderr
    report = json.loads(path.read_text())["report"]
    if status is None:
        status = 2 if faults_of(report["counters"]).keys() - {"cutFrames"} else 0
    assert done.returncode == status, done.stdout + done.stderr
    return report, done.stdout


def members(scenario, **options):
    """The members that a scenario needs, as (shop, user, role)."""
    command = [str(find_binary("shopload")), "members", scenario]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return [tuple(line.split(",")) for line in done.stdout.splitlines()]
