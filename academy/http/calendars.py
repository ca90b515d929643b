"""The answer with an iCalendar feed."""

from flask import Response, request


def calendar_answer(feed: bytes) -> Response:
    """A feed with its ETag; 304 without it for whoever has the same already."""
    answer = Response(feed, mimetype="text/calendar")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
