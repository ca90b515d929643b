"""Names of devices, shown when another device asks to take over."""

from academy.core.i18n import Message, msg

NAMES: dict[str, Message] = {
    "wechat": msg("微信"),
    "phone": msg("手机"),
    "tablet": msg("平板"),
    "computer": msg("电脑"),
}


def device_of(user_agent: str) -> str:
    """The kind of device from its User-Agent header; stored with the lease."""
    said = user_agent.lower()
    if "micromessenger" in said:
        return "wechat"
    if "ipad" in said or ("android" in said and "mobile" not in said):
        return "tablet"
    if "mobile" in said or "android" in said or "iphone" in said:
        return "phone"
    return "computer"


def device_label(name: str) -> Message:
    """The display name of a kind of device."""
    return NAMES.get(name, NAMES["computer"])
