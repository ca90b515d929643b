"""The caption editor: versions, conflicts, words, files."""

import datetime as dt
import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.runtime import Runtime
from academy.jobs.api import Job
from academy.media import queries, service
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset, TranscriptVersion
from tests.conftest import sign_in
from tests.support import factories
from tests.support.shortcuts import adopt_file, drain, import_captions

SRT = "1\n00:00:01,000 --> 00:00:03,000\n同志们好\n\n2\n00:00:03,000 --> 00:00:06,000\n两学一坐\n"


@pytest.fixture
def who(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        return factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))


@pytest.fixture
def asset(runtime: Runtime, who: Account, tmp_path: Path) -> Asset:
    path = tmp_path / "党课.mp4"
    path.write_bytes(b"x")
    actor = Actor(account_id=who.id)
    with runtime.db.begin() as tx:
        made = adopt_file(tx, actor, path, path.name, "video")
        import_captions(tx, actor, made, "x.srt", SRT.encode("gb18030"))
        return made


@pytest.fixture
def client(app: Flask, runtime: Runtime, who: Account) -> FlaskClient:
    client = app.test_client()
    with runtime.db.begin() as tx:
        token = factories.session_token(tx, who)
    sign_in(client, token)
    return client


def texts(runtime: Runtime, asset: Asset) -> list[str]:
    with runtime.db.read() as tx:
        return [cue.text for cue in queries.cues_of(tx, asset.id)]


def put(client: FlaskClient, asset: Asset, version: int, *cues: tuple[int, int, str]) -> tuple[int, object]:
    answer = client.put(f"/api/v1/media/{asset.public_id}/cues", json={"version": version, "cues": cues})
    return answer.status_code, answer.json


def test_what_is_edited_is_saved_kept_and_told_once(runtime: Runtime, client: FlaskClient, asset: Asset) -> None:
    page = client.get(f"/studio/captions/{asset.public_id}")
    assert page.status_code == 200 and "两学一坐" in page.text and 'data-version="1"' in page.text
    assert put(client, asset, 1, (1000, 3000, "同志们好！"), (3000, 6000, "两学一做")) == (
        200,
        {"version": 2, "count": 2},
    )
    assert put(client, asset, 2, (1000, 3000, "同志们好。"), (3000, 6000, "两学一做")) == (
        200,
        {"version": 3, "count": 2},
    )
    assert texts(runtime, asset) == ["同志们好。", "两学一做"]
    with runtime.db.read() as tx:
        numbers = tx.scalars(select(TranscriptVersion.number).order_by(TranscriptVersion.number)).all()
        waiting = tx.scalar(select(func.count()).select_from(Job).where(Job.name == "media.settle_transcript"))
    assert numbers == [1, 3], "the import, and one sitting"
    assert waiting == 1
    with clock.frozen(clock.now() + dt.timedelta(minutes=1)):
        drain(runtime)


def test_two_editors_never_overwrite_each_other(runtime: Runtime, client: FlaskClient, asset: Asset) -> None:
    assert put(client, asset, 1, (0, 1000, "甲"))[0] == 200
    status, body = put(client, asset, 1, (0, 1000, "乙"))
    assert status == 409 and "别人刚刚改过" in str(body)
    assert texts(runtime, asset) == ["甲"]


def test_an_older_version_comes_back_as_a_new_one(runtime: Runtime, client: FlaskClient, asset: Asset) -> None:
    put(client, asset, 1, (0, 1000, "改坏了"))
    url = f"/studio/captions/{asset.public_id}/restore"
    assert client.post(url, data={"version": "1"}).status_code == 302
    assert texts(runtime, asset) == ["同志们好", "两学一坐"]
    assert client.post(url, data={"version": "77"}).status_code == 404
    assert put(client, asset, 2, (0, 1000, "旧页面"))[0] == 409


def test_what_an_older_version_holds_is_seen_before_it_comes_back(
    runtime: Runtime, client: FlaskClient, asset: Asset
) -> None:
    put(client, asset, 1, (1000, 3000, "同志们好"), (3000, 6000, "两学一做"), (7000, 8000, "下课"))
    base = f"/studio/captions/{asset.public_id}"
    assert f'href="{base}/versions/1"' in client.get(base).text
    page = client.get(f"{base}/versions/1").text
    assert "<del>两学一做</del>" in page and "<del>下课</del>" in page and "<ins>两学一坐</ins>" in page
    assert "<del>同志们好</del>" not in page and "<ins>同志们好</ins>" not in page, "it stays"
    assert "全部 2 条" in page and "恢复这个版本" in page
    assert texts(runtime, asset) == ["同志们好", "两学一做", "下课"], "looking changes nothing"
    assert "完全一样" in client.get(f"{base}/versions/2").text
    assert {client.get(f"{base}/versions/{number}").status_code for number in (77, 10**30)} == {404}


@pytest.mark.parametrize(
    ("cues", "status"),
    [
        ([(5, 5, "x")], 422),
        ([(-1, 5, "x")], 400),
        ([("0", 5, "x")], 400),
        ([(0, 5)], 400),
        ("x", 400),
        ([(0, 10**12, "x")], 422),
        ([(0.5, 3, "x")], 400),
    ],
)
def test_lines_that_cannot_be_are_refused_and_nothing_changes(
    runtime: Runtime, client: FlaskClient, asset: Asset, cues: object, status: int
) -> None:
    answer = client.put(f"/api/v1/media/{asset.public_id}/cues", json={"version": 1, "cues": cues})
    assert answer.status_code == status
    assert texts(runtime, asset) == ["同志们好", "两学一坐"]


def test_export_gives_the_words_back(client: FlaskClient, asset: Asset) -> None:
    answer = client.get(f"/studio/captions/{asset.public_id}/download.srt")
    assert answer.text == SRT
    assert "filename*=UTF-8''%E5%85%9A%E8%AF%BE.srt" in answer.headers["Content-Disposition"]
    assert client.get(f"/studio/captions/{asset.public_id}/download.vtt").text.startswith("WEBVTT")
    assert client.get(f"/studio/captions/{asset.public_id}/download.exe").status_code == 404


def test_the_citys_words_are_proposed_everywhere(client: FlaskClient, asset: Asset) -> None:
    url = f"/studio/captions/{asset.public_id}"
    assert client.post(f"{url}/terms", data={"wrong": "两学一坐", "right": "两学一做"}).status_code == 302
    assert "两学一做" in client.get(url).text.replace("\\u4e24\\u5b66\\u4e00\\u505a", "两学一做")
    assert client.post(f"{url}/terms", data={"wrong": "x", "right": "x"}).status_code == 422


def test_a_pasted_text_is_marked_as_estimated_until_somebody_says_otherwise(
    runtime: Runtime, client: FlaskClient, asset: Asset
) -> None:
    url = f"/studio/captions/{asset.public_id}"
    assert client.post(f"{url}/text", data={"text": "讲稿"}).status_code == 422, "its length is not known yet"
    with runtime.db.begin() as tx:
        tx.get_one(Asset, asset.id).duration_ms = 60_000
    assert client.post(f"{url}/text", data={"text": "第一句。第二句。"}).status_code == 302
    assert texts(runtime, asset) == ["第一句。", "第二句。"]
    assert "时间是按字数估计的" in client.get(url).text
    assert put(client, asset, 2, (0, 30_000, "第一句！"), (30_000, 60_000, "第二句。"))[0] == 200
    assert "时间是按字数估计的" in client.get(url).text, "other words do not make the times right"
    assert client.post(f"{url}/timed").status_code == 302
    assert "时间是按字数估计的" not in client.get(url).text
    assert client.get(f"{url}/download.txt").text == "第一句！\n第二句。\n"


def test_without_a_model_the_editor_says_what_to_do(runtime: Runtime, client: FlaskClient, who: Account) -> None:
    with runtime.db.begin() as tx:
        bare = factories.asset(tx, who)
    url = f"/studio/captions/{bare.public_id}"
    page = client.get(url).text
    assert "还没有装语音识别模型" in page and "自动识别字幕" not in page
    assert client.post(f"{url}/recognise").status_code == 422


def test_confidence_comes_back_with_the_line_and_goes_when_somebody_looked(
    runtime: Runtime, client: FlaskClient, asset: Asset
) -> None:
    with runtime.db.begin() as tx:
        script = queries.transcript_of(tx, asset.id)
        assert script is not None
        script.origin = "asr"
        service.replace_cues(tx, tx.get_one(Asset, asset.id), [CueText(0, 1000, "甲", 0.3)], "asr")
    assert 'data-sure="0.3"' in client.get(f"/studio/captions/{asset.public_id}").text
    url = f"/api/v1/media/{asset.public_id}/cues"
    lines = [[0, 1000, "甲", 0.3], [1000, 2000, "乙", None], [2000, 3000, "丙"]]
    assert client.put(url, json={"version": 2, "cues": lines}).status_code == 200
    with runtime.db.read() as tx:
        assert [cue.confidence for cue in queries.cues_of(tx, asset.id)] == [0.3, None, None]


def test_a_strangers_captions_are_not_found(app: Flask, runtime: Runtime, asset: Asset) -> None:
    with runtime.db.begin() as tx:
        other = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        token = factories.session_token(tx, other)
    stranger = app.test_client()
    sign_in(stranger, token)
    assert put(stranger, asset, 1, (0, 1000, "x"))[0] == 404
    for path in ("", "/download.srt"):
        assert stranger.get(f"/studio/captions/{asset.public_id}{path}").status_code == 404
    for path in ("/restore", "/terms", "/recognise", "/text", "/timed"):
        assert stranger.post(f"/studio/captions/{asset.public_id}{path}", data={"version": "1"}).status_code == 404


@pytest.mark.thorough
def test_what_an_import_leaves_out_is_counted_and_shown(runtime: Runtime, client: FlaskClient, asset: Asset) -> None:
    def give(name: str, data: bytes) -> tuple[int, str]:
        form = {"captions": (io.BytesIO(data), name), "next": "/studio/"}
        answer = client.post(f"/media/{asset.public_id}/captions", data=form)
        return answer.status_code, answer.text

    assert give("a.srt", SRT.encode())[0] == 302, "nothing to say but the number"
    vtt = "WEBVTT\n\nNOTE 内部\n\n00:01.000 --> 00:02.000\n甲\n\n乙<b>\n"
    status, page = give("a.vtt", vtt.encode())
    assert status == 200 and "已导入 1 条字幕" in page
    assert "注释：1 处" in page and "NOTE 内部" in page and "第 3 行" in page
    assert "空行后面的文字：1 处" in page and "第 8 行" in page
    assert texts(runtime, asset) == ["甲\n乙"]
    many = (
        "".join(f"第{n}行字幕组\n" for n in range(50))
        + "\n1\n00:00:01,000 --> 00:00:02,000\n<script>甲</script>a<b 且 c>d\n"
    )
    page = give("a.srt", many.encode())[1]
    assert "没有时间的文字：50 处" in page and "列出前 20 处" in page
    assert texts(runtime, asset) == ["甲a<b 且 c>d"]
    big5 = "1\n00:00:01,000 --> 00:00:02,000\n請大家認真學習黨的歷史\n".encode("big5")
    assert "Big5" in give("a.srt", big5)[1]
    assert texts(runtime, asset) == ["請大家認真學習黨的歷史"]
    assert (
        give("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n안녕하세요 여러분 오늘은 좋은 날입니다\n".encode("euc-kr"))[0]
        == 422
    )
    assert texts(runtime, asset) == ["請大家認真學習黨的歷史"]


def test_words_that_look_like_markup_survive_the_editor(runtime: Runtime, client: FlaskClient, asset: Asset) -> None:
    words = "若 a<b 且 c>d，<video> 和 &lt; 与 {\\alpha} 都是字"
    assert put(client, asset, 1, (0, 9000, words), (9000, 20_000, "长" * 1200))[0] == 200
    kept = texts(runtime, asset)
    assert kept[0] == words and "".join(kept[1:]) == "长" * 1200, "a long line is cut in pieces, not off"
    client.post(f"/studio/captions/{asset.public_id}/restore", data={"version": "1"})
    assert texts(runtime, asset) == ["同志们好", "两学一坐"]
