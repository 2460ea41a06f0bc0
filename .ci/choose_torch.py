"""Say which build of torch pip would install, and stop before gigabytes of CUDA libraries come down unasked.

Asks pip with a dry run that follows no dependencies, so it reads torch's own metadata and downloads nothing large.
Runs before anything is installed: it uses the standard library alone.
"""

import json
import os
import re
import subprocess
import sys
from typing import Any

EXPLANATION = """
pip would install torch {version}, the build for NVIDIA graphics cards: several gigabytes of extra libraries
({libraries}). This project runs well on a processor alone. Choose one:

  1. a processor-only build: put a torch wheel whose version ends in +cpu where pip looks for packages
     (its find-links or extra-index-url setting; pytorch.org explains where such wheels are), then run make again;
  2. accept the large build:  make TORCH=any <target>
"""


def chosen() -> dict[str, Any]:
    """Return the metadata of the torch that pip would install; none if one that fits is installed."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--report", "-"]
    command += ["--constraint", "constraints.txt", "torch"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit(f"pip could not look for torch:\n{answer.stderr.strip()}")
    found = json.loads(answer.stdout)["install"]
    return dict(found[0]["metadata"]) if found else {"version": "already installed"}


def verdict(torch: dict[str, Any], platform: str, accepted: str) -> str:
    """Return one line about the build; leaves with the explanation if it is a large one that nobody accepted."""
    wanted = (re.split(r"[^\w.-]", line)[0] for line in torch.get("requires_dist") or [])
    cuda = sorted({name for name in wanted if name.startswith(("nvidia-", "cuda-"))})
    if not cuda or platform != "linux" or "+cpu" in torch["version"]:
        return f"torch {torch['version']}: processor build"
    if accepted != "any":
        sys.exit(EXPLANATION.format(version=torch["version"], libraries=", ".join(cuda[:3]) + ", ..."))
    return f"torch {torch['version']}: CUDA build, accepted"


if __name__ == "__main__":
    print(verdict(chosen(), sys.platform, os.environ.get("TORCH", "")))
