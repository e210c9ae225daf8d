"""Browsers and devices in words that their owner knows."""

from django.utils.translation import gettext as _

# The first that is found: each of them names some of those after it as well.
BROWSERS = {
    "MicroMessenger": "WeChat",
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "HarmonyOS": "HarmonyOS",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def device_text(user_agent: str) -> str:
    """Say which browser on what an agent's name stands for, as far as it tells."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), _("unknown browser"))
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
