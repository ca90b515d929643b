"""What docs/asvs.md and docs/security.md say of the whole house, looked for in the code itself."""

import ast
import functools
import re
import traceback
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from academy.accounts import passwords, service, sso, throttle
from academy.api.contract import Contract
from academy.app import create_app
from academy.core.audit import AuditEntry
from academy.core.errors import AcademyError, Invalid
from academy.core.house import House
from academy.core.settings import Settings
from academy.doors import bodies
from academy.library import complaints
from academy.media import captions, delivery
from academy.members import roster_changes
from academy.progress import rules
from academy.progress.tokens import BadToken, Signer
from tests import factories
from tests.conftest import make_settings, sign_in
from tests.contracts.asvs_numbers import NUMBERS

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "academy"
ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


@functools.cache
def python() -> list[tuple[str, list[ast.AST]]]:
    """The application's modules, by their path: everything in each, the module itself first; read once."""
    return [
        (path.relative_to(CODE).as_posix(), list(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
        for path in sorted(CODE.rglob("*.py"))
    ]


def imports(nodes: list[ast.AST]) -> set[str]:
    """Names of what a module imports, wherever in it."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def who_imports(*packages: str) -> dict[str, set[str]]:
    """Modules that import one of the packages, or a part of it."""
    wanted = re.compile(rf"^(?:{'|'.join(map(re.escape, packages))})(?:\.|$)")
    found = {path: {name for name in imports(nodes) if wanted.match(name)} for path, nodes in python()}
    return {path: names for path, names in found.items() if names}


def pages() -> dict[str, str]:
    return {str(p.relative_to(CODE)): p.read_text(encoding="utf-8") for p in (CODE / "web/templates").rglob("*.html")}


def scripts() -> dict[str, str]:
    """Our own scripts."""
    root = CODE / "web/static/js"
    return {p.relative_to(root).as_posix(): p.read_text(encoding="utf-8") for p in root.rglob("*.js")}


def test_every_requirement_is_answered_and_every_test_exists() -> None:
    text = (ROOT / "docs/asvs.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| \d+\.\d+\.\d+ \|", line)
    ]
    assert [row[0] for row in rows] == list(NUMBERS)
    for number, how, shown in rows:
        named = re.findall(r"`([^`]+)::([^`]+)`", shown)
        assert named or how.startswith("**not met**, because "), number
        for file, name in named:
            source = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert re.search(rf"^def {name}\(", source, re.M), (number, file, name)
    met = sum(not row[1].startswith("**not met**") for row in rows)
    assert f"{met} of {len(rows)} are met." in text


def test_the_page_on_security_names_what_the_code_holds(real_passwords: None) -> None:
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    settings = Settings()
    cost = passwords._hasher
    said = [
        f"{passwords.SHORTEST} to {passwords.LONGEST} characters",
        f"{cost.memory_cost} KiB, {cost.time_cost} passes",
        f"{throttle.NAME_HERE} wrong answers for a name from one network",
        f"{throttle.NAME} for a name from anywhere",
        f"{throttle.NETWORK} from a network",
        f"{throttle.KNOWN} in a browser that is known"
        if "\n" not in text.partition("browser that is known")[0][-30:]
        else f"{throttle.KNOWN} in a",
        f"after {int(throttle.WINDOW.total_seconds()) // 60} minutes",
        f"for {service.CODE_DAYS} days",
        f"after {settings.session_idle_minutes} minutes",
        f"after {settings.session_days} days",
        f"most {settings.accepted_rate} times",
        f"{settings.slack_ms} ms of slack",
        f"{bodies.DEFAULT >> 10} KiB (JSON {Contract({}).most >> 10} KiB)",
        f"a file in a form {settings.max_form_mb} MiB",
        f"{settings.max_upload_mb} MiB, quota {settings.trainer_quota_gb} GiB",
        f"roster's change {roster_changes.MOST} people",
        f"{rules.MAX_CLAIM} stretches",
        f"{complaints.OPEN_MOST} open words",
        f"{captions.MAX_CUES} lines",
        ", ".join(sso.ALGORITHMS),
        f"at most every {sso.KEYS_AGAIN_AFTER_S} s",
        "only these types are ever served: " + ", ".join(suffix[1:] for suffix in delivery.TYPES),
        *passwords.PLACE,
    ]
    flat = " ".join(text.split())
    assert [words for words in said if words not in flat] == []


def test_only_these_speak_to_the_network() -> None:
    clients = ("requests", "httpx", "urllib.request", "urllib3", "http.client", "aiohttp", "boto3", "botocore")
    assert set(who_imports(*clients)) <= {"accounts/jobs.py", "accounts/sms.py", "accounts/sso.py", "media/objects.py"}
    assert set(who_imports("authlib")) <= {"accounts/sso.py"}


def test_nothing_switches_certificates_off() -> None:
    for path, nodes in python():
        for node in nodes:
            if isinstance(node, ast.keyword) and node.arg in {"verify", "ssl", "allow_redirects", "follow_redirects"}:
                wanted = isinstance(node.value, ast.Constant) and node.value.value is (node.arg == "verify")
                assert node.arg not in {"verify", "allow_redirects"} or wanted, (path, node.lineno)
    speakers = set(who_imports("ssl"))
    assert speakers == {"core/log_server.py", "core/certificates.py"}
    for path in speakers:
        source = (CODE / path).read_text(encoding="utf-8")
        assert "create_default_context()" in source, path
        assert not re.search(r"CERT_(?:NONE|OPTIONAL)|check_hostname|_unverified|verify_mode", source), path


def test_units_shut_the_processes_in() -> None:
    """Nothing for other users, an end to memory, the system calls of services, secrets sealed; and what runs all day
    does not know the tables' owner."""
    units = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "deploy").glob("*.service")}
    assert set(units) == {"academy.service", "academy-worker.service", "academy-migrate.service"}
    for name, text in units.items():
        wanted = ["UMask=0027", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "User=academy"]
        wanted += [f"LoadCredentialEncrypted={key}:" for key in ("ACADEMY_SECRET_KEY", "ACADEMY_DATA_KEY")]
        if name != "academy-migrate.service":
            wanted += ["MemoryMax=", "SystemCallFilter=", "SystemCallArchitectures=native"]
            assert "migrate.env" not in text and "db upgrade" not in text
        assert [words for words in wanted if f"\n{words}" not in text] == [], name


def test_an_error_of_the_database_does_not_tell_what_it_was_given(house: House) -> None:
    """What is logged of it holds the statement and none of its values: those are names and phones."""
    phone = "138" + 8 * "0"  # not as it stands in this file, which a traceback shows
    for broken in ("SELECT :phone FROM nowhere", "INSERT INTO nowhere VALUES (:phone)"):
        with pytest.raises(DBAPIError) as caught, house.db.begin() as tx:
            tx.execute(sql(broken), {"phone": phone})
        told = "".join(traceback.format_exception(caught.value))
        assert "nowhere" in told and phone not in told


def test_what_could_do_harm_is_not_there() -> None:
    """No interpreters of texts, no directories, no mail, no sockets of browsers, no tokens of our own for others."""
    harm = ("ldap", "ldap3", "lxml", "xpath", "pylatex", "memcache", "pymemcache", "smtplib", "imaplib", "marshal")
    harm += (
        "graphql",
        "strawberry",
        "websockets",
        "wsproto",
        "saml2",
        "onelogin",
        "shelve",
        "dill",
        "yaml",
        "markdown",
    )
    harm += ("authlib.integrations.flask_oauth2", "authlib.oauth2.rfc6749.authorization_server", "pty", "telnetlib")
    assert who_imports(*harm) == {}
    for path, nodes in python():
        called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        assert not called & {"eval", "exec", "compile", "__import__", "render_template_string"}, path
        loads = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)}
        assert "from_string" not in loads, path
    # What is pickled is the index's own, between our own processes; nothing of it comes from outside.
    assert set(who_imports("pickle")) <= {"search/whoosh_bulk.py", "search/whoosh_view.py"}
    readers = {"media/office_package.py", "media/document_kinds.py"}
    assert set(who_imports("xml", "xml.etree")) <= readers, "without a DOCTYPE"
    assert "--no-ws" in (CODE / "cli/server.py").read_text(encoding="utf-8") + "".join(
        path.read_text(encoding="utf-8") for path in (CODE / "cli").glob("*.py")
    )


def test_pages_escape_by_themselves(app: Flask) -> None:
    assert app.jinja_env.autoescape is not False
    for name, text in pages().items():
        assert not re.search(r"\|\s*safe\b|autoescape false|\bMarkup\b", text), name
    markup = {path for path, nodes in python() if any(name.endswith("Markup") for name in imports(nodes))}
    assert markup <= {"doors/filters.py"}, "marks of found words are put together from escaped pieces"


test_pages_escape_by_themselves = ONE_KIND(test_pages_escape_by_themselves)


def test_pages_load_nothing_from_elsewhere() -> None:
    for name, text in pages().items():
        assert not re.search(r"""(?:src|href|action|srcset)=["'](?:https?:)?//""", text), name
    for path in [*(CODE / "web/static/css").glob("*.css"), *(CODE / "web/static/js").rglob("*.js")]:
        assert not re.search(r"""(?:url\(|import |fetch\()\s*["']?(?:https?:)?//""", path.read_text("utf-8")), path.name


def test_scripts_make_no_code_of_texts() -> None:
    for name, text in scripts().items():
        assert not re.search(r"\.(?:inner|outer)HTML\s*\+?=[^=]", text), name
        assert not re.search(r"insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(\s*[\"'`]", text), (
            name
        )
        assert not re.search(r"""addEventListener\(\s*["']message["']|onmessage|postMessage|__proto__""", text), name


def test_browsers_keep_only_what_is_listed() -> None:
    kept = {name for name, text in scripts().items() if re.search(r"localStorage|sessionStorage|indexedDB", text)}
    known = {
        "player-wishes.js",
        "player-ledger.js",
        "player-store.js",
        "captions/draft.js",
        "resubmit.js",
        "reader.js",
        "upload.js",
    }
    assert kept <= known
    for name in kept:
        assert not re.search(r"(?:token|password|phone).{0,40}(?:local|session)Storage", scripts()[name]), name


def test_no_pattern_is_made_of_what_somebody_typed() -> None:
    """A pattern is a constant, or made of constants and of words that were escaped."""
    for path, nodes in python():
        for node in nodes:
            made = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
            if not made or ast.unparse(node.func).partition(".")[0] != "re" or node.func.attr == "escape":
                continue
            source = ast.unparse(nodes[0])
            first = node.args[0]
            names = {n.id for n in ast.walk(first) if isinstance(n, ast.Name)} - {"re", "map"}
            loose = {n for n in names if not n.strip("_").isupper() and f"{n} = re.escape(" not in source}
            assert not loose or "re.escape" in ast.unparse(first), (path, node.lineno, loose)


def test_cryptography_comes_from_libraries() -> None:
    assert set(who_imports("cryptography")) <= {"core/crypto.py"}
    assert set(who_imports("argon2")) <= {"accounts/passwords.py", "cli/sample/accounts.py"}
    assert who_imports("Crypto", "Cryptodome", "rsa", "ecdsa", "bcrypt", "jwt") == {}
    randoms = who_imports("random")
    # The sample city draws lots; whoever collided with another waits a random moment.
    assert all(path.startswith(("cli/sample/", "core/collisions.py")) for path in randoms), randoms


def test_passwords_that_everybody_has_are_refused() -> None:
    listed = """12345678 123456789 88888888 11112222 abcd1234 Abc12345 qwertyuiop 1qaz2wsx qazwsxedc asdfghjkl
        password Password1 p@ssw0rd P@ssword123 iloveyou woaini520 5201314a admin888 welcome1 letmein123 dragon123
        19900101 1990-01-01 20241231 13800001234 academy2026 yunxueyuan1 dangyuan123 zhongguo1949 aaaaaaaa abababab
        12121212 123123123 abcabcabc 87654321 1q2w3e4r a123456789 123456789a qq123456 zxcvbnm1 147258369 football
        monkey12 sunshine princess1 xuexi2026 yunxi-2026"""
    taken = [word for word in listed.split() if not refused(word)]
    assert taken == []
    assert refused("赵小满赵小满", "赵小满") and refused("A7A7A7A7", "A7") and refused("zhaoxiaoman", "ZhaoXiaoMan")


def test_passwords_of_leaks_are_refused() -> None:
    """Every one of the list that is long enough, however its letters are written; three thousand and more."""
    listed = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= passwords.SHORTEST]
    assert len(set(listed)) > 3_000
    assert [word for word in listed if not (refused(word) and refused(word.upper()))] == []


@pytest.mark.parametrize(
    ("chosen", "others"),
    [
        ("ﬁve ｗｏｒｄｓ of a song", ["five words of a song", "ﬁve words of a song"]),
        ("cafe\u0301 at the river", ["caf\u00e9 at the river", "cafe at the river"]),
        ("Village by the lake", ["village by the lake", "Village by the lake ", "Village by the lak"]),
        ("㎢" * 128, ["km2" * 128, "㎢" * 127, "㎢" * 129]),
    ],
)
def test_a_password_is_compared_exactly_as_typed(chosen: str, others: list[str]) -> None:
    kept = passwords.make(chosen)
    assert passwords.matches(kept, chosen)
    assert not any(passwords.matches(kept, other) for other in others)


def test_a_hash_of_an_earlier_release_is_still_right() -> None:
    kept = passwords._hasher.hash("five words of a song")  # as it was made: of the NFKC form
    assert passwords.matches(kept, "five words of a song") and passwords.matches(kept, "ﬁve ｗｏｒｄｓ of a song")
    assert not passwords.matches(kept, "five words of a sonG")


def refused(password: str, *names: str) -> bool:
    try:
        passwords.check_new(password, names=names)
    except Invalid:
        return True
    return False


def test_a_long_sentence_is_a_password() -> None:
    for good in (
        "春天的第一课2026",
        "correct horse battery staple",
        "  两个 空格 也 算  ",
        "x" * 60 + "短句 y" + "Z" * 60,
        "村口老槐树下卖豆腐",
    ):
        assert not refused(good)
        assert passwords.matches(passwords.make(good), good)
        assert not passwords.matches(passwords.make(good), good[:-1])
        assert not passwords.matches(passwords.make(good), good.swapcase()) or good == good.swapcase()


@ONE_KIND
def test_password_fields_hide_and_let_paste(client: FlaskClient) -> None:
    for address in ("/sign-in", "/activate"):
        fields = re.findall(r'<input[^>]*name="(?:password|again)"[^>]*>', client.get(address).text)
        assert fields and all('type="password"' in field and "autocomplete=" in field for field in fields)
    assert not any("onpaste" in text for text in pages().values())
    assert not any('addEventListener("paste"' in text for text in scripts().values())


@ONE_KIND
def test_every_page_has_a_way_out(client: FlaskClient, house: House) -> None:
    with house.db.begin() as tx:
        sign_in(
            client, factories.session_token(tx, factories.account(tx, factories.member(tx, factories.organisation(tx))))
        )
    for address in ("/", "/library", "/me", "/notices", "/nowhere"):
        assert 'action="/sign-out"' in client.get(address).text, address


@ONE_KIND
def test_no_other_origin_is_let_in(client: FlaskClient) -> None:
    for method in ("GET", "OPTIONS"):
        answer = client.open("/api/v1/health", method=method, headers={"Origin": "https://evil.example"})
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@ONE_KIND
def test_every_kind_of_answer_says_how_it_may_be_used(client: FlaskClient) -> None:
    for address in ("/sign-in", "/api/v1/health", "/nowhere", "/api/v1/nowhere", "/static/css/base.css"):
        with client.get(address) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", address
            assert answer.headers["Referrer-Policy"] == "same-origin", address


@ONE_KIND
def test_nothing_of_the_folder_is_served(client: FlaskClient) -> None:
    for address in ("/.git/config", "/.env", "/static/", "/static/../../config.py", "/static/%2e%2e/app.py", "/media/"):
        assert client.get(address).status_code in {404, 405}, address


@ONE_KIND
def test_a_forwarded_address_is_believed_of_the_front_alone(house: House, tmp_path: Path) -> None:
    """Of a trusted proxy the last hop is believed, which it wrote; without one, none."""
    seen = {}
    for proxies in ("0", "1"):
        settings = make_settings(tmp_path, database_url=house.settings.database_url, trusted_proxies=proxies)
        client = create_app(settings, House(settings, house.db, house.sealer)).test_client()
        client.post("/api/v1/nowhere")
        forged = {"X-Forwarded-For": "6.6.6.6, 10.0.0.7", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
        client.application.config["WTF_CSRF_ENABLED"] = False
        client.post("/sign-in", data={"username": f"nobody{proxies}", "password": "x"}, headers=forged)
        with house.db.read() as tx:
            seen[proxies] = tx.scalars(
                select(AuditEntry.network).where(AuditEntry.verb == "sign-in.failed").order_by(AuditEntry.id.desc())
            ).first()
    assert seen == {"0": "127.0.0.1", "1": "10.0.0.7"}


@ONE_KIND
def test_attempts_are_on_record(client: FlaskClient, app: Flask, house: House) -> None:
    with house.db.begin() as tx:
        account = factories.account(tx)
        account.password_hash = passwords.make("春天的第一课2026")
        name = account.username
    for password in ("wrong", "春天的第一课2026"):
        client.post("/sign-in", data={"username": name, "password": password})
    app.test_client().post(
        "/activate", data={"number": "x", "code": "y", "password": "夏天的课2027x", "again": "夏天的课2027x"}
    )
    with house.db.read() as tx:
        verbs = list(tx.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)))
    assert [v for v in verbs if v.startswith(("sign-in", "activation"))] == [
        "sign-in.failed",
        "sign-in.done",
        "activation.failed",
    ]


def test_one_kind_of_token_is_no_other(tmp_path: Path) -> None:
    """A session's token, a link's digest and a lease's token open nothing of each other."""
    settings = make_settings(tmp_path)
    link = delivery.digest(settings, 4_000_000_000, "a" * 16, "b" * 16)
    for other in (link, "a" * 86, settings.secret_key, ""):
        with pytest.raises((BadToken, AcademyError)):
            Signer(settings).read(other)
    assert delivery.secret(settings) not in {settings.secret_key, settings.data_key}
    assert not delivery.is_valid(settings, settings.secret_key, 4_000_000_000, "a" * 16, "b" * 16)


@ONE_KIND
def test_a_value_is_taken_from_its_one_place(client: FlaskClient, house: House) -> None:
    """A password in an address is not the form's; of two values of one field the first counts, for every reader."""
    with house.db.begin() as tx:
        account = factories.account(tx)
        account.password_hash = passwords.make("春天的第一课2026")
        name = account.username
    address = f"/sign-in?username={name}&password=春天的第一课2026"
    assert client.post(address, data={}).status_code == 422
    twice = {"username": [name, "other"], "password": ["wrong", "春天的第一课2026"]}
    assert client.post("/sign-in", data=twice).status_code == 422
