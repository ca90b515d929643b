"""To have made something is no right to it: whoever holds the office no more writes nothing, on any route."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from academy.accounts.models import RoleGrant
from academy.core import clock
from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.http.declarations import declaration_of
from academy.media import uploads
from academy.media.models import Asset, Upload
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.shortcuts import import_captions

BODY = {"version": 1, "cues": [[0, 900, "改", None]], "chapters": "0:00 改", "text": "改", "kind": "captions"}
MADE = re.compile(r"<(?:id:)?(asset_id|course_id|upload_id|public_id|item_id|course|item)>")
WITH_A_RIGHT_OF_THEIR_OWN = (
    "/me", "/own-data", "/notifications", "/complaints", "/screens", "/my", "/api/v1/jobs", "/m/",
)  # fmt: skip
"""What any member may do with what is theirs."""
TALK = ("talk.", "api_talk.")
"""Notes on a published lecture, and favourites: likewise."""


@pytest.mark.parametrize("place", ["draft", "published"])
def test_every_write_of_a_former_trainer_finds_nothing(app: Flask, runtime: Runtime, place: str) -> None:
    with runtime.db.begin() as tx:
        node = make.organisation(tx, level="city")
        trainer = make.account(tx, make.member(tx, node), (Role.TRAINER, node))
        reviewer = make.account(tx, None, (Role.REVIEWER, node))
        who = make.actor_of(tx, trainer)
        course = make.course(tx, trainer) if place == "draft" else make.published_course(tx, trainer, reviewer)
        line = make.lines(tx, course)[0]
        assert line.asset is not None
        import_captions(tx, who, line.asset, "x.srt", "1\n00:00:01,000 --> 00:00:03,000\n同志们好\n".encode())
        upload = uploads.begin_upload(tx, runtime.settings, who, filename="x.mp4", size=10, purpose="video")
        ids = {"asset": line.asset.public_id, "course": course.public_id, "item": line.item.public_id}
        tx.scalars(select(RoleGrant).where(RoleGrant.account_id == trainer.id)).one().valid_to = clock.today()
        client = app.test_client()
        sign_in(client, make.session_token(tx, trainer))
    with runtime.db.read() as tx:
        rows = tx.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb != "access.refused"))
    tried = 0
    for rule in app.url_map.iter_rules():
        if (
            rule.rule.startswith(WITH_A_RIGHT_OF_THEIR_OWN)
            or rule.endpoint.startswith(TALK)
            or not MADE.search(rule.rule)
        ):
            continue
        policy = declaration_of(app, rule.endpoint).policy
        for own in ids.values():
            address = rule.rule.replace("<id:public_id>", upload.public_id)
            address = MADE.sub(own, re.sub(r"<any\((\w+)[^>]*>", r"\1", address))
            address = re.sub(r"<(?:int:)?[^>]+>", "1", address)
            for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
                how = {"json": BODY} if rule.rule.startswith("/api/") else {"data": BODY}
                if "uploads" in rule.rule:
                    how = {"headers": {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}, "data": b""}
                answer = client.open(address, method=method, **how)
                if not policy.is_public:
                    assert answer.status_code in {403, 404}, (method, address, answer.status_code)
                tried += 1
    assert tried > 40
    with runtime.db.read() as tx:
        after = tx.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb != "access.refused"))
        assert after == rows, "nothing was done that the trail would know"
        assert tx.scalar(select(func.count()).select_from(Upload)) == 1
        assert tx.get_one(Asset, line.asset.id).state == "ready"
