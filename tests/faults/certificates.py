"""Certificates of our own."""

import subprocess
from pathlib import Path


def certificate(folder: Path, name: str, days: int = 2) -> tuple[Path, Path]:
    """A certificate as docs/operations.md has it made, and its key."""
    folder.mkdir()
    made = folder / "certificate.pem", folder / "key.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    asked += ["-days", str(days), "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run([*asked, "-out", made[0], "-keyout", made[1]], check=True, capture_output=True)
    return made
