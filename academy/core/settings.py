"""Settings: environment variables, or files that they name, read once, documented where they are declared.

The table in the README is checked against this class by tests/contracts/test_docs.py.
"""

import dataclasses
import ipaddress
import re
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from academy.core.environment import SettingsError, given_text, kept_secret, typed_value
from academy.core.networks import parse_networks
from academy.core.proxies import TrustedProxies
from academy.core.transport import channel_problem, is_loopback, is_protected_address, is_protected_database

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _setting(env: str, default: Any, doc: str) -> Any:
    return dataclasses.field(default=default, metadata={"env": env, "doc": doc})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings."""

    demo: bool = _setting(
        "ACADEMY_DEMO", False, "Demonstration: sample accounts are shown, missing secrets are generated."
    )
    secret_key: str = _setting(
        "ACADEMY_SECRET_KEY", "", "Signs cookies, leases and links. At least 32 characters; required outside the demo."
    )
    data_key: str = _setting(
        "ACADEMY_DATA_KEY",
        "",
        "Encrypts phones and identity numbers. At least 32 characters; required outside the demo.",
    )
    data_keys_retired: str = _setting(
        "ACADEMY_DATA_KEYS_RETIRED",
        "",
        "Earlier data keys, comma-separated: still decrypt older values, until `flask privacy rotate` has run.",
    )
    data_cipher: str = _setting("ACADEMY_DATA_CIPHER", "aes", "`aes` (AES-256-GCM) or `sm4` (SM4-GCM).")
    database_url: str = _setting("ACADEMY_DATABASE_URL", "", "SQLAlchemy URL. Empty: SQLite in the data folder.")
    migration_url: str = _setting(
        "ACADEMY_MIGRATION_URL",
        "",
        "PostgreSQL: the account that owns the tables, for `flask db upgrade` alone. It grants the account of "
        "ACADEMY_DATABASE_URL reading and writing of rows only.",
    )
    data_dir: Path = _setting(
        "ACADEMY_DATA_DIR", Path("var"), "Database, search index, exports, presence files of workers."
    )
    media_dir: Path = _setting(
        "ACADEMY_MEDIA_DIR", Path("media"), "Uploads and files in processing; without S3, all files."
    )
    s3_bucket: str = _setting(
        "ACADEMY_S3_BUCKET", "", "Bucket for originals and derived files. Empty: files in the media folder."
    )
    s3_endpoint: str = _setting(
        "ACADEMY_S3_ENDPOINT", "", "Address of the S3-compatible storage, as `https://storage:8333`. Empty: AWS."
    )
    s3_region: str = _setting("ACADEMY_S3_REGION", "us-east-1", "Region of the bucket.")
    s3_key: str = _setting("ACADEMY_S3_KEY", "", "Access key of the storage. Empty: found by boto3 (role, file).")
    s3_secret: str = _setting("ACADEMY_S3_SECRET", "", "Secret key of the storage.")
    s3_style: str = _setting(
        "ACADEMY_S3_STYLE", "path", "Where a request names the bucket: `path`, or `virtual` (in the host name)."
    )
    s3_by_nginx: bool = _setting(
        "ACADEMY_S3_BY_NGINX",
        False,
        "nginx fetches delivered files from the storage itself; off: they pass through the web process.",
    )
    redis_url: str = _setting(
        "ACADEMY_REDIS_URL",
        "",
        "Redis shared by machines (`rediss://…`) for rate limits. Empty: each process counts for itself.",
    )
    search_backend: str = _setting("ACADEMY_SEARCH", "whoosh", "`whoosh` or `postgresql`.")
    host: str = _setting("ACADEMY_HOST", "127.0.0.1", "Address to listen on.")
    port: int = _setting("ACADEMY_PORT", 8000, "Port to listen on.")
    tls_certificate: str = _setting(
        "ACADEMY_TLS_CERTIFICATE",
        "",
        "TLS between nginx and the academy: file of its certificate. Required where it listens beyond loopback.",
    )
    tls_key: str = _setting("ACADEMY_TLS_KEY", "", "File of that certificate's key (PKCS#8).")
    web_workers: int = _setting("ACADEMY_WEB_WORKERS", 2, "Web processes.")
    web_threads: int = _setting("ACADEMY_WEB_THREADS", 16, "Threads in each web process.")
    heavy_workers: int = _setting("ACADEMY_HEAVY_WORKERS", 1, "Concurrent encodings in the worker process.")
    part_s: int = _setting(
        "ACADEMY_PART_SECONDS",
        240,
        "Seconds of a part, a multiple of 6: films of at least two parts are encoded in parts, shared by workers.",
    )
    brief_workers: int = _setting(
        "ACADEMY_BRIEF_WORKERS", 2, "Concurrent posters, audio tracks and document pages in the worker process."
    )
    fast_workers: int = _setting("ACADEMY_FAST_WORKERS", 2, "Concurrent short jobs in the worker process.")
    ffmpeg: str = _setting("ACADEMY_FFMPEG", "", "Path of ffmpeg. Empty: the system's, else the wheel's.")
    ffprobe: str = _setting("ACADEMY_FFPROBE", "", "Path of ffprobe, likewise.")
    soffice: str = _setting(
        "ACADEMY_SOFFICE",
        "",
        "Path of LibreOffice (Debian: `libreoffice-writer-nogui`, `-impress-nogui`, `-math-nogui`). "
        "Empty: the system's; without one, DOCX and PPTX are refused.",
    )
    office_seconds: int = _setting("ACADEMY_OFFICE_SECONDS", 300, "Time limit of LibreOffice for one file, in seconds.")
    speech_model: str = _setting(
        "ACADEMY_SPEECH_MODEL",
        "",
        "Folder of a speech recognition model (faster-whisper or sherpa-onnx). Empty: no recognition.",
    )
    speech_language: str = _setting("ACADEMY_SPEECH_LANGUAGE", "zh", "Language of the lectures.")
    max_upload_mb: int = _setting("ACADEMY_MAX_UPLOAD_MB", 8192, "Largest original a trainer may upload, in MiB.")
    trainer_quota_gb: int = _setting(
        "ACADEMY_TRAINER_QUOTA_GB", 200, "Quota for one trainer's originals, in GiB; failed files do not count."
    )
    office_quota_gb: int = _setting(
        "ACADEMY_OFFICE_QUOTA_GB", 1000, "Quota for the originals of one administrator, in GiB."
    )
    max_form_mb: int = _setting(
        "ACADEMY_MAX_FORM_MB", 64, "Largest file sent by an ordinary form (rosters, short films), in MiB."
    )
    disk_reserve_mb: int = _setting(
        "ACADEMY_DISK_RESERVE_MB",
        512,
        "Space, in MiB, that uploads, encodings and exports leave free on their disk for the database. 0: none.",
    )
    trusted_hosts: str = _setting(
        "ACADEMY_TRUSTED_HOSTS",
        "",
        "Accepted host names, comma-separated; `.city.example` includes all subdomains. Required outside the demo.",
    )
    trusted_proxies: str = _setting(
        "ACADEMY_TRUSTED_PROXIES",
        "",
        "Proxies whose `X-Forwarded-*` headers are trusted: their addresses or networks, comma-separated, or the "
        "number of proxies in a row, on private addresses. `0`: none. Required outside the demo.",
    )
    rate_per_minute: int = _setting(
        "ACADEMY_RATE_PER_MINUTE",
        600,
        "Requests a minute from one account; five times as many from one network before sign-in. 0: no limit.",
    )
    allow_no_landlock: bool = _setting(
        "ACADEMY_ALLOW_NO_LANDLOCK",
        False,
        "Allow workers on a kernel without Landlock, where decoders can read all files of the academy's user.",
    )
    secure_cookies: bool = _setting(
        "ACADEMY_SECURE_COOKIES",
        False,
        "Cookies for HTTPS only. Outside the demo it may be off only without proxies, on loopback.",
    )
    frame_ancestors: str = _setting(
        "ACADEMY_FRAME_ANCESTORS", "'self'", "CSP frame-ancestors: sites that may embed the academy."
    )
    help_phone: str = _setting(
        "ACADEMY_HELP_PHONE", "", "Telephone number shown to people who cannot sign in. Empty: they ask their branch."
    )
    city_name: str = _setting("ACADEMY_CITY_NAME", "云学院", "The name in the header.")
    accepted_rate: float = _setting(
        "ACADEMY_ACCEPTED_RATE", 2.0, "Fastest playback that is credited, as a multiple of real time."
    )
    metrics_token: str = _setting(
        "ACADEMY_METRICS_TOKEN", "", "Bearer token of Prometheus. Empty: system administrators only."
    )
    slack_ms: int = _setting("ACADEMY_SLACK_MS", 10_000, "Media milliseconds credited beyond the clock, for jitter.")
    offline: bool = _setting("ACADEMY_OFFLINE", True, "Lectures on phones. Off: service workers remove themselves.")
    session_idle_minutes: int = _setting("ACADEMY_SESSION_IDLE_MINUTES", 60 * 24 * 14, "Idle limit of a session.")
    session_days: int = _setting("ACADEMY_SESSION_DAYS", 90, "Absolute limit of a session, used or not.")
    screen_minutes: int = _setting(
        "ACADEMY_SCREEN_MINUTES", 180, "A public screen signed in by a phone is signed out after so long."
    )
    consent: bool = _setting("ACADEMY_CONSENT", True, "People must accept the privacy text before using other pages.")
    sms: str = _setting(
        "ACADEMY_SMS",
        "",
        "SMS channel for activation codes: the https address of a gateway, `package.module:function`; `console` "
        "(terminal, for the demo only, where it is the default); `off`: only the branch issues codes.",
    )
    sms_secret: str = _setting("ACADEMY_SMS_SECRET", "", "Signs requests to the SMS gateway (HMAC-SHA256).")
    address: str = _setting(
        "ACADEMY_ADDRESS",
        "",
        "The academy's own address, as `https://academy.city.example`: links in mails and messages begin with it. "
        "Needed by mail and by the app's webhook.",
    )
    smtp: str = _setting(
        "ACADEMY_SMTP",
        "",
        "Mail server: `smtp://user@host:587` (STARTTLS) or `smtps://user@host:465`; `console` (terminal, for the demo "
        "only, where it is the default). Empty: no mail.",
    )
    smtp_password: str = _setting("ACADEMY_SMTP_PASSWORD", "", "Password of that user.")
    mail_from: str = _setting("ACADEMY_MAIL_FROM", "", "Sender's address of mails.")
    app_webhook: str = _setting(
        "ACADEMY_APP_WEBHOOK",
        "",
        "Address (https) of the city's app that gets notifications (Standard Webhooks); it knows people by their "
        "member number. Empty: none.",
    )
    app_webhook_secret: str = _setting(
        "ACADEMY_APP_WEBHOOK_SECRET", "", "Signs those requests: `whsec_` and at least 24 bytes as base64."
    )
    webhook_networks: str = _setting(
        "ACADEMY_WEBHOOK_NETWORKS",
        "",
        "Private networks or addresses that the webhook may lead to, comma-separated. Empty: public addresses only.",
    )
    mail_a_day: int = _setting("ACADEMY_MAIL_A_DAY", 10, "Mails a day to one person; what is more waits for a digest.")
    sms_a_day: int = _setting("ACADEMY_SMS_A_DAY", 3, "SMS notifications a day to one person, likewise.")
    app_a_day: int = _setting("ACADEMY_APP_A_DAY", 20, "Messages a day to one person's app, likewise.")
    oidc_issuer: str = _setting(
        "ACADEMY_OIDC_ISSUER", "", "Issuer of the city app's OpenID Connect sign-on. Empty: the button is not shown."
    )
    oidc_client_id: str = _setting("ACADEMY_OIDC_CLIENT_ID", "", "The academy's client id there.")
    oidc_client_secret: str = _setting("ACADEMY_OIDC_CLIENT_SECRET", "", "The academy's client secret there.")
    oidc_member_claim: str = _setting(
        "ACADEMY_OIDC_MEMBER_CLAIM", "member_number", "Claim of the ID token that carries the register's member number."
    )
    oidc_acr: str = _setting(
        "ACADEMY_OIDC_ACR",
        "",
        "Accepted authentication classes, comma-separated, as the provider names them (`acr`). Empty: any.",
    )
    oidc_amr: str = _setting(
        "ACADEMY_OIDC_AMR",
        "",
        "Authentication methods of which one must have been used, comma-separated: `otp,hwk,face` (`amr`). Empty: any.",
    )
    oidc_max_age_minutes: int = _setting(
        "ACADEMY_OIDC_MAX_AGE_MINUTES",
        0,
        "Maximum age of the authentication at the provider (`auth_time`). 0: any.",
    )
    audit_hash: str = _setting("ACADEMY_AUDIT_HASH", "sha256", "Hash algorithm of the audit chain: `sha256` or `sm3`.")
    audit_key: str = _setting(
        "ACADEMY_AUDIT_KEY", "", "Signs the heads of the audit chain. Empty: a key derived from ACADEMY_SECRET_KEY."
    )
    audit_heads_file: str = _setting(
        "ACADEMY_AUDIT_HEADS_FILE",
        "",
        "File to which the chain's signed heads are appended, best on another disk. Empty: in the data folder.",
    )
    audit_webhook: str = _setting(
        "ACADEMY_AUDIT_WEBHOOK", "", "Address (https) to which each signed head is also sent. Empty: none."
    )
    second_step: bool = _setting(
        "ACADEMY_SECOND_STEP", True, "Administrators and trainers need a second step; never in the demo."
    )
    keep_audit_days: int = _setting(
        "ACADEMY_KEEP_AUDIT_DAYS", 1095, "Days for which audit rows are kept; never fewer than 180."
    )
    keep_sessions_days: int = _setting("ACADEMY_KEEP_SESSIONS_DAYS", 180, "Days for which ended sessions are kept.")
    keep_codes_days: int = _setting(
        "ACADEMY_KEEP_CODES_DAYS", 30, "Days for which used or expired activation and screen codes are kept."
    )
    keep_notifications_days: int = _setting("ACADEMY_KEEP_NOTIFICATIONS_DAYS", 730, "Days for which messages are kept.")
    keep_jobs_days: int = _setting(
        "ACADEMY_KEEP_JOBS_DAYS", 90, "Days for which finished jobs and delivered events are kept; failed jobs stay."
    )
    keep_searches_days: int = _setting(
        "ACADEMY_KEEP_SEARCHES_DAYS", 400, "Days for which search statistics are kept (never who searched)."
    )
    keep_questions_days: int = _setting(
        "ACADEMY_KEEP_QUESTIONS_DAYS", 365, "Days for which questions that were not shown are kept."
    )
    keep_rosters_days: int = _setting(
        "ACADEMY_KEEP_ROSTERS_DAYS", 180, "Days for which uploaded roster files are kept; their summaries stay."
    )
    log_level: str = _setting("ACADEMY_LOG_LEVEL", "INFO", "Least severe event that is logged.")
    log_server: str = _setting(
        "ACADEMY_LOG_SERVER",
        "",
        "`host:port` of a syslog server to which log lines are also sent, by TLS (RFC 5425). Empty: none.",
    )

    @property
    def database(self) -> str:
        """The SQLAlchemy URL, with the default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'academy.db').absolute()}"

    @property
    def disk_reserve(self) -> int:
        """Disk space that stays free, in bytes."""
        return self.disk_reserve_mb << 20

    @property
    def proxies(self) -> TrustedProxies:
        """The proxies whose `X-Forwarded-*` headers are used.

        Raises:
            ValueError: the setting cannot be parsed.
        """
        return TrustedProxies.parse(self.trusted_proxies or "0")

    @property
    def webhook_networks_listed(self) -> "list[ipaddress.IPv4Network | ipaddress.IPv6Network]":
        """The private networks that the webhook may lead to.

        Raises:
            ValueError: the setting cannot be parsed.
        """
        return parse_networks(self.webhook_networks)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the environment.

        Raises:
            SettingsError: a value cannot be parsed as its type, or a secret is missing or short.
        """
        hints = typing.get_type_hints(cls)
        given: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            name = field.metadata["env"]
            text = given_text(name, environ)
            if text is not None:
                given[field.name] = typed_value(name, text, hints[field.name])
        settings = cls(**given)
        for field in dataclasses.fields(cls):
            # No retention below a day; the law requires half a year of audit.
            least = 180 if field.name == "keep_audit_days" else 1
            if field.name.startswith("keep_") and getattr(settings, field.name) < least:
                raise SettingsError(f"{field.metadata['env']} must be at least {least}")
        return settings._with_secrets()._reached_safely()

    def _with_secrets(self) -> "Settings":
        if self.demo:
            # A demonstration restarts often: generated secrets must stay the same, so they are kept in a file.
            return dataclasses.replace(
                self,
                secret_key=self.secret_key or kept_secret(self.data_dir / "secret_key"),
                data_key=self.data_key or kept_secret(self.data_dir / "data_key"),
                sms=self.sms or "console",
                smtp=self.smtp or "console",
                mail_from=self.mail_from or "academy@academy.example",
                address=self.address or f"http://{self.host}:{self.port}",
            )
        for env, value in (("ACADEMY_SECRET_KEY", self.secret_key), ("ACADEMY_DATA_KEY", self.data_key)):
            if len(value) < 32:
                raise SettingsError(f"{env} needs at least 32 characters (or set ACADEMY_DEMO=1 to try the academy)")
        if self.sms.strip() == "console":
            raise SettingsError("ACADEMY_SMS=console would write codes that open accounts into the log: demo only")
        if not self.trusted_hosts.strip(", "):
            # Sign-in links are built from the Host header: an unrestricted one could send people elsewhere.
            raise SettingsError("ACADEMY_TRUSTED_HOSTS must name the hosts that the academy answers to")
        return self

    def _reached_safely(self) -> "Settings":
        """Refuse settings that would count everybody behind a proxy as one network, or send session cookies
        unencrypted."""
        name = "ACADEMY_TRUSTED_PROXIES"
        try:
            proxies = self.proxies
        except ValueError as error:
            raise SettingsError(f"{name}={self.trusted_proxies!r} is neither a number nor networks by comma") from error
        if self.demo:
            return self
        if not self.trusted_proxies.strip():
            raise SettingsError(f"{name} must say which proxies stand in front (as 127.0.0.1), or 0 for none")
        if not self.secure_cookies and (proxies.are_any or self.host not in LOOPBACK):
            raise SettingsError(
                "ACADEMY_SECURE_COOKIES must be on wherever others than this machine reach the academy: "
                f"it is off, with {name}={self.trusted_proxies} and ACADEMY_HOST={self.host}"
            )
        self._refuse_plain_lines()
        problem = channel_problem(
            self.smtp, self.mail_from, self.address, self.app_webhook, self.app_webhook_secret, self.webhook_networks
        )
        if problem is not None:
            raise SettingsError(problem)
        return self

    def _refuse_plain_lines(self) -> None:
        for env, url in (("ACADEMY_DATABASE_URL", self.database_url), ("ACADEMY_MIGRATION_URL", self.migration_url)):
            if not is_protected_database(url):
                raise SettingsError(f"{env} leads to another machine: add sslmode=verify-full (and sslrootcert=…)")
        for env, url, secure in (
            ("ACADEMY_REDIS_URL", self.redis_url, "rediss://"),
            ("ACADEMY_S3_ENDPOINT", self.s3_endpoint, "https://"),
            ("ACADEMY_OIDC_ISSUER", self.oidc_issuer, "https://"),
            ("ACADEMY_AUDIT_WEBHOOK", self.audit_webhook, "https://"),
            ("ACADEMY_APP_WEBHOOK", self.app_webhook, "https://"),
            ("ACADEMY_ADDRESS", self.address, "https://"),
        ):
            if url and not is_protected_address(url):
                raise SettingsError(f"{env} leads to another machine: it must begin with {secure}")
        if self.log_server and not re.fullmatch(r"[^:\s]+:\d{1,5}|\[[0-9a-fA-F:.]+\]:\d{1,5}", self.log_server):
            raise SettingsError("ACADEMY_LOG_SERVER must be host:port")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise SettingsError("ACADEMY_TLS_CERTIFICATE and ACADEMY_TLS_KEY go together")
        if not self.tls_certificate and not is_loopback(self.host):
            raise SettingsError("ACADEMY_HOST is not loopback: ACADEMY_TLS_CERTIFICATE and ACADEMY_TLS_KEY are needed")
