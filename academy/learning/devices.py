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
    agent = user_agent.lower()
    if "micromessenger" in agent:
        return "wechat"
    if "ipad" in agent or ("android" in agent and "mobile" not in agent):
        return "tablet"
    if "mobile" in agent or "android" in agent or "iphone" in agent:
        return "phone"
    return "computer"


def device_label(name: str) -> Message:
    """The display name of a kind of device."""
    return NAMES.get(name, NAMES["computer"])
