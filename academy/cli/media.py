"""flask media …: files and their delivery, for operators."""

import dataclasses
import textwrap
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.http.headers import EVERYWHERE, HSTS
from academy.media import api as media

group = AppGroup("media", help="Files and their delivery.")

DEPLOY = Path(__file__).parents[2] / "deploy"
CACHE = "/var/cache/nginx/academy"


TLS = """
    ssl_certificate "{certificate}";
    ssl_certificate_key "{key}";
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:\
ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;
    ssl_prefer_server_ciphers on;
    ssl_session_cache shared:academy_tls:10m;
    ssl_session_tickets off;
"""
PLAIN = """# Requests without TLS are redirected.
server {{
    listen {plain};
    server_tokens off;
    return 301 https://$host$request_uri;
}}

"""


INNER_TLS = """
    # Only the academy's own certificate is accepted.
    proxy_ssl_trusted_certificate "{certificate}";
    proxy_ssl_verify on;
    proxy_ssl_name {name};
    proxy_ssl_protocols TLSv1.3;
"""
INNER_NAME = "academy"
"""Name in the certificate that the academy shows to nginx."""


@dataclasses.dataclass(frozen=True)
class Certificate:
    """nginx's certificate and key, and the port that redirects to TLS."""

    chain: str
    key: str
    plain: str = "80"


def nginx_configuration(
    settings: Settings, *, listen: str, upstream: str, cache: str = CACHE, tls: Certificate | None = None
) -> str:
    """The shipped configuration with this installation's folder or storage and its link key filled in."""
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    words = {
        "UPSTREAM": upstream,
        "LISTEN": f"{listen} ssl" if tls else listen,
        "SECRET": media.delivery_secret(settings),
        "MEDIA": str(settings.media_dir.absolute()),
        "FORM_MB": f"{settings.max_form_mb + 1}m",  # multipart overhead is added to the file's size
    }
    if settings.s3_bucket:
        words["ORIGIN"], words["INTERNAL"] = media.object_origin(settings)
        # nginx's own folder; it holds copies only, and the oldest are deleted first.
        text = f'proxy_cache_path "{cache}" levels=1:2 keys_zone=academy_sets:32m max_size=50g inactive=7d;\n' + text
    sets = DEPLOY / ("nginx-objects.conf" if settings.s3_bucket else "nginx-files.conf")
    text = text.replace("    SETS\n", textwrap.indent(sets.read_text(encoding="utf-8"), "    "))
    if tls:
        lines = TLS.lstrip("\n").format(certificate=tls.chain, key=tls.key)
        text = text.replace("    server_tokens off;\n", f"    server_tokens off;\n{lines}", 1)
        text = text.replace("server {\n", PLAIN.format(plain=tls.plain) + "server {\n", 1)
    if settings.tls_certificate:
        lines = INNER_TLS.format(certificate=settings.tls_certificate, name=INNER_NAME)
        text = text.replace("http://academy", "https://academy").replace(
            "\n    proxy_http_version", lines + "\n    proxy_http_version", 1
        )
    headers = dict(EVERYWHERE) | ({"Strict-Transport-Security": HSTS} if settings.secure_cookies else {})
    lines = "".join(f'        add_header {name} "{value}" always;\n' for name, value in headers.items())
    text = text.replace("        HEADERS\n", lines)
    for word, value in words.items():
        text = text.replace(f" {word}", f" {value}").replace(f"{word}/", f"{value}/")
    return text


@group.command("nginx")
@click.option("--listen", default="80", show_default=True, help="Address or port that nginx listens on.")
@click.option("--upstream", default="", help="Where the academy listens; default: the configured address.")
@click.option("--certificate", default="", help="TLS: file of nginx's certificate with its chain.")
@click.option("--key", default="", help="TLS: file of its key.")
@click.option("--cache", default=CACHE, show_default=True, help="With S3: nginx's cache folder.")
def nginx(listen: str, upstream: str, certificate: str, key: str, cache: str) -> None:
    """Print a configuration for nginx, which then checks signed links by itself. Keep it secret."""
    runtime: Runtime = current_app.extensions["academy"]
    settings = runtime.settings
    upstream = upstream or f"{settings.host}:{settings.port}"
    if bool(certificate) != bool(key):
        raise click.UsageError("--certificate and --key go together")
    tls = Certificate(certificate, key) if certificate else None
    click.echo(nginx_configuration(settings, listen=listen, upstream=upstream, cache=cache, tls=tls), nl=False)


@group.command("keep")
def keep() -> None:
    """Have the files made that members keep on their phones, for lectures published before there were such."""
    runtime: Runtime = current_app.extensions["academy"]
    count = runtime.db.run_in_transaction(media.enqueue_kept)
    click.echo(f"{count} lectures; the worker makes them one after the other")
