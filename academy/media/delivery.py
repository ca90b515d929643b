"""Links to media that expire: ``/m/<md5>/<expires>/<asset>/<generation>/<file>``.

The digest covers the expiry and the set's folder, not the file, so that the relative addresses in a playlist work under
the same prefix. It is nginx's `secure_link` construction on purpose: nginx can check it without asking Python. Expiries
are rounded up, so that members share addresses and caches.
"""

import base64
import dataclasses
import hashlib
import hmac
import math
from collections.abc import Sequence

from academy.core import clock
from academy.core.settings import Settings
from academy.media.models import Asset, AssetState, DocumentPage
from academy.media.reading_text import reading_text

LIFETIMES = {"member": (12 * 3600, 6 * 3600), "staff": (2 * 3600, 3600)}
"""For each audience: minimum lifetime of a link in seconds, and the step to which its expiry is rounded up."""

CACHE_CONTROL = "private, max-age=300, must-revalidate"
"""How long a browser may use a file without revalidation, the same as nginx's. A set never changes under its name, so a
revalidation costs a response without a body (304); but a cached file must not outlive a takedown by more than minutes,
and shared caches may not store it at all."""

CONTENT_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".vtt": "text/vtt",
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".webp": "image/webp",
}
"""Content types that are served: none that a browser would execute."""


def delivery_secret(settings: Settings) -> str:
    """The secret shared with nginx; derived, so that it reveals nothing about the application's own."""
    return hmac.new(settings.secret_key.encode(), b"media-links-1", hashlib.sha256).hexdigest()[:40]


def digest(settings: Settings, expires: int, asset: str, generation: str) -> str:
    """nginx's `secure_link_md5 "$expires/$asset/$generation $secret"`, in its base64url."""
    text = f"{expires}/{asset}/{generation} {delivery_secret(settings)}"
    made = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def is_valid_link(settings: Settings, given: str, expires: int, asset: str, generation: str) -> bool:
    """Whether a link is valid and has not expired."""
    right = digest(settings, expires, asset, generation)
    return hmac.compare_digest(given.encode(), right.encode()) and expires > clock.now().timestamp()


def url(settings: Settings, asset: Asset, file: str, *, audience: str = "member") -> str:
    """A link to one file of the published set."""
    least, step = LIFETIMES[audience]
    expires = math.ceil((clock.now().timestamp() + least) / step) * step
    made = digest(settings, expires, asset.public_id, asset.generation)
    return f"/m/{made}/{expires}/{asset.public_id}/{asset.generation}/{file}"


def file_url(settings: Settings, asset: Asset, file: str) -> str:
    """A member's link to a file of the published set, whatever it is for."""
    return url(settings, asset, file)


def playlist_url(settings: Settings, asset: Asset, *, audience: str = "member") -> str | None:
    """The master playlist; None until there is one."""
    playable = asset.state == AssetState.READY and asset.kind in {"video", "audio"}
    return url(settings, asset, "master.m3u8", audience=audience) if playable else None


def audio_url(settings: Settings, asset: Asset, *, audience: str = "member") -> str | None:
    """The audio-only playlist, for weak lines and for listeners."""
    usable = asset.state == AssetState.READY and asset.has_audio
    return url(settings, asset, "audio.m3u8", audience=audience) if usable else None


def poster_url(settings: Settings, asset: Asset, *, audience: str = "member") -> str | None:
    """The poster, or the picture itself where the asset is one."""
    usable = asset.state == AssetState.READY and asset.has_poster
    return url(settings, asset, "poster.jpg", audience=audience) if usable else None


def card_url(settings: Settings, asset: Asset, *, audience: str = "member") -> str | None:
    """A picture at the size of a course's card, ≤ 12 kB where it was made since there are such; else the picture."""
    return _small_url(settings, asset, "card", audience)


def square_url(settings: Settings, asset: Asset, *, audience: str = "member") -> str | None:
    """A portrait as a square of 240 px, ≤ 8 kB where it was made since there are such; else the picture."""
    return _small_url(settings, asset, "square", audience)


def _small_url(settings: Settings, asset: Asset, form: str, audience: str) -> str | None:
    if asset.state == AssetState.READY and ((asset.probe or {}).get("pictures") or {}).get(form):
        return url(settings, asset, f"{form}.webp", audience=audience)
    return poster_url(settings, asset, audience=audience)


def storyboard_url(settings: Settings, asset: Asset, *, audience: str = "member") -> str | None:
    """The WebVTT track that maps seconds to parts of the storyboard."""
    usable = asset.state == AssetState.READY and asset.has_storyboard
    return url(settings, asset, "storyboard.vtt", audience=audience) if usable else None


def captions_url(settings: Settings, asset: Asset, *, audience: str = "member", language: str = "zh-CN") -> str:
    """The captions as WebVTT, generated from the rows at every request; empty where there are none."""
    return url(settings, asset, f"captions.{language}.vtt", audience=audience)


def document_url(settings: Settings, asset: Asset, *, audience: str = "member") -> str | None:
    """The document's file."""
    usable = asset.state == AssetState.READY and asset.kind == "document"
    return url(settings, asset, "document.pdf", audience=audience) if usable else None


@dataclasses.dataclass(frozen=True)
class PageLink:
    """One page of a document: its picture, one as wide as a phone (None in sets made before there were such), and its
    text."""

    number: int
    src: str
    small: str | None
    width: int
    height: int
    text: str


def page_links(
    settings: Settings, asset: Asset, pages: Sequence[DocumentPage], *, audience: str = "member"
) -> list[PageLink]:
    """Links to the pages of a document (`queries.document_pages`), in order; none until it is ready."""
    if asset.state != AssetState.READY or asset.kind != "document":
        return []
    has_small = bool(((asset.probe or {}).get("pictures") or {}).get("small_pages"))
    return [
        PageLink(
            number=page.number,
            src=url(settings, asset, f"pages/{page.number:03d}.jpg", audience=audience),
            small=url(settings, asset, f"pages/{page.number:03d}.webp", audience=audience) if has_small else None,
            width=page.width,
            height=page.height,
            text=reading_text(page.text),
        )
        for page in pages
    ]
