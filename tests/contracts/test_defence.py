"""What docs/asvs.md and docs/security.md say of the whole application, looked for in the code itself."""

import ast
import re
import traceback

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError

from academy.accounts import service
from academy.accounts.authentication import identity_provider, passwords, sso, throttle
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.http import declarations
from academy.learning import rules
from academy.library import complaints
from academy.media import delivery
from academy.media.captions import caption_files
from academy.rest.contracts import Contract
from academy.roster import changes
from tests.contracts.asvs_numbers import NUMBERS
from tests.contracts.source import CODE, ROOT, python, who_imports

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


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
        f"{declarations.DEFAULT_BODY >> 10} KiB (JSON {Contract({}).most >> 10} KiB)",
        f"a file in a form {settings.max_form_mb} MiB",
        f"{settings.max_upload_mb} MiB, quota {settings.trainer_quota_gb} GiB",
        f"roster's change {changes.MOST_CHANGES} people",
        f"{rules.MAX_CLAIM} stretches",
        f"{complaints.OPEN_MOST} open words",
        f"{caption_files.MAX_CUES} lines",
        ", ".join(sso.ALGORITHMS),
        f"at most every {identity_provider.KEYS_AGAIN_AFTER_S} s",
        "only these types are ever served: " + ", ".join(suffix[1:] for suffix in delivery.CONTENT_TYPES),
        *passwords.PLACE,
    ]
    flat = " ".join(text.split())
    assert [words for words in said if words not in flat] == []


def test_only_these_speak_to_the_network() -> None:
    clients = ("requests", "httpx", "urllib.request", "urllib3", "http.client", "aiohttp", "boto3", "botocore")
    assert set(who_imports(*clients)) <= {
        "accounts/jobs.py",
        "accounts/authentication/sms.py",
        "accounts/authentication/identity_provider.py",
        "media/storage/s3_storage.py",
        "notifications/channels/webhook.py",
    }
    assert set(who_imports("authlib")) <= {"accounts/authentication/sso.py"}


def test_nothing_switches_certificates_off() -> None:
    for path, nodes in python():
        for node in nodes:
            if isinstance(node, ast.keyword) and node.arg in {"verify", "ssl", "allow_redirects", "follow_redirects"}:
                wanted = isinstance(node.value, ast.Constant) and node.value.value is (node.arg == "verify")
                assert node.arg not in {"verify", "allow_redirects"} or wanted, (path, node.lineno)
    speakers = set(who_imports("ssl"))
    assert speakers == {
        "core/log_server.py",
        "core/certificates.py",
        "notifications/channels/mail.py",
        "notifications/channels/webhook.py",
    }
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


def test_an_error_of_the_database_does_not_tell_what_it_was_given(runtime: Runtime) -> None:
    """What is logged of it holds the statement and none of its values: those are names and phones."""
    phone = "138" + 8 * "0"  # not as it stands in this file, which a traceback shows
    for broken in ("SELECT :phone FROM nowhere", "INSERT INTO nowhere VALUES (:phone)"):
        with pytest.raises(DBAPIError) as caught, runtime.db.begin() as tx:
            tx.execute(sql(broken), {"phone": phone})
        told = "".join(traceback.format_exception(caught.value))
        assert "nowhere" in told and phone not in told


def test_what_could_do_harm_is_not_there() -> None:
    """No interpreters of texts, no directories, no mailboxes, no sockets of browsers, no tokens for others."""
    harm = ("ldap", "ldap3", "lxml", "xpath", "pylatex", "memcache", "pymemcache", "imaplib", "poplib", "marshal")
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
    assert set(who_imports("smtplib")) == {"notifications/channels/mail.py", "notifications/outbound.py"}
    for path, nodes in python():
        called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        assert not called & {"eval", "exec", "compile", "__import__", "render_template_string"}, path
        loads = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)}
        assert "from_string" not in loads, path
    # What is pickled is the index's own, between our own processes; nothing of it comes from outside.
    assert set(who_imports("pickle")) <= {"search/backends/whoosh/bulk.py", "search/backends/whoosh/view.py"}
    readers = {"media/documents/office_package.py", "media/documents/kinds.py"}
    assert set(who_imports("xml", "xml.etree")) <= readers, "without a DOCTYPE"
    assert "--no-ws" in (CODE / "cli/server.py").read_text(encoding="utf-8") + "".join(
        path.read_text(encoding="utf-8") for path in (CODE / "cli").glob("*.py")
    )


def test_no_pattern_is_made_of_what_somebody_typed() -> None:
    """A pattern is a constant, or made of constants and of words that were escaped."""
    for path, nodes in python():
        for node in nodes:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            if ast.unparse(node.func).partition(".")[0] != "re" or node.func.attr == "escape":
                continue
            source = ast.unparse(nodes[0])
            first = node.args[0]
            names = {n.id for n in ast.walk(first) if isinstance(n, ast.Name)} - {"re", "map"}
            loose = {n for n in names if not n.strip("_").isupper() and f"{n} = re.escape(" not in source}
            assert not loose or "re.escape" in ast.unparse(first), (path, node.lineno, loose)


def test_cryptography_comes_from_libraries() -> None:
    assert set(who_imports("cryptography")) <= {"core/crypto.py", "core/signing.py"}
    assert set(who_imports("argon2")) <= {"accounts/authentication/passwords.py", "cli/sample/accounts.py"}
    assert who_imports("Crypto", "Cryptodome", "rsa", "ecdsa", "bcrypt", "jwt") == {}
    randoms = who_imports("random")
    # The sample city and the simulated school draw lots; whoever collided with another waits a random moment.
    assert all(
        path.startswith(("cli/sample/", "faculty/simulated_school.py", "core/collisions.py")) for path in randoms
    ), randoms
