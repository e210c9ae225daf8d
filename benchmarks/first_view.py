"""``python -m benchmarks.first_view ADDRESS ...``: how soon a page stands on a phone, and what it weighs.

A Chromium of its own, without a cache, over a slow line (1.6 Mbit/s, 150 ms there and back) and with a
processor four times slower: what Lighthouse takes for a phone.
"""

import argparse
import statistics
from typing import Any

PHONE = {"width": 390, "height": 844}
LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
SLOWER = 4
SETTLED_MS = 2500
# What charts, maps and sliders need arrives after the page stands, and is counted apart.
LATER = {"/vendor/vega": "charts", "/map.json": "map", "/what-if/data/": "values"}
PARTS = ("page", *LATER.values())
OBSERVE = """
window.largest = 0; window.shifted = 0;
new PerformanceObserver(list => list.getEntries().forEach(entry => { window.largest = entry.startTime; }))
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(entry => { window.shifted += entry.value; }))
  .observe({type: "layout-shift", buffered: true});
"""


def main() -> int:
    """Print a line for each address: the middle of several visits."""
    options = _options()
    from playwright.sync_api import sync_playwright

    from tests.chromium import ARGUMENTS, find_chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for address in options.addresses:
            visits = [_visit(browser, address) for _turn in range(options.visits)]
            largest = statistics.median(visit["largest"] for visit in visits)
            shifted = max(visit["shifted"] for visit in visits)
            weights = " + ".join(f"{visits[0][part] / 1000:.0f} KB {part}" for part in PARTS)
            print(f"{address}  LCP {largest:.0f} ms  CLS {shifted:.3f}  {weights}")
        browser.close()
    return 0


def _visit(browser: Any, address: str) -> dict[str, float]:
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.add_init_script(OBSERVE)
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", LINE)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    asked: dict[str, str] = {}
    weights = dict.fromkeys(PARTS, 0.0)
    line.on(
        "Network.responseReceived", lambda said: asked.update({said["requestId"]: said["response"]["url"]})
    )
    line.on(
        "Network.loadingFinished",
        lambda said: weights.update(_added(weights, asked.get(said["requestId"], ""), said)),
    )
    page.goto(address)
    page.wait_for_timeout(SETTLED_MS)
    seen = page.evaluate("({largest: window.largest, shifted: window.shifted})")
    context.close()
    return {**seen, **weights}


def _added(weights: dict[str, float], url: str, said: dict[str, Any]) -> dict[str, float]:
    part = next((name for path, name in LATER.items() if path in url), "page")
    return {part: weights[part] + said["encodedDataLength"]}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_view", description=__doc__)
    parser.add_argument("addresses", nargs="+")
    parser.add_argument("--visits", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
