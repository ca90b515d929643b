"""The file `.env` beside config.py."""

import os
import runpy
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FILE = """\ufeff# what this academy is told
ACADEMY_DEMO=1

export ACADEMY_CITY_NAME="云 # 溪"   # a remark
ACADEMY_HOST = '127.0.0.2'
ACADEMY_DATA_DIR=${HOME}/academy
ACADEMY_PORT=8001
ACADEMY_SMS
not a setting at all = = =
"""


def test_quotes_remarks_exports_and_other_variables_are_read_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "config.py", tmp_path)
    (tmp_path / ".env").write_text(FILE, encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("ACADEMY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ACADEMY_PORT", "9009")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # loading makes the data's folder
    settings = runpy.run_path(str(tmp_path / "config.py"))["load"]()
    assert settings.demo and settings.city_name == "云 # 溪" and settings.host == "127.0.0.2"
    assert settings.data_dir == tmp_path / "home" / "academy" and settings.port == 9009


def test_no_file_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "config.py", tmp_path)
    monkeypatch.setenv("ACADEMY_DEMO", "1")
    assert runpy.run_path(str(tmp_path / "config.py"))["load"]().demo
