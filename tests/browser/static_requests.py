"""What pages fetch of our static files: each once, kept for good, and no library that nothing uses."""

import re
from collections import Counter
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Response

USES = {
    "hls.light.min.js": "[data-player], [data-captions] video",
    "tus.min.js": "[data-upload]",
}
"""The libraries of academy/web/static/vendor, and what on a page asks for each."""


class StaticRequests:
    """Listens to a page from its next navigation on."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: Counter[str] = Counter()
        self.names: dict[str, set[str]] = {}
        self.passing: set[str] = set()
        page.on("request", self._request)
        page.on("response", self._response)

    def _request(self, request: Request) -> None:
        if request.is_navigation_request():
            self.asked.clear()
        address = urlsplit(request.url)
        if address.path.startswith("/static/"):
            file = re.sub(r"/js-[0-9a-f]+/", "/js/", address.path)
            self.asked[file] += 1
            self.names.setdefault(file, set()).add(request.url)

    def _response(self, response: Response) -> None:
        if urlsplit(response.url).path.startswith("/static/") and "immutable" not in response.headers["cache-control"]:
            self.passing.add(response.url)

    def wrong(self) -> list[str]:
        """What is wrong with the page that is open now. A file's name never changes while one release runs."""
        found = [f"{file} was fetched {n} times" for file, n in self.asked.items() if n > 1 and file.endswith(".js")]
        found += [f"{file} has several addresses: {names}" for file, names in self.names.items() if len(names) > 1]
        found += [f"{address} is not kept" for address in self.passing]
        for name, use in USES.items():
            fetched = any(file.endswith(f"/vendor/{name}") for file in self.asked)
            if fetched and not self.page.locator(use).count():
                found.append(f"{name} is fetched and nothing uses it")
        return found
