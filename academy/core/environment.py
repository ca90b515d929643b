"""Values of settings: from environment variables, files that they name, and kept secrets."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TRUTH = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off", ""), False)


class SettingsError(Exception):
    """A setting is missing or cannot be parsed; the message names the variable."""


def kept_secret(path: Path) -> str:
    """The secret of a demonstration, made on first use and kept in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written to a temporary file and linked, so that two processes starting at once read the same complete secret.
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:
            draft.write(secrets.token_hex(32))
            draft.flush()
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text().strip()


def given_text(name: str, environ: Mapping[str, str]) -> str | None:
    """The value of a variable, of the file that `NAME_FILE` names, or of systemd's credential of this name: so a vault
    can provide a secret without putting it into an environment. None where it is not set.

    Raises:
        SettingsError: it is set twice, or the file cannot be read.
    """
    file = environ.get(f"{name}_FILE")
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    if not file and credentials and (Path(credentials) / name).exists():
        file = str(Path(credentials) / name)
    if not file:
        return environ.get(name)
    if environ.get(name):
        raise SettingsError(f"{name} is set twice: in the environment and in a file")
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: {file} cannot be read: {type(error).__name__}") from error


def typed_value(name: str, text: str, kind: Any) -> Any:
    """The value of a text as the type of its setting.

    Raises:
        SettingsError: it cannot be parsed.
    """
    try:
        if kind is bool:
            return _TRUTH[text.strip().lower()]
        return kind(text)
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{name}={text!r} is not a valid {getattr(kind, '__name__', kind)}") from error
