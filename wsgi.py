"""The WSGI entry point: `granian --interface wsgi wsgi:app` or `flask run`."""

from academy.app import create_app
from config import load

app = create_app(load())
