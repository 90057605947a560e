"""SPIP skeletons made at random: the same records in markup that no two sites share.

`render(records, seed)` gives a whole page. Tags, classes, wrappers, the place of dates and links, the order of columns,
and the navigation around change with the seed; the words and their reading order inside an item do not.
"""

from __future__ import annotations

import random
from html import escape
from typing import Any

MENU = ["Accueil", "Actualités", "Agenda", "Groupes-pays", "Publications", "Fonds de solidarité", "Adhérer", "Contact"]
FOOT = ["Mentions légales", "Plan du site", "Contact", "Espace adhérents", "RSS 2.0"]
SOCIAL = ["Facebook", "Twitter", "LinkedIn", "Youtube"]
LANGUAGES = ["Français", "English", "Español"]


class Skeleton:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        pick = self.dice.choice
        self.card = pick(
            ["div", "li", "article", "section", "flat", "flat", "rows", "row", "dl", "soup", "spans", "anchor"]
        )
        self.date = pick(["p", "div", "span", "time", "small", "em", "strong", "h5"])
        self.date_inside = pick([True, False, False])
        self.title = pick(["h2", "h3", "h3", "h4", "div", "p", "strong"])
        self.subtitle = pick(["p", "div", "h5", "small", "em"])
        self.intro = pick(["p", "div", "blockquote"])
        self.links = pick(["title", "more", "both", "both"])
        self.more = pick(["own", "own", "inline", "image", "arrow"])
        self.image = pick(["none", "alt", "alt", "text", "linked", "figure"])
        self.heading = pick(["h1", "h2", "h2", "div", "p", "strong", "image", "linked", "caption"])
        self.agenda = pick(["spans", "string", "divs", "table", "dl", "inlink", "glued"])
        self.sidebar = pick(["ul", "div", "h5", "p", "table", "ol"])
        self.menu = pick(["nav", "div", "ul", "header", "table"])
        self.first = pick(["main", "side"])
        self.wrap = self.dice.randrange(3)
        self.unclosed = self.dice.random() < 0.3
        self.url = pick(["", "/", "http://www.raict.org/", "spip.php?page=pays_page&id_rubrique=3&"])

    # ── small things ──

    def tag(self, name: str, inner: str, unclosable: bool = False) -> str:
        attrs = self.dice.choice(
            ["", f' class="c{self.dice.randrange(99)}"', ' style="color:red" id=x', " data-x='1' class"]
        )
        end = "" if unclosable and self.unclosed and name in ("li", "p", "td", "tr", "dt", "dd") else f"</{name}>"
        return f"<{name}{attrs}>{inner}{end}" + self.dice.choice(["", "\n", "  \n\t"])

    def a(self, href: str, inner: str) -> str:
        return f'<a {self.dice.choice(["", "class=lien ", "title=x "])}href="{escape(href)}">{inner}</a>'

    def words(self, text: str) -> str:
        return escape(text, quote=False).replace("\xa0", self.dice.choice(["\xa0", "&nbsp;", "&#160;"]))

    def wrapped(self, inner: str) -> str:
        for _ in range(self.wrap):
            inner = self.tag("div", inner)
        return inner

    def heading_of(self, text: str) -> str:
        inner = self.words(text)
        if self.heading == "image":
            return self.tag("div", f'<img src="t.png" alt="{escape(text)}">')
        if self.heading == "linked":
            return self.tag("h2", self.a("spip.php?rubrique4", inner))
        if self.heading == "strong":
            return self.tag("p", self.tag("strong", inner))
        if self.heading == "caption":
            return f"<table><caption>{inner}</caption></table>"
        return self.tag(self.heading, inner)

    # ── items ──

    def news(self, record: dict[str, str], link: str) -> str:
        in_card = self.card == "anchor"
        titled, more_linked = self.links != "more" and not in_card, self.links != "title" and not in_card
        title = self.a(link, self.words(record["title"])) if titled else self.words(record["title"])
        more = self.more_of(link if more_linked else None)
        date, intro = self.words(record["date"]), self.words(record["intro"])
        subtitle = self.words(record["subtitle"]) if "subtitle" in record else None
        image = self.image_of(link)
        if self.card == "soup":
            return self.tag("p", "<br>".join(part for part in (image, date, title, subtitle, intro, more) if part))
        if self.card == "spans":
            spans = [self.tag("span", part) for part in (date, title, subtitle, intro) if part]
            return self.tag("div", image + " ".join(spans) + " " + more)
        dated = self.tag(self.date, date)
        if self.date_inside:
            head = self.tag(self.title, f"<span>{date}</span><br>{title}")
        else:
            head = dated + ("" if self.date in ("p", "div", "h5") else "<br>") + self.tag(self.title, title)
            head += "<br>" if self.title == "strong" else ""
        sub = (
            (self.tag(self.subtitle, subtitle) + ("<br>" if self.subtitle in ("small", "em") else ""))
            if subtitle
            else ""
        )
        if self.more == "inline":
            body = self.tag(self.intro, f"{intro} {more}")
        else:
            body = self.tag(self.intro, intro) + self.tag(self.dice.choice(["p", "div"]), more)
        if self.card == "rows":
            rows = [part for part in (image, dated, title, subtitle, intro, more) if part]
            return "".join(self.tag("tr", self.tag("td", part, True), True) for part in rows)
        if self.card == "row":
            return self.tag("tr", self.tag("td", image) + self.tag("td", head + sub + body))
        if self.card == "dl":
            return self.tag("dt", image + dated, True) + self.tag(
                "dd", self.tag("b", title) + "<br>" + sub + body, True
            )
        if in_card:
            return self.a(link, image + self.wrapped(head + sub + body))
        inner = image + head + sub + body
        return inner if self.card == "flat" else self.tag(self.card, self.wrapped(inner), True)

    def more_of(self, link: str | None) -> str:
        inner = {"image": '<img src="p.gif" alt="EN SAVOIR PLUS">', "arrow": "EN SAVOIR PLUS <span>&gt;</span>"}.get(
            self.more, "EN SAVOIR PLUS"
        )
        return self.a(link, inner) if link else f"<span>{inner}</span>"

    def image_of(self, link: str) -> str:
        if self.dice.random() < 0.4:
            return ""
        image = '<img src="d.png" alt="image par defaut">'
        return {
            "none": "",
            "alt": image,
            "text": self.tag("div", "image par defaut") if self.card not in ("soup", "spans") else "",
            "linked": self.a(link, image),
            "figure": f"<figure>{image}</figure>" if self.card not in ("soup", "spans") else image,
        }[self.image]

    def listing(self, section: dict[str, Any]) -> str:
        cards = "".join(self.news(item, self.link(item["link"])) for item in section["items"])
        around = {"li": "ul", "rows": "table", "row": "table", "dl": "dl"}.get(self.card)
        body = self.tag(around, cards) if around else cards
        return self.wrapped(self.heading_of(section["heading"]) + body)

    def link(self, link: str) -> str:
        if link.startswith("spip.php"):
            return link
        return self.url + (f"id_article={len(link)}{sum(map(ord, link))}" if self.url.endswith("&") else link)

    def event(self, event: dict[str, str]) -> str:
        title, link = self.words(event["title"]), self.link(event["link"])
        period = event.get("range")
        day, month = event["day"], event["month"]
        small = f"<small>{period}</small><br>" if period else ""
        match self.agenda:
            case "spans":
                return self.tag("li", f"<span>{day}</span> <span>{month}</span><br>{small}" + self.a(link, title))
            case "string":
                return self.tag("li", self.tag("p", f"{day} {month}") + small + self.tag("h4", self.a(link, title)))
            case "divs":
                inner = self.tag("div", day) + self.tag("div", month) + (self.tag("p", period) if period else "")
                return self.tag("div", self.tag("div", inner) + self.tag("div", self.a(link, title)))
            case "table":
                return f"<tr><td>{day}<br>{month}</td><td>{small}{self.a(link, title)}</td></tr>"
            case "dl":
                return f"<dt><b>{day}</b> {month}</dt><dd>{small}{self.a(link, title)}</dd>"
            case "inlink":
                inner = f"<span>{day}</span><span>{month}</span>" + (f"<em>{period}</em>" if period else "")
                return self.tag("li", self.a(link, inner + f"<strong>{title}</strong>"))
        return self.tag("p", f"<b>{day}</b><i>{month}</i>{' ' + period if period else ''} {self.a(link, title)}")

    def agendas(self, events: list[dict[str, str]]) -> str:
        around = {"spans": "ul", "string": "ol", "table": "table", "dl": "dl", "inlink": "ul"}.get(self.agenda, "div")
        return self.tag("div", self.heading_of("Agenda") + self.tag(around, "".join(map(self.event, events))))

    def undated(self, records: list[dict[str, str]]) -> str:
        row = {"ul": "li", "ol": "li", "div": "div", "h5": "h5", "p": "p", "table": "td"}[self.sidebar]
        lines = []
        for record in records:
            link = self.link(record["link"])
            line = self.tag(row, self.image_of(link) + self.a(link, self.words(record["title"])), True)
            lines.append(self.tag("tr", line, True) if row == "td" else line)
        around = self.sidebar if self.sidebar in ("ul", "ol", "table") else "div"
        return self.tag("div", self.heading_of("Actualités") + self.tag(around, "".join(lines)))

    # ── the page ──

    def links_row(self, names: list[str]) -> str:
        return "".join(self.tag("li", self.a("/-" + name + "-", name), True) for name in names)

    def page(self, records: dict[str, Any]) -> str:
        menu = self.links_row(MENU)
        menu = {
            "nav": f"<nav><ul>{menu}</ul></nav>",
            "div": f'<div id="menu"><ul>{menu}</ul></div>',
            "ul": f"<ul>{menu}</ul>",
            "header": f"<header><h1>Cités Unies France</h1><ul>{menu}</ul></header>",
            "table": "<table><tr>"
            + "".join(f"<td><a href='/-{name}-'>{name}</a></td>" for name in MENU)
            + "</tr></table>",
        }[self.menu]
        crumbs = self.tag("p", '<a href="/">Accueil</a> &gt; Actualités')
        title = self.tag("div", "Le portail de la coopération décentralisée")
        pages = " | ".join(
            self.a(f"?debut_autres_articles={n}#pagination_autres_articles", str(n)) for n in (0, 20, 10)
        )
        main = self.tag("div", "".join(map(self.listing, records["sections"])) + self.tag("p", pages))
        links = self.links_row(["Texte", "Photo", "Son", "Vidéo"])
        side = self.agendas(records["agenda"]) + self.undated(records["sidebar"])
        side = self.tag("div", side + self.wrapped(self.heading_of("CENTRE DE RESSOURCES") + f"<ul>{links}</ul>"))
        foot = self.tag(self.dice.choice(["footer", "div"]), f"<ul>{self.links_row(SOCIAL)}{self.links_row(FOOT)}</ul>")
        columns = main + side if self.first == "main" else side + main
        tops = f"<ul>{self.links_row(LANGUAGES)}</ul>" + title + menu + crumbs
        return f"<!DOCTYPE html><html><head><title>CUF</title></head><body>{tops}{columns}{foot}</body></html>"


def render(records: dict[str, Any], seed: int) -> str:
    return Skeleton(seed).page(records)
