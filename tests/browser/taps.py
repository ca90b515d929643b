"""A person at a page, whose taps are counted."""

from playwright.sync_api import Locator, Page


class Taps:
    """Counts what a person touches: links, buttons, fields to type into, choosers of files."""

    def __init__(self, page: Page) -> None:
        self.page, self.number = page, 0

    def on(self, target: Locator) -> None:
        """Touch it."""
        self.number += 1
        if self.page.viewport_size and self.page.viewport_size["width"] < 500:
            target.tap()
        else:
            target.click()

    def type(self, target: Locator, text: str) -> None:
        """Touch a field and type."""
        self.on(target)
        self.page.keyboard.insert_text(text)

    def choose(self, target: Locator, name: str, data: bytes) -> None:
        """Touch a chooser and pick a file."""
        with self.page.expect_file_chooser() as waiting:
            self.on(target)
        waiting.value.set_files({"name": name, "mimeType": "text/csv", "buffer": data})
