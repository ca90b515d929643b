"""Writes the pages of docs/ that only list what the code says, and the settings table of the README.

`make docs` calls it; tests/contracts/test_docs.py fails when a page is out of date.
"""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from flask import Flask
from werkzeug.routing import Rule

from academy.core.actor import Role
from academy.core.settings import Settings
from academy.http.declarations import DEFAULT_BODY, RouteDeclaration, declaration_of
from academy.jobs import registry, scheduler

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- settings: written by `make docs` -->", "<!-- /settings -->"


def settings_table() -> str:
    """Every setting with its default and what it is for."""
    lines = ["| variable | default | what it is for |", "|---|---|---|"]
    for field in dataclasses.fields(Settings):
        default = "" if field.default in ("", None) else f"`{_shown(field.default)}`"
        lines.append(f"| `{field.metadata['env']}` | {default} | {_cell(field.metadata['doc'])} |")
    return "\n".join(lines) + "\n"


def readme_with_settings(readme: str) -> str:
    """The README with a fresh table."""
    block = f"{BEGIN}\n{settings_table()}{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, readme, flags=re.S)


def commands_page(app: Flask) -> str:
    """Every command and every target of make."""
    lines = ["# Commands", "", "Written by `make docs`. Every command runs as `flask --app wsgi …`.", ""]
    lines += ["| command | what it does |", "|---|---|"]
    for name, command in commands(app):
        lines.append(f"| `{_usage(name, command)}` | {_cell(_first(command.help))} |")
    lines += ["", "## make", "", "| target | what it does |", "|---|---|"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target, what in re.findall(r"^([a-z-]+):[^#\n]*## (.*)$", makefile, re.M):
        lines.append(f"| `make {target}` | {_cell(what)} |")
    return "\n".join(lines) + "\n"


def commands(app: Flask) -> list[tuple[str, click.Command]]:
    """The academy's own commands, by their full names."""

    def walk(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
        for name in sorted(group.commands):
            command = group.commands[name]
            if isinstance(command, click.Group):
                yield from walk(command, f"{path}{name} ")
            else:
                yield path + name, command

    return [entry for entry in walk(app.cli, "") if entry[0] not in {"run", "routes", "shell"}]


def access_page(app: Flask) -> str:
    """Every route with what it declares: whom it lets in, and its limits."""
    lines = [
        "# Who may enter",
        "",
        "Written by `make docs` from what each route declares beside its view (`academy/http/declarations.py`).",
        "",
        "● lets in holders of this role. Which things they then see, `access_*` decides where data is reached: an",
        "office is held for a node of the tree and reaches that node and what stands below it; a trainer's things, and",
        "everybody's own, are their owner's. `tests/contracts/test_access_matrix.py` calls every route as every role,",
        "inside and outside its scope. *a minute*: how often, where it is not the general figure. *body*: the most",
        f"that is taken, where it is not {DEFAULT_BODY >> 10} KiB. *also*: shown on public screens; open before the",
        "text about one's data is agreed to; unidentified: nobody asks who is here.",
        "",
        f"| address | method | {' | '.join(COLUMNS).replace('_', ' ')} | a minute | body | also | what |",
        "|---|---|" + ":-:|" * len(COLUMNS) + "--:|--:|---|---|",
    ]
    for address, methods, what, endpoint in routes(app):
        declaration = declaration_of(app, endpoint)
        roles = [None, *Role]
        cells = ["●" if declaration.policy.admits_role(role) else "" for role in roles]
        cells += [str(declaration.rate or ""), _size(app, endpoint), _also(declaration), _cell(what)]
        lines += [f"| `{address}` | {method} | {' | '.join(cells)} |" for method in sorted(methods)]
    return "\n".join(lines) + "\n"


COLUMNS = ("nobody", *Role)


def _size(app: Flask, endpoint: str) -> str:
    most = app.extensions["academy.routes"].largest[endpoint]
    if most == DEFAULT_BODY:
        return ""
    return f"{most >> 20} MiB" if most >= 1 << 20 else f"{most >> 10} KiB"


def _also(declaration: RouteDeclaration) -> str:
    if not declaration.identified:
        return "unidentified"
    return ", ".join(["screens"] * declaration.screen + ["before consent"] * (not declaration.consent))


def routes(app: Flask) -> list[tuple[str, set[str], str, str]]:
    """Address, methods, first line of documentation and endpoint of every route."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        what = "Files of the pages." if rule.endpoint == "static" else _first(view.__doc__)
        found.append((rule.rule, methods(rule), what, rule.endpoint))
    return sorted(found, key=lambda route: (route[0], sorted(route[1])))


def methods(rule: Rule) -> set[str]:
    """What a route answers to by itself, without what Flask adds."""
    given = set(rule.methods or ())
    return given - {"OPTIONS"} - ({"HEAD"} if "GET" in given else set()) or {"OPTIONS"}


def jobs_page() -> str:
    """Every background job."""
    lines = ["# Background jobs", "", "Written by `make docs`. Short jobs never wait behind heavy ones.", ""]
    lines += ["| job | lane | when | what it does |", "|---|---|---|---|"]
    for spec in jobs():
        plan = scheduler.schedule(spec.name)
        what = _cell(_first(spec.run.__doc__))
        lines.append(f"| `{spec.name}` | {spec.lane} | {plan.description if plan else ''} | {what} |")
    return "\n".join(lines) + "\n"


def jobs() -> list[registry.JobSpec]:
    """The academy's own jobs; tests register theirs beside them."""
    return [spec for spec in registry.all_specs() if "tests." not in spec.name and not spec.name.startswith("test.")]


def pages(app: Flask) -> dict[Path, str]:
    """Every generated page by its place."""
    readme = ROOT / "README.md"
    return {
        ROOT / "docs" / "commands.md": commands_page(app),
        ROOT / "docs" / "access.md": access_page(app),
        ROOT / "docs" / "jobs.md": jobs_page(),
        readme: readme_with_settings(readme.read_text(encoding="utf-8")),
    }


def _usage(name: str, command: click.Command) -> str:
    words = [name]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            words.append((parameter.metavar or parameter.name or "").upper())
        elif isinstance(parameter, click.Option) and not parameter.hidden:
            words.append(f"[{parameter.opts[-1]}]")
    return " ".join(words)


def _first(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _shown(default: Any) -> str:
    return str(int(default)) if isinstance(default, bool) else str(default)


def main() -> None:
    from wsgi import app

    for path, text in pages(app).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
