"""A page in headless Chromium: how wide and how legible it is, what it prints and asks for. Tests skip without it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium or Chrome")

_MEASURE = """<!DOCTYPE html><html><body style="margin:0">
<iframe id="page" style="width:{width}px;height:900px;border:0" src="{url}"></iframe>
<script>
addEventListener("load", () => {{
  const inner = document.getElementById("page").contentDocument, view = inner.defaultView;
  const style = node => view.getComputedStyle(node);
  const scrolled = node => {{
    for (let at = node.parentElement; at; at = at.parentElement)
      if (["auto", "scroll", "hidden"].includes(style(at).overflowX)) return true;
    return false;
  }};
  const color = text => text.match(/[0-9.]+/g).map(Number);
  const luminance = rgb => {{
    const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = rgb.slice(0, 3).map(v => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }};
  const background = node => {{
    for (let at = node; at; at = at.parentElement) {{
      const found = color(style(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }}
    return [255, 255, 255];
  }};
  inner.querySelectorAll("details").forEach(node => {{ node.open = true; }});
  const beyond = [], pale = [];
  let least = 21;
  for (const node of inner.body.querySelectorAll("*")) {{
    const right = node.getBoundingClientRect().right;
    if (right > {width} + 0.5 && !scrolled(node)) beyond.push(node.outerHTML.slice(0, 80));
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.getClientRects().length) continue;
    const [one, two] = [luminance(color(style(node).color)), luminance(background(node))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05), size = parseFloat(style(node).fontSize);
    const large = size >= 24 || (size >= 18.66 && style(node).fontWeight >= 700);
    least = Math.min(least, ratio);
    if (ratio < (large ? 3 : 4.5)) pale.push(ratio.toFixed(2) + " " + node.outerHTML.slice(0, 80));
  }}
  const asked = view.performance.getEntriesByType("resource").map(entry => entry.name);
  const found = {{width: inner.scrollingElement.scrollWidth, scripts: inner.scripts.length, beyond: beyond.slice(0, 5),
    pale: pale.slice(0, 5), contrast: least, asked: asked.filter(name => !name.startsWith("data:"))}};
  document.body.setAttribute("data-found", JSON.stringify(found));
}});
</script></body></html>"""


def _run(folder: Path, *options: str) -> str:
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--allow-file-access-from-files",
        f"--user-data-dir={folder / 'profile'}", *options,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def measured(page: Path, width: int, folder: Path) -> dict:
    """Show a page in a window of some width, its foldable parts open, and measure it.

    Returns
    -------
    dict
        ``width``: pixels that the page needs; ``beyond``: elements that reach beyond the window and do not lie in a
        part that scrolls by itself; ``scripts``: how many it has; ``asked``: addresses that it asks for; ``contrast``:
        least contrast of text to its background, and ``pale``: texts below what WCAG 2.1 AA (1.4.3) asks, 4.5, and 3
        for large ones.
    """
    around = folder / f"around-{width}.html"
    around.write_text(_MEASURE.format(width=width, url=page.as_uri()), encoding="utf-8")
    text = _run(folder, "--window-size=1600,1000", "--virtual-time-budget=5000", "--dump-dom", around.as_uri())
    found = re.search(r'data-found="([^"]*)"', text)
    assert found is not None, "the page was not measured"
    return json.loads(html.unescape(found[1]))


def printed(page: Path, folder: Path) -> Path:
    """Print a page as its own rules for paper say; gives the PDF."""
    out = folder / "printed.pdf"
    _run(folder, "--no-pdf-header-footer", f"--print-to-pdf={out}", page.as_uri())
    return out
