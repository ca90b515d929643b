"""A person at a page, by finger or by key, whose touches are counted."""

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


FOCUSED = """target => {
  const e = document.activeElement;
  return e === target || target.contains(e);
}"""
# WCAG 2.4.7: who goes by key sees where.
MARKED = """() => {
  const style = getComputedStyle(document.activeElement);
  return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
}"""
FARTHEST = 250
"""Presses of the tabulator after which something counts as out of reach."""


class Keys(Taps):
    """The same without a pointer: whatever is touched is come to by the tabulator, and is seen to be where one is."""

    def on(self, target: Locator) -> None:
        """Come to it and press it: a link by Enter, a tick by the space bar."""
        self.number += 1
        self.come_to(target)
        is_tick = target.evaluate("e => e.matches('[type=checkbox], [type=radio]')")
        self.page.keyboard.press("Space" if is_tick else "Enter")

    def type(self, target: Locator, text: str) -> None:
        """Come to a field and type."""
        self.number += 1
        self.come_to(target)
        self.page.keyboard.insert_text(text)

    def come_to(self, target: Locator) -> None:
        """Press the tabulator until the focus is there.

        Raises:
            AssertionError: it never comes there, or nobody would see that it is there.
        """
        target.wait_for(state="attached")
        handle = target.element_handle()
        for _ in range(FARTHEST):
            if self.page.evaluate(FOCUSED, handle):
                assert self.page.evaluate(MARKED), f"focus is not shown: {target}"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the tabulator never comes to {target}")
