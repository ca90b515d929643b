"""flask server …: web and worker together."""

from flask.cli import AppGroup

group = AppGroup("server", help="Web and worker together.")
