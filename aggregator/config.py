"""sources.yaml, read once into types: every problem reported together, with its line and what would be right."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from aggregator import extract, yamlfile
from aggregator.errors import ConfigError, ExtractError
from aggregator.interests import Filter, Interest
from aggregator.model import Extracted, Extractor, Limits, Page, Sieve, Site, Source, Territory
from aggregator.normalise.text import fold
from aggregator.normalise.urls import absolute, host

# ── the words of the file ───────────────────────────────────────────────────────────────────────

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "j": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d|j)$")
_SIZES = {"kB": 1_000, "KB": 1_000, "MB": 1_000_000, "Mo": 1_000_000, "ko": 1_000}
_SIZE = re.compile(r"(\d+)\s*(kB|KB|MB|Mo|ko)$")


def _wrong(words: str) -> PydanticCustomError:
    return PydanticCustomError("wrong", cast("Any", words.replace("{", "{{").replace("}", "}}")))


def _seconds(value: object) -> float:
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise _wrong("a duration is a number with its unit: 30s, 15m, 6h, 2d")
    return float(match.group(1)) * _UNITS[match.group(2)]


def _bytes(value: object) -> int:
    match = _SIZE.match(value) if isinstance(value, str) else None
    if match is None:
        raise _wrong("a size is a number with its unit: 500kB, 10MB")
    return int(match.group(1)) * _SIZES[match.group(2)]


def _web(value: str) -> str:
    if absolute(value, "") is None:
        raise _wrong("this is no web address: https://www.exemple.fr/page would be right (no password in it)")
    return value


def _public(value: str) -> str:
    if absolute(value, "") is None or re.search(r"[\s?#]", value):
        raise _wrong("this is no public address: https://flux.exemple.fr or https://www.exemple.fr/flux would be right")
    return value


def _zone(value: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise _wrong("this is no time zone: Europe/Paris or Indian/Reunion would be right") from None
    return value


def _matching(pattern: str, words: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise _wrong(words)
        return value

    return AfterValidator(check)


_AS_TEXT = {"type": "string"}
Seconds = Annotated[
    float, BeforeValidator(_seconds), Field(json_schema_extra={**_AS_TEXT, "pattern": _DURATION.pattern})
]
Interval = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(ge=60, le=31 * 86400, json_schema_extra={**_AS_TEXT, "pattern": _DURATION.pattern}),
]
Bytes = Annotated[int, BeforeValidator(_bytes), Field(gt=0, json_schema_extra={**_AS_TEXT, "pattern": _SIZE.pattern})]
Web = Annotated[StrictStr, AfterValidator(_web)]
Slug = Annotated[
    StrictStr,
    _matching(r"[a-z0-9]+(-[a-z0-9]+)*", "a slug is lower-case letters, digits and hyphens: ville-de-tours"),
    Field(max_length=60),
]
Zone = Annotated[StrictStr, AfterValidator(_zone)]
Language = Annotated[StrictStr, _matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language is its code: fr, en, es")]
Insee = Annotated[
    StrictStr,
    _matching(r"\d[0-9AB](?:\d|\d{3})?", 'an INSEE code is quoted: "92073" for a town, "93" for a département'),
]
Siren = Annotated[StrictStr, _matching(r"\d{9}", 'a SIREN is nine digits, quoted: "243100518"')]
Country = Annotated[StrictStr, _matching(r"[A-Z]{2}", "a country is its ISO 3166 code in capitals: HT, SN, JP")]
CountryOrAny = Annotated[
    StrictStr, _matching(r"[A-Z]{2}|\*", 'a country is its ISO 3166 code in capitals: HT, SN, JP; "*" is any')
]
HostName = Annotated[
    StrictStr, _matching(r"[a-z0-9.-]+(:\d+)?", "an alias is a host alone, without https:// and path: www.raict.org")
]
Days = Annotated[int, Field(strict=True, ge=1, le=3_650)]
Line = Annotated[StrictStr, Field(min_length=1, max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitsModel(_Strict):
    """Bounds of one fetch and of what is taken from it."""

    connect: Seconds | None = Field(None, description="to open a connection (10s)")
    read: Seconds | None = Field(None, description="without a byte (15s)")
    total: Seconds | None = Field(None, description="for the whole fetch (60s)")
    body: Bytes | None = Field(None, description="of the page, on the wire and unpacked (10MB)")
    redirects: Annotated[int, Field(strict=True, ge=0, le=20)] | None = None
    items: Annotated[int, Field(strict=True, ge=1, le=20_000)] | None = None
    events: Annotated[int, Field(strict=True, ge=1, le=20_000)] | None = None


class SiteModel(_Strict):
    """Who publishes."""

    title: Line = Field(description="the name that readers see")
    url: Annotated[StrictStr, AfterValidator(_public)] = Field(
        description="the public address under which feeds/ is served"
    )
    contact: Line = Field(
        description="an address (web or mail) for webmasters: it stands in the User-Agent of every request"
    )
    language: Language = "fr"
    description: StrictStr = ""
    days_back: Days = Field(30, description="past days that calendars show (30)")
    days_ahead: Days = Field(548, description="days to come that calendars show (548: 18 months)")
    snapshot: StrictBool = Field(
        False,
        description="publish a copy of the store for analysts, aggregator.db? (false; docs/store.md says what it holds)",
    )


class TerritoryModel(_Strict):
    """Whose voice a source is."""

    level: Line | None = Field(None, description="ville, métropole, département, région, réseau, …")
    insee: Insee | None = None
    siren: Siren | None = None
    partners: list[Country] = Field(default_factory=list, description="partner countries, ISO 3166")


class DefaultsModel(_Strict):
    """What holds for every source that does not say otherwise."""

    interval: Interval | None = Field(
        None, description="between two visits; without it, learned from the source's rhythm"
    )
    delay: Seconds | None = Field(None, description="between two requests to one host (2s)")
    allow_private: StrictBool | None = Field(None, description="may addresses of private networks be visited? (false)")
    timezone: Zone | None = None
    language: Language | None = None
    limits: LimitsModel = LimitsModel()


class SieveModel(_Strict):
    """Items of a source: those that match one of the values. What is left out is counted and listed in the store (sifted)."""

    words: list[Line] = Field(default_factory=list, description="words of title or summary, accents and case ignored")
    countries: list[CountryOrAny] = Field(default_factory=list, description='partner countries, ISO 3166; ["*"]: any')
    themes: list[Line] = Field(default_factory=list, description='themes (taxonomy.yaml): [climat]; ["*"]: any')
    categories: list[Line] = Field(default_factory=list, description="categories or sections, as the source calls them")

    @model_validator(mode="after")
    def _said(self) -> SieveModel:
        if not any(values for _, values in self):
            raise _wrong("it names nothing: words, countries, themes or categories would be right")
        return self


class SourceModel(DefaultsModel):
    """A place that is read."""

    slug: Slug = Field(description="its identity, for ever")
    name: Line
    url: Web
    kind: Literal[(extract.AUTO, *extract.KINDS)] = Field(  # type: ignore[valid-type]
        description="how it is read; auto: url is the site's home page, and the program finds out"
    )
    options: dict[str, Any] = Field(default_factory=dict)
    enabled: StrictBool = True
    tags: list[Line] = Field(default_factory=list)
    territory: TerritoryModel = TerritoryModel()
    licence: Line | None = Field(
        None, description="under which whole texts may be republished; without it, title, summary and link are"
    )
    aliases: list[HostName] = Field(default_factory=list, description="other hosts that serve the same site")
    note: StrictStr | None = Field(None, description="for the operator: why disabled, what to try")
    keep: SieveModel | None = Field(None, description="only items that match one of these values")
    drop: SieveModel | None = Field(None, description="no item that matches one of these values")


class FeedModel(_Strict):
    """A feed of interest: what matches every line that is given, by one of its values."""

    path: Slug = Field(description="its address: readers subscribe to it, so it stays")
    title: Line = Field(description="the name that readers see")
    kind: Literal["news", "event"] | None = Field(None, description="news alone, or events alone")
    countries: list[Country] = Field(default_factory=list, description="partner countries, ISO 3166: [HT, SN]")
    zones: list[Line] = Field(default_factory=list, description="regions of the world (taxonomy.yaml): [sahel]")
    themes: list[Line] = Field(default_factory=list, description="themes (taxonomy.yaml): [climat]")
    types: list[Line] = Field(
        default_factory=list, description="kinds of publication (taxonomy.yaml): [appel-a-projets]"
    )
    territories: list[Line] = Field(
        default_factory=list, description="of the sources: a level, an INSEE or SIREN code, a région: [ville, bretagne]"
    )
    sources: list[Slug] = Field(default_factory=list, description="slugs of sources")
    words: list[Line] = Field(default_factory=list, description="words of title or summary, accents and case ignored")


class FileModel(_Strict):
    """The whole of sources.yaml."""

    site: SiteModel
    defaults: DefaultsModel = DefaultsModel()
    feeds: list[FeedModel] = Field(default_factory=list, description="feeds of interest, beside those there always are")
    sources: list[SourceModel] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Config:
    """What the operator decided. `sources` holds the disabled ones too, in the file's order."""

    site: Site
    sources: tuple[Source, ...]
    path: Path
    interests: tuple[Interest, ...] = ()
    delay: float = 2.0  # seconds between two requests to one host, where no source says otherwise
    allow_private: bool = False
    snapshot: bool = False  # no part of `site`: what stands in feeds does not change with it

    @property
    def aliases(self) -> Mapping[str, str]:
        """Hosts that serve another's site -> that host."""
        return self.sources[0].aliases if self.sources else {}


# ── reading it ──────────────────────────────────────────────────────────────────────────────────


def load(path: Path) -> Config:
    """Read sources.yaml.

    Raises:
        ConfigError: with every problem as `FILE:LINE: path: problem, what would be right`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            [f"{path}: there is no such file: name it with --config, or run the command in the folder that holds it"]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: it cannot be read: {error}"]) from error
    document = yamlfile.read(text)
    problems = list(document.problems)
    read: tuple[FileModel, list[Source]] | None = None
    if document.data is None or not isinstance(document.data, dict):
        empty = "the file is empty" if document.data is None else "the file is no mapping"
        problems = problems or [(1, (), f"{empty}: it holds site:, defaults: and sources:")]
    else:
        read = _read(document, problems)
    if problems or read is None:
        raise ConfigError(
            [f"{path}:{line}: {_dotted(where)}{words}" for line, where, words in sorted(problems, key=lambda p: p[0])]
        )
    site = read[0].site
    return Config(
        Site(
            site.title,
            site.url.rstrip("/"),
            site.contact,
            site.language,
            site.description,
            site.days_back,
            site.days_ahead,
        ),
        tuple(read[1]),
        path,
        tuple(map(_interest, read[0].feeds)),
        delay=2.0 if (delay := read[0].defaults.delay) is None else delay,
        allow_private=bool(read[0].defaults.allow_private),
        snapshot=site.snapshot,
    )


_Problems = list[tuple[int, yamlfile.Path, str]]


def _read(document: yamlfile.Document, problems: _Problems) -> tuple[FileModel, list[Source]] | None:
    extractors = _extractors(document, problems)
    try:
        model = FileModel.model_validate(document.data)
    except ValidationError as error:
        problems.extend(_problem(document, cast("Mapping[str, Any]", one)) for one in error.errors())
        return None
    _unique(document, model, problems)
    _feeds(document, model, problems)
    if problems:
        return None
    aliases = {_bare(alias): host(s.url) for s in model.sources for alias in s.aliases if _bare(alias) != host(s.url)}
    return model, [_source(s, model.defaults, extractors[n], aliases) for n, s in enumerate(model.sources)]


def _unique(document: yamlfile.Document, model: FileModel, problems: _Problems) -> None:
    seen: dict[str, int] = {}
    owners: dict[str, str] = {}
    read = {host(source.url) for source in model.sources}
    for n, source in enumerate(model.sources):
        line = document.line(("sources", n, "slug"))
        if source.slug in seen:
            problems.append(
                (
                    line,
                    ("sources", n, "slug"),
                    f"{source.slug} is already the slug of line {seen[source.slug]}: each source has its own",
                )
            )
        seen.setdefault(source.slug, line)
        for m, alias in enumerate(source.aliases):
            if _bare(alias) in read and _bare(alias) != host(source.url):
                where = ("sources", n, "aliases", m)
                words = f"{alias} is where another source is read: give that source's address on {host(source.url)}"
                problems.append((document.line(where), where, words))
            owner = owners.setdefault(_bare(alias), host(source.url))
            if owner != host(source.url):
                where = ("sources", n, "aliases", m)
                problems.append(
                    (document.line(where), where, f"{alias} already stands for {owner}: one host serves one site")
                )


def _bare(name: str) -> str:
    return name.lower().removeprefix("www.")


def _interest(said: FeedModel) -> Interest:
    about = f"Les actualités et les événements choisis pour ce flux\u00a0: {said.title}."
    chosen = Filter(
        kind=said.kind, countries=tuple(said.countries), zones=tuple(said.zones), themes=tuple(said.themes), types=tuple(said.types),
        territories=tuple(said.territories), sources=tuple(said.sources), words=tuple(map(fold, said.words)),
    )  # fmt: skip
    return Interest(said.path, said.title, about, chosen)


_TAKEN = frozenset({"tout", "actualites", "agenda", "echeances", "modifications", "index", "feeds", "sources", "style"})


def _feeds(document: yamlfile.Document, model: FileModel, problems: _Problems) -> None:
    """Each feed has its own address, says what it holds, and names sources that are there."""
    slugs = {source.slug for source in model.sources}
    seen: set[str] = set()
    for n, feed in enumerate(model.feeds):
        where: yamlfile.Path = ("feeds", n, "path")
        if feed.path in _TAKEN or feed.path in seen:
            problems.append((document.line(where), where, f"{feed.path} is taken: each feed has its own address"))
        seen.add(feed.path)
        if not any(value for name, value in feed if name not in ("path", "title")):
            problems.append(
                (
                    document.line(("feeds", n)),
                    ("feeds", n),
                    "it says nothing of what it holds: countries, themes, words …",
                )
            )
        for m, slug in enumerate(feed.sources):
            if slug not in slugs:
                at: yamlfile.Path = ("feeds", n, "sources", m)
                near = difflib.get_close_matches(slug, slugs, 1)
                problems.append(
                    (
                        document.line(at),
                        at,
                        f"{slug}: no source has this slug" + (f"; did you mean {near[0]}?" if near else ""),
                    )
                )


def _extractors(document: yamlfile.Document, problems: _Problems) -> dict[int, Extractor]:
    """Build each source's kind from its options, so that selectors are tried before anything is fetched."""
    found: dict[int, Extractor] = {}
    sources = document.data.get("sources")
    for n, source in enumerate(sources if isinstance(sources, list) else []):
        if not isinstance(source, dict) or source.get("kind") not in (extract.AUTO, *extract.KINDS):
            continue
        options = source.get("options") or {}
        where: yamlfile.Path = ("sources", n, "options")
        if not isinstance(options, dict):
            continue
        if source["kind"] == extract.AUTO:
            if options:
                problems.append((document.line(where), where, "kind auto has none: the site's own are found"))
            found[n] = _Unknown()
            continue
        try:
            found[n] = _extractor(source["kind"], options)
        except ValidationError as error:
            problems.extend(_problem(document, {**one, "loc": (*where, *one["loc"])}) for one in error.errors())
        except ValueError as error:
            named = next((key for key in options if key in str(error).split(":")[0]), None)
            where = (*where, named) if named else where
            problems.append((document.line(where), where, str(error)))
    return found


@dataclass(frozen=True, slots=True)
class _Unknown:
    """How a source of kind auto is read is found out when it is visited (`auto`)."""

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        raise ExtractError(f"{page.url}: kind auto is read by none of its pages alone")


def extractor_of(kind: str, options: Mapping[str, Any]) -> Extractor:
    """Build a kind from its options.

    Raises:
        ValueError: an option that the kind does not have, or not that way.
    """
    return _extractor(kind, options)


def _extractor(kind: str, options: Mapping[str, Any]) -> Extractor:
    if not options and not fields(cast("Any", extract.kind(kind))):
        return extract.kind(kind)()
    known = _options(kind).model_validate(options)
    return extract.kind(kind)(**{name: getattr(known, name) for name in known.model_fields_set})


@cache
def _options(kind: str) -> type[BaseModel]:
    """Give a kind's options as a model: the fields of its dataclass."""
    cls = extract.kind(kind)
    hints = get_type_hints(cls)
    described: dict[str, Any] = {}
    for one in fields(cast("Any", cls)):
        default = (
            one.default_factory()
            if one.default_factory is not MISSING
            else ...
            if one.default is MISSING
            else one.default
        )
        hint = hints[one.name]
        strict: dict[str, Any] = {"strict": True} if hint in (int, bool, str) else {}
        described[one.name] = (hint, Field(default, description=one.metadata.get("help"), **strict))
    return create_model(f"{kind} options", __base__=_Strict, **described)


def _source(said: SourceModel, defaults: DefaultsModel, extractor: Extractor, aliases: Mapping[str, str]) -> Source:
    limits = {name: value for model in (defaults.limits, said.limits) for name, value in model if value is not None}
    territory = said.territory

    def one(name: str) -> dict[str, Any]:
        value = getattr(said, name) if getattr(said, name) is not None else getattr(defaults, name)
        return {} if value is None else {name: value}

    return Source(
        slug=said.slug, name=said.name, url=said.url, kind=said.kind, extractor=extractor, enabled=said.enabled,
        limits=Limits(**limits), tags=tuple(said.tags), licence=said.licence, note=said.note,
        territory=Territory(territory.level, territory.insee, territory.siren, tuple(territory.partners)),
        hosts=tuple(dict.fromkeys((host(said.url), *map(_bare, said.aliases)))), aliases=aliases, keep=_sieve(said.keep), drop=_sieve(said.drop),
        **one("interval"), **one("delay"), **one("allow_private"), **one("timezone"), **one("language"),
    )  # fmt: skip


def _sieve(said: SieveModel | None) -> Sieve | None:
    if said is None:
        return None
    return Sieve(
        tuple(map(fold, said.words)), tuple(said.countries), tuple(said.themes), tuple(map(fold, said.categories))
    )


# ── problems in words ───────────────────────────────────────────────────────────────────────────


def _problem(document: yamlfile.Document, error: Mapping[str, Any]) -> tuple[int, yamlfile.Path, str]:
    where = tuple(part for part in error["loc"] if isinstance(part, int | str))
    written = document.written.get(where)
    if error["type"] == "extra_forbidden":
        keys = _known(document, where)
        near = difflib.get_close_matches(str(where[-1]), keys, 1)
        known = (
            f"did you mean {near[0]}?" if near else "known here: " + ", ".join(keys) if keys else "there are none here"
        )
        return document.line(where), where, f"unknown key; {known}"
    if error["type"] == "missing":
        return document.line(where[:-1]), where, "is missing: add it"
    if error["type"] == "string_type" and written is not None:
        return (
            document.line(where),
            where,
            f'{written} is read as a number or a constant here: write it in quotes, "{written}"',
        )
    if error["type"] == "bool_type":
        return document.line(where), where, f"{written}: true or false would be right"
    if error["type"] in _SHAPES:
        return document.line(where), where, f"{_SHAPES[error['type']]} would be right"
    if error["type"] == "literal_error":
        return document.line(where), where, f"{written} is not known; one of {error['ctx']['expected']} would be right"
    said = f"{written}: " if written is not None else ""
    message = str(error["msg"])
    return document.line(where), where, said + message[0].lower() + message[1:]


_SHAPES = {
    "list_type": "a list, [one, another] or a line « - one » each,",
    "dict_type": "a mapping, with « key: value » lines,",
    "model_type": "a mapping, with « key: value » lines,",
    "model_attributes_type": "a mapping, with « key: value » lines,",
    "too_short": "at least one source",
    "int_type": "a whole number without quotes",
}


def _known(document: yamlfile.Document, where: yamlfile.Path) -> list[str]:
    names = tuple(part for part in where[:-1] if isinstance(part, str))
    if names == ("sources", "options") and document.data["sources"][where[1]].get("kind") in extract.KINDS:
        return list(_options(document.data["sources"][where[1]]["kind"]).model_fields)
    models: dict[tuple[str, ...], Callable[[], type[BaseModel]]] = {
        (): lambda: FileModel, ("site",): lambda: SiteModel, ("defaults",): lambda: DefaultsModel, ("sources",): lambda: SourceModel, ("feeds",): lambda: FeedModel,
        ("defaults", "limits"): lambda: LimitsModel, ("sources", "limits"): lambda: LimitsModel, ("sources", "territory"): lambda: TerritoryModel,
        ("sources", "keep"): lambda: SieveModel, ("sources", "drop"): lambda: SieveModel,
    }  # fmt: skip
    return list(models[names]().model_fields) if names in models else []


def _dotted(where: yamlfile.Path) -> str:
    return ".".join(map(str, where)) + ": " if where else ""


def schema() -> str:
    """Give the JSON Schema of sources.yaml, for editors (its first line names the file): completion and checks while typing."""
    document = FileModel.model_json_schema()
    source = document["$defs"]["SourceModel"]
    document["$defs"] |= {f"options_{kind}": _options(kind).model_json_schema() for kind in extract.KINDS}
    source["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind}}},
            "then": {"properties": {"options": {"$ref": f"#/$defs/options_{kind}"}}},
        }
        for kind in extract.KINDS
    ]
    return (
        json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sources.yaml", **document},
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )
