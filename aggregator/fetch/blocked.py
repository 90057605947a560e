"""Is this the page, or something served in its place: a challenge to robots, a maintenance notice, a consent wall?

Decided by a small table, and conservatively: a challenge leaves marks that no ordinary page has; a maintenance notice
is recognised by a title that says nothing else, on a page with hardly a link. An article about maintenance is a page.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping

_HEAD = 4_096
_TITLE_WITHIN = 65_536
_FEW_LINKS = 15  # a page of a site in service has its menus
_REFUSALS = frozenset({202, 401, 403, 405, 429, 503})  # statuses that challenges come with

# (header, a pattern of its value, who challenges us)
_HEADERS = (
    ("cf-mitigated", "challenge", "Cloudflare"),
    ("x-vercel-mitigated", "challenge", "Vercel"),
    ("x-amzn-waf-action", "challenge", "AWS WAF"),
    ("x-amzn-waf-action", "captcha", "AWS WAF"),
    ("sg-captcha", "challenge", "SiteGround"),
    ("x-sucuri-block", "", "Sucuri"),
)
# Marks in the first 4 KB that only a challenge has, whatever its status.
_MARKS = (
    (b"window._cf_chl_opt", "Cloudflare"),
    (b"/cdn-cgi/styles/cf.errors.css", "Cloudflare"),
    (b"anubis_challenge", "Anubis"),
    (b"incapsula incident id", "Incapsula"),
    (b"/.well-known/sgcaptcha/", "SiteGround"),
    (b"sucuri_cloudproxy_js", "Sucuri"),
    (b"https://geo.captcha-delivery.com/", "DataDome"),
    (b"https://ct.captcha-delivery.com/", "DataDome"),
    (b'id="px-captcha"', "PerimeterX"),
)
# Marks that ordinary pages may have too: they count on an answer of refusal only.
_MARKS_OF_REFUSAL = (
    (b"captcha-delivery.com", "DataDome"),
    (b"_incapsula_resource", "Incapsula"),
    (b"/.within.website/", "Anubis"),
    (b"/cdn-cgi/challenge-platform/", "Cloudflare"),
    (b"errors.edgesuite.net", "Akamai"),
    (b"sucuri website firewall", "Sucuri"),
    (b"imunify360", "Imunify360"),
)
# Whole titles of challenges, folded (lower case, no accents, plain apostrophes).
_CHALLENGE_TITLES = re.compile(
    r"just a moment(\.\.\.|…)?|un instant(\.\.\.|…)?|one moment, please(\.\.\.|…)?"
    r"|(please wait(\.\.\.|…)?|attention required!|access denied) \| .{0,200}cloudflare.{0,40}"
    r"|checking your browser.{0,60}|ddos-guard|vercel security checkpoint|robot challenge screen|human verification"
    r"|sucuri website firewall - access denied|pardon our interruption(\.\.\.|…)?|bot verification"
    r"|making sure you're not a bot!?|nous verifions que vous n'etes pas un robot ?!?"
    r"|verification que vous n'etes pas un robot ?!?"
    r"|before you continue( to .{0,60})?|avant d'acceder a (google|youtube).{0,40}"
)
# A part of a title that speaks of the site itself and of nothing else.
_SITE = r"(?:(?:le|ce|notre|the|this|our) )?(?:site(?: (?:web|internet))?|website|page|portail)"
_MAINTENANCE_TITLES = re.compile(
    r"(?:en )?maintenance(?: en cours| du site| mode| programmee)?|mode maintenance|(?:site )?(?:under|down for) maintenance"
    rf"|{_SITE} (?:est |is )?(?:actuellement |currently |momentanement |temporairement )?"
    r"(?:en (?:cours de )?(?:maintenance|travaux|construction|refonte)|indisponible|ferme|suspendu|unavailable"
    r"|(?:under|down for|undergoing) (?:scheduled )?(?:maintenance|construction)|offline)"
    r"(?: pour (?:maintenance|travaux))?"
    r"|en (?:travaux|construction)|under construction|coming soon|bientot disponible|account suspended|compte suspendu"
)
_MAINTENANCE_WORDS = re.compile(
    r"site (?:web |internet )?(?:est )?(?:actuellement |momentanement |temporairement )?en (?:cours de )?(?:maintenance|travaux)"
    r"|(?:under|undergoing|for scheduled) (?:scheduled )?maintenance|maintenance (?:est )?en cours"
)
_TITLE_PARTS = re.compile(r"\s[-–—:/]\s|:\s|[|·•»«]")


def blocked(status: int, headers: Mapping[str, str], media_type: str, body: bytes) -> str | None:
    """Say in words what was served in place of the page; None: it is the page, or no page of HTML.

    `headers`: names looked up in lower case. `media_type`: lower case, "" when not said. `body`: decoded.
    """
    for name, value, who in _HEADERS:
        if name in headers and value in headers[name].lower():
            return f"a challenge to robots ({who})"
    if not _is_html(media_type, body):
        return None
    head = body[:_HEAD].lower()
    refusal = status in _REFUSALS
    marks = _MARKS + _MARKS_OF_REFUSAL if refusal else _MARKS
    title = _folded(_title(body))
    if marked := next((who for mark, who in marks if mark in head), None):
        return f"a challenge to robots ({marked})"
    if _CHALLENGE_TITLES.fullmatch(title):
        return f"a challenge to robots ({title[:60]})"
    notice = any(_MAINTENANCE_TITLES.fullmatch(part.strip(" .!…")) for part in _TITLE_PARTS.split(title))
    if notice and (status >= 400 or body.lower().count(b"<a ") <= _FEW_LINKS):
        return "a maintenance notice"
    if status >= 500 and _MAINTENANCE_WORDS.search(_folded(head.decode("utf-8", "replace"))):
        return "a maintenance notice"
    return None


def _is_html(media_type: str, body: bytes) -> bool:
    start = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"{", b"[", b"begin:vcalendar")):
        return b"<!doctype html" in body[:_HEAD].lower()  # XHTML may open with <?xml
    if media_type in ("", "text/plain", "application/octet-stream"):
        return start.startswith((b"<!doctype html", b"<html", b"<head", b"<!--"))
    return media_type in ("text/html", "application/xhtml+xml")


def _title(body: bytes) -> str:
    head = body[:_TITLE_WITHIN]
    lowered = head.lower()
    start = lowered.find(b">", lowered.find(b"<title")) if b"<title" in lowered else -1
    end = lowered.find(b"</title", start)
    if start < 0 or end < 0:
        return ""
    raw = head[start + 1 : min(end, start + 1_000)]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return html.unescape(text)


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.replace("…", "...").replace("’", "'"))
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).lower().split())
