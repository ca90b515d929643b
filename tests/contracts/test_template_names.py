"""Templates use no name that nobody gives them: in tests that is an error, wherever a page is shown."""

import pytest
from flask import Flask
from jinja2 import UndefinedError


@pytest.mark.parametrize(
    "page", ["{{ nobody }}", "{% if nobody %}{% endif %}", "{% if nobody is not none %}{% endif %}", "{{ nobody.x }}"]
)
def test_a_name_that_nobody_gives_is_refused(app: Flask, page: str) -> None:
    with pytest.raises(UndefinedError, match="nobody"):
        app.jinja_env.from_string(page).render()


def test_an_attribute_that_is_not_there_may_be_asked_for(app: Flask) -> None:
    assert app.jinja_env.from_string("{{ 'x' if given.y else 'z' }}").render(given={}) == "z"
