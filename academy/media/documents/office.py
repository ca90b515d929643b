"""Word and PowerPoint files: rewritten without external references (`packages`), and converted to PDF by LibreOffice in
the jail. Without LibreOffice such files are refused with an explanation."""

import hashlib
import os
import shutil
from pathlib import Path

from academy.core.errors import Invalid, StorageFull
from academy.core.i18n import Message, msg
from academy.core.settings import Settings
from academy.media import tools
from academy.media.documents import packages
from academy.media.documents.office_package import DAMAGED
from academy.media.storage.file_storage import is_cramped
from academy.media.tools import Limits, ToolFailed

RESTART = 81
"""LibreOffice's exit code after creating its profile; it has to be started again."""

_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
{items}
</oor:items>
"""
_ITEM = (
    '<item oor:path="/org.openoffice.Office.{path}"><prop oor:name="{name}" oor:op="fuse">'
    "<value>{value}</value></prop></item>"
)
_SETTINGS = (
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Writer/Content/Update", "Link", "0"),
    ("Common/Misc", "FirstRun", "false"),
)


def program(settings: Settings) -> Path | None:
    """LibreOffice's binary, without the scripts that start it; None where it is not installed."""
    found = settings.soffice or shutil.which("soffice") or shutil.which("libreoffice")
    if not found or not os.access(found, os.X_OK):
        return None
    beside = Path(found).resolve().with_name("soffice.bin")
    return beside if beside.exists() else Path(found).absolute()


def need_program(settings: Settings) -> Path:
    """LibreOffice's binary.

    Raises:
        Invalid: it is not installed; the message has advice.
    """
    found = program(settings)
    if found is None:
        raise Invalid(msg("这里还不能处理 Word 和 PowerPoint 文件。请先导出为 PDF，再上传 PDF。"))
    return found


def has_math(binary: Path) -> bool:
    """Whether this LibreOffice can draw formulas: in Debian that is a package of its own."""
    # A script that starts it from elsewhere does not reveal its installed parts.
    return not binary.with_name("libswlo.so").exists() or binary.with_name("libsmlo.so").exists()


def to_pdf(settings: Settings, path: Path, kind: str, folder: Path) -> Path:
    """Convert a Word or PowerPoint file to PDF in the folder.

    Raises:
        Invalid: refused, damaged, or LibreOffice did not end in time.
        StorageFull: no space.
    """
    binary = need_program(settings)
    folder.mkdir(parents=True, exist_ok=True)
    clean, profile, made = folder / f"given.{kind}", folder / "office", folder / "given.pdf"
    if packages.tidy(path, clean) and not has_math(binary):
        clean.unlink()
        raise Invalid(
            msg("文件里有公式，而这里的 LibreOffice 没有公式组件，公式会丢失。请导出为 PDF 后再上传，或者请运维安装。")
        )
    _write_profile(profile / "user")
    arguments = [str(binary), "--headless", "--nologo", "--norestore"]
    arguments += [f"-env:UserInstallation={profile.absolute().as_uri()}", "--convert-to", "pdf"]
    arguments += ["--outdir", str(folder), str(clean)]
    seconds = settings.office_seconds
    limits = Limits(seconds=seconds, cpu_s=seconds, memory_mib=4096, file_mib=1024)
    try:
        try:
            tools.run(arguments, folder=folder, limits=limits, sees=[binary.parent])
        except ToolFailed as error:
            if error.code != RESTART:
                raise
            _socket(profile).unlink(missing_ok=True)
            tools.run(arguments, folder=folder, limits=limits, sees=[binary.parent])
        if not made.exists():
            raise ToolFailed(0, "nothing was made")
    except ToolFailed as error:
        # It does not report a full disk; sometimes it waits for input.
        if is_cramped(folder):
            raise StorageFull from error
        raise Invalid(_slow(seconds) if error.timed_out else DAMAGED) from error
    finally:
        _socket(profile).unlink(missing_ok=True)
        clean.unlink(missing_ok=True)
        shutil.rmtree(profile, ignore_errors=True)
    return made


def _slow(seconds: int) -> Message:
    return msg("转换这个文件超过了 %(seconds)s 秒，已停止。请导出为 PDF 后再上传。", seconds=seconds)


def _write_profile(folder: Path) -> None:
    folder.mkdir(parents=True)
    items = "\n".join(_ITEM.format(path=path, name=name, value=value) for path, name, value in _SETTINGS)
    (folder / "registrymodifications.xcu").write_text(_PROFILE.format(items=items), encoding="utf-8")


def _socket(profile: Path) -> Path:
    """LibreOffice's socket for a second start; in the jail it cannot remove it itself."""
    digest = hashlib.md5(profile.absolute().as_uri().encode("utf-16-le"), usedforsecurity=False).digest()
    name = "".join(f"{byte:x}" for byte in digest)
    return Path("/tmp") / f"OSL_PIPE_{os.getuid()}_SingleOfficeIPC_{name}"  # noqa: S108 - its choice
