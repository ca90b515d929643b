"""flask media …: what operators need of files and their delivery."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.house import House
from academy.core.settings import Settings
from academy.media import delivery

group = AppGroup("media", help="Files and their delivery.")

TEMPLATE = Path(__file__).parents[2] / "deploy" / "nginx.conf"


def nginx_configuration(settings: Settings, *, listen: str, upstream: str) -> str:
    """The shipped configuration with this installation's folder and key of links."""
    text = TEMPLATE.read_text(encoding="utf-8")
    words = {
        "UPSTREAM": upstream,
        "LISTEN": listen,
        "SECRET": delivery.secret(settings),
        "MEDIA": str(settings.media_dir.absolute()),
    }
    for word, value in words.items():
        text = text.replace(f" {word}", f" {value}").replace(f"{word}/", f"{value}/")
    return text


@group.command("nginx")
@click.option("--listen", default="80", show_default=True, help="Address or port that nginx listens on.")
@click.option("--upstream", default="", help="Where the academy listens; by default as its settings say.")
def nginx(listen: str, upstream: str) -> None:
    """Print a configuration for nginx, which then checks signed links by itself. Keep it secret."""
    house: House = current_app.extensions["academy"]
    settings = house.settings
    click.echo(
        nginx_configuration(settings, listen=listen, upstream=upstream or f"{settings.host}:{settings.port}"), nl=False
    )
