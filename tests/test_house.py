"""Habits of the house that no linter checks."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("matcher", "embeddings", "service", "tests")


def _tracked() -> list[Path]:
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):  # a copy without its history: every file that is ours
        return [p for part in (*OURS, "data", ".ci") for p in (ROOT / part).rglob("*") if p.is_file()]
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


def _texts() -> list[tuple[Path, str]]:
    found = []
    for path in _tracked():
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_python_file_is_longer_than_400_lines() -> None:
    long = {str(p.relative_to(ROOT)): t.count("\n") for p, t in _texts() if p.suffix == ".py" and t.count("\n") > 400}
    assert not long, "each probably holds two ideas"


def test_half_of_our_modules_are_shorter_than_150_lines() -> None:
    lengths = sorted(
        t.count("\n") for p, t in _texts() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in OURS[:3]
    )
    assert lengths[len(lengths) // 2] < 150


def test_nothing_names_a_place_on_one_machine() -> None:
    """A home, a checkout or a package registry of whoever wrote it works for nobody else."""
    home = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/[\w.]")
    registry = re.compile(
        r"\b(?:py" + r"pi\.org|python" + r"hosted\.org|registry\.npm" + r"js\.org|deb\.deb" + r"ian\.org)"
    )
    found = [f"{p.relative_to(ROOT)}: {m[0]}" for p, t in _texts() for m in [home.search(t) or registry.search(t)] if m]
    assert not found


def test_no_file_is_larger_than_a_megabyte_and_a_half() -> None:
    assert not [str(path.relative_to(ROOT)) for path in _tracked() if path.stat().st_size > 1_500_000]


def test_the_light_parts_stay_light_when_they_are_imported() -> None:
    """Deciding and searching never load a model, a server or a database."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for part in ("matcher", "embeddings")
        for path in sorted((ROOT / part).rglob("*.py"))
    ]
    heavy = {"torch", "sentence_transformers", "transformers", "fastapi", "sqlalchemy", "pandas"}
    code = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "soak", "serve", "clean"])
def test_make_knows_the_target(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_ci_runs_the_same_command_as_a_person() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text(encoding="utf-8").rstrip().endswith("make test")


def _bare_machine(folder: Path, uid: int) -> dict[str, str]:
    """Programs of a machine that has neither make nor Python nor a browser; apt-get notes what it is asked for."""
    stubs = {
        "id": f"echo {uid}",
        "apt-get": f'echo "apt-get $*" >> {folder}/said; ln -sf {folder}/later {folder}/make',
        "later": f'echo "make $* CI=$CI" >> {folder}/said',
    }
    for name, line in stubs.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    for name in ("bash", "env", "sh", "dirname", "ln"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return {"PATH": str(folder)}


def test_ci_on_a_bare_machine_installs_what_it_lacks_then_makes_the_test(tmp_path: Path) -> None:
    machine = _bare_machine(tmp_path, uid=0)
    subprocess.run([str(ROOT / ".ci" / "run")], env=machine, check=True)
    said = (tmp_path / "said").read_text().splitlines()
    assert said[0] == "apt-get update -qq"
    assert said[1].startswith("apt-get install -y -qq --no-install-recommends make python3 python3-venv curl chromium")
    assert said[2:] == ["make test CI=true"]


def test_ci_as_an_ordinary_user_says_what_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(ROOT / ".ci" / "run")], env=_bare_machine(tmp_path, uid=1000), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "apt-get install make python3 python3-venv curl chromium" in done.stderr
    assert not (tmp_path / "said").exists()


def _verdict(metadata: dict[str, object], platform: str = "linux", accepted: str = "") -> str:
    from runpy import run_path

    return str(run_path(str(ROOT / ".ci" / "choose_torch.py"))["verdict"](metadata, platform, accepted))


CUDA: dict[str, object] = {
    "version": "2.13.0",
    "requires_dist": ["numpy", "nvidia-cudnn-cu13==9.1; platform_system == 'Linux'"],
}


def test_a_build_for_graphics_cards_stops_make_with_the_choice_explained() -> None:
    with pytest.raises(SystemExit, match=r"(?s)nvidia-cudnn-cu13.*\+cpu.*make TORCH=any"):
        _verdict(CUDA)


@pytest.mark.parametrize(
    ("metadata", "platform", "accepted", "said"),
    [
        (CUDA, "linux", "any", "CUDA build, accepted"),
        (CUDA, "darwin", "", "processor build"),
        ({**CUDA, "version": "2.13.0+cpu"}, "linux", "", "processor build"),
        ({"version": "already installed"}, "linux", "", "already installed"),
    ],
)
def test_any_other_build_is_said_in_a_line(
    metadata: dict[str, object], platform: str, accepted: str, said: str
) -> None:
    assert said in _verdict(metadata, platform, accepted)


def test_each_requirement_is_pinned_to_a_version_it_allows() -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    pinned = {
        canonicalize_name(name): version
        for name, _, version in (
            line.strip().partition("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        )
        if version
    }
    for line in lines:
        requirement = Requirement(line)
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in constraints.txt: run make constraints"
        assert requirement.specifier.contains(version, prereleases=True), line
    assert not [version for version in pinned.values() if "+" in version], "a local version can be had nowhere else"


def _imported(folder: str) -> dict[str, str]:
    """Return top-level packages imported anywhere below a folder, with one file that does."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found.update({name.partition(".")[0]: str(path.relative_to(ROOT)) for name in names})
    return found


@pytest.mark.parametrize("folder", ["matcher", "embeddings", "service", "tests"])
def test_what_is_imported_is_asked_for_by_name(folder: str) -> None:
    """A library that comes along with another one is gone when that one drops it."""
    from importlib.metadata import packages_distributions

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [
        *project["dependencies"],
        *extras["postgres"],
        *extras["exact"],
        *(extras["dev"] if folder == "tests" else []),
    ]
    asked = {canonicalize_name(Requirement(line).name) for line in lines}
    known = packages_distributions()
    strangers = {
        name: path
        for name, path in _imported(folder).items()
        if name not in {*sys.stdlib_module_names, *OURS}
        and not {canonicalize_name(distribution) for distribution in known.get(name, [name])} & asked
    }
    assert not strangers


def test_a_wheel_carries_its_reference_data_the_schemas_and_the_sample(tmp_path: Path) -> None:
    import zipfile

    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    for folder in ("reference", "sample", "schema"):
        expected = {path.name for path in (ROOT / "data" / folder).iterdir() if path.is_file()}
        carried = {Path(name).name for name in names if name.startswith(f"service/_data/{folder}/")}
        assert expected
        assert expected <= carried
    assert "service/cli.py" in names
    assert not [name for name in names if name.startswith(("tests/", "notebooks/"))]
