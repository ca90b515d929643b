"""Second steps as people set them up and use them."""

import datetime as dt
import re

from flask.testing import FlaskClient

from academy.accounts.authentication import totp
from academy.core import clock


def enrol(client: FlaskClient) -> tuple[str, list[str]]:
    page = client.get("/me/second-step").text
    secret = re.search(r'class="detail">([A-Z2-7 ]+)<', page)
    assert secret
    key = secret[1].replace(" ", "")
    done = client.post("/me/second-step", data={"code": now(key)}).text
    return key, [code.replace(" ", "") for code in re.findall(r"<li>([2-9A-Z]{4}(?: [2-9A-Z]{4}){5})</li>", done)]


def now(key: str) -> str:
    return totp.code_at(key, int(clock.now().timestamp()) // totp.STEP_S)


def later(steps: int) -> dt.datetime:
    return clock.now() + dt.timedelta(seconds=totp.STEP_S * steps)
