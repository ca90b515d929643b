"""The list of sectors, kept by system administrators."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, url_for

from academy import http
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.http import actor, menu, office, reading, writing
from academy.http.edit_conflicts import check_version, current_row
from academy.http.forms import Form, Key, Text, Verb
from academy.people import api as people

bp = Blueprint("sectors", __name__)
page = functools.partial(http.page, section=menu.SECTORS)


@bp.get("/sectors")
@page(office(*people.SECTOR_KEEPERS), menu=menu.SECTORS)
def index() -> str:
    """The list, to be ordered."""
    return _page({})


class SectorForm(Form):
    """Operation on a sector."""

    verb = Verb("add", "rename", "up", "down", "retire", otherwise="add")
    code = Key()
    name = Text()
    name_en = Text()


@bp.post("/sectors")
@page(office(*people.SECTOR_KEEPERS), form=SectorForm)
def change() -> Any:
    """Add, rename, move or retire a sector, by the pressed button."""
    try:
        form = SectorForm.read()
        code, verb = form.code.data, form.verb.data
        with writing() as tx:
            if verb == "rename":
                row = current_row(tx, people.find_sector(tx, code))
                kept = {"name": row.name, "name_en": row.name_en}
                check_version(kept, {"name": msg("名称"), "name_en": msg("英文名称")})
                people.rename_sector(tx, actor(), code, form.name.data, form.name_en.data)
            elif verb in {"up", "down"}:
                people.move_sector(tx, actor(), code, 1 if verb == "down" else -1)
            elif verb == "retire":
                people.retire_sector(tx, actor(), code)
            else:
                people.add_sector(tx, actor(), form.name.data, form.name_en.data)
    except Invalid as error:
        return _page(error.fields), error.status
    return redirect(url_for(".index"), 303)


def _page(errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        return render_template(
            "members/sectors.html",
            rows=people.list_sectors(tx),
            counts=people.count_organisations_by_sector(tx),
            errors=errors,
        )
