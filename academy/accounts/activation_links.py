"""The link on an activation slip: it fills number and code into the page where an account is activated."""

from urllib.parse import urlencode


def activation_link(page: str, number: str, code: str) -> str:
    """The address for a slip's QR code: `page` (the activation page's absolute address) with number and code.

    Both stand in the fragment, behind ``#``: browsers do not send it, so a code that opens an account is in no log of
    ours or of a proxy and in no header. The page's script reads them and removes them from the address
    (js/activate.js); without scripts they are typed from the slip.
    """
    return f"{page}#{urlencode({'n': number, 'c': code})}"
