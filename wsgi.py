"""The WSGI entry point: `granian --interface wsgi wsgi:app` or `flask run`."""

from academy.app import create_app
from academy.core.runtime import Runtime
from config import load

app = create_app(Runtime.build(load()))
