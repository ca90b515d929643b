"""One interface, two places: what holds for files on a disk holds for objects in a bucket."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from academy.core.settings import Settings
from academy.media.storage import s3_storage
from academy.media.storage.file_storage import Storage, local_storage
from academy.media.storage.selection import storage_of
from tests.conftest import make_settings
from tests.support.services import seaweed

pytestmark = [pytest.mark.media, pytest.mark.needs("seaweedfs")]

LARGE = (2 * s3_storage.PART) + 4321


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with seaweed(tmp_path_factory.mktemp("weed"), volumes=16) as given:
        yield given


@pytest.fixture(params=["disk", "bucket"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    given = request.getfixturevalue("bucket") if request.param == "bucket" else {}
    return make_settings(tmp_path, **given)


@pytest.fixture
def here(settings: Settings) -> Storage:
    return storage_of(settings)


def written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def read(here: Storage, key: str) -> bytes:
    with here.open(key) as file:
        return file.read()


def test_a_file_is_kept_whole_and_replaced_whole(here: Storage, tmp_path: Path) -> None:
    source = written(tmp_path / "in", b"first")
    here.put_file("assets/a/original", source)
    assert source.exists() and here.exists("assets/a/original") and here.size("assets/a/original") == 5
    assert read(here, "assets/a/original") == b"first"
    here.put_file("assets/a/original", written(tmp_path / "in", b"second"), move=True)
    assert not source.exists() and read(here, "assets/a/original") == b"second"
    with here.local("assets/a/original") as path:
        assert path.read_bytes() == b"second"


def test_a_large_file_arrives_as_it_was(here: Storage, tmp_path: Path) -> None:
    data = os.urandom(LARGE)
    here.put_file("assets/large/original", written(tmp_path / "in", data), move=True)
    assert here.size("assets/large/original") == LARGE
    with here.local("assets/large/original") as path:
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(data).digest()
    other = storage_of(make_settings(tmp_path / "another machine", **_bucket_of(here)))
    if not isinstance(here, s3_storage.S3Storage):
        return
    with other.open("assets/large/original") as file:
        file.seek(s3_storage.PART - 3)
        assert file.read(10) == data[s3_storage.PART - 3 :][:10]
        file.seek(-7, os.SEEK_END)
        assert file.read() == data[-7:]
    with other.local("assets/large/original") as first, other.local("assets/large/original") as again:
        assert first == again and first.read_bytes() == data


def _bucket_of(here: Storage) -> dict[str, str]:
    if not isinstance(here, s3_storage.S3Storage):
        return {}
    key = here.client._request_signer._credentials
    endpoint = here.client.meta.endpoint_url
    return {"s3_bucket": here.bucket, "s3_endpoint": endpoint, "s3_key": key.access_key, "s3_secret": key.secret_key}


def test_a_set_is_stored_renamed_and_removed_as_one(
    here: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_storage, "BATCH", 3)
    source = tmp_path / "work" / "gen"
    names = ["master.m3u8", *(f"720p/seg_{n:05}.m4s" for n in range(12))]
    for name in names:
        written(source / name, name.encode())
    here.put_folder("assets/b/gen", source)
    assert not source.exists() and list(source.parent.iterdir()) == []
    here.put_folder("assets/b/gen", source)  # the worker died before it could say that it had finished
    assert all(read(here, f"assets/b/gen/{name}") == name.encode() for name in names)
    # Encoded again after a retry, with fewer segments: nothing of the first set stays.
    written(source / "master.m3u8", b"shorter")
    here.put_folder("assets/b/gen", source)
    assert read(here, "assets/b/gen/master.m3u8") == b"shorter" and not here.exists(f"assets/b/gen/{names[1]}")
    here.put_file("assets/b/original", written(tmp_path / "in", b"x"))
    here.rename_folder("assets/b/gen", "assets/b/new")
    here.rename_folder("assets/b/gen", "assets/b/new")
    assert not here.exists("assets/b/gen/master.m3u8") and read(here, "assets/b/new/master.m3u8") == b"shorter"
    here.delete_folder("assets/b")
    here.delete_folder("assets/b")
    assert not here.exists("assets/b/new/master.m3u8") and not here.exists("assets/b/original")


@pytest.mark.parametrize("key", ["assets/none/original", "../etc/passwd", "assets/../../x", "/etc/passwd", "a//b", ""])
def test_what_is_not_there_is_not_found(here: Storage, key: str) -> None:
    with pytest.raises(FileNotFoundError):
        here.open(key)
    with pytest.raises(FileNotFoundError), here.local(key):
        pytest.fail("there is nothing to read")
    with pytest.raises(FileNotFoundError):
        here.size(key)


def test_a_copy_in_use_stays_and_an_old_one_makes_room(bucket: dict[str, str], tmp_path: Path) -> None:
    here = s3_storage.S3Storage(make_settings(tmp_path, **bucket))
    here.put_file("assets/c/original", written(tmp_path / "in", b"c"))
    long_ago = time.time() - s3_storage.KEEP_S - 60
    with here.local("assets/c/original") as path:
        os.utime(path, (long_ago, long_ago))
        here.copies.sweep()
        assert path.exists()
    here.copies.sweep()
    assert not path.exists() and list(path.parent.iterdir()) == []
    with here.local("assets/c/original") as path:
        assert path.read_bytes() == b"c"


SLOW_PUT = """
import sys
from pathlib import Path
from academy.media.storage import s3_storage
from tests.conftest import make_settings
from tests.media.slow_storage import slowly
here = s3_storage.S3Storage(make_settings(Path(sys.argv[1]), **eval(sys.argv[2])))
slowly(here)
here.put_file("assets/d/original", Path(sys.argv[3]))
"""


def test_a_worker_killed_between_two_parts_leaves_nothing_behind(bucket: dict[str, str], tmp_path: Path) -> None:
    source = written(tmp_path / "in", os.urandom(LARGE))
    told = [sys.executable, "-c", SLOW_PUT, str(tmp_path), repr(bucket), str(source)]
    with subprocess.Popen(told, stdout=subprocess.PIPE) as putting:
        assert putting.stdout is not None and putting.stdout.readline() == b"a part is there\n"
        putting.send_signal(signal.SIGKILL)
    here = s3_storage.S3Storage(make_settings(tmp_path, **bucket))
    unfinished = here.client.list_multipart_uploads(Bucket=here.bucket).get("Uploads", [])
    assert [upload["Key"] for upload in unfinished] == ["assets/d/original"]
    assert not here.exists("assets/d/original")
    here.put_file("assets/d/original", source)
    assert read(here, "assets/d/original") == source.read_bytes()
    assert here.client.list_multipart_uploads(Bucket=here.bucket).get("Uploads", []) == []


def test_the_disk_is_where_the_settings_say(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    assert storage_of(settings).__class__ is local_storage(settings).__class__
    assert (
        storage_of(make_settings(tmp_path, s3_bucket="b", s3_key="k", s3_secret="s")).__class__ is s3_storage.S3Storage
    )
