"""Real software on loopback, for as long as a test needs it: WordPress with MariaDB, Pelican, Nikola, MkDocs.

Each holds what content.yaml says, each lets its editors write, correct and remove. Nothing outlives the `with`:
processes end with their parent, whatever ends it, and folders are removed.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
GENERATORS = HERE / ".venv" / "generators" / "bin"  # what install.sh set up
_WORDPRESS = Path("/usr/share/wordpress")
_PATIENCE = 60  # seconds for a process to answer


@dataclass(frozen=True)
class Content:
    """What an editor writes; `at` is local time. `event`: what must become of it in a calendar."""

    key: str
    title: str
    at: datetime
    text: tuple[str, ...]
    categories: tuple[str, ...] = ()
    state: str = "published"
    sticky: bool = False
    event: Mapping[str, str] | None = None


def content() -> tuple[datetime, list[Content], list[Content]]:
    """Give the clock's time, the posts and the events of content.yaml."""
    said = yaml.safe_load((HERE / "content.yaml").read_text(encoding="utf-8"))

    def each(rows: list[dict[str, Any]]) -> list[Content]:
        return [
            Content(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})
            for row in rows
        ]

    return said["now"], each(said["posts"]), each(said["events"])


# ── processes ───────────────────────────────────────────────────────────────────────────────────


_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")  # ends with the parent, even where that is killed


@contextmanager
def background(command: list[str | Path], log: Path, **said: Any) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*_WITH_PARENT, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **said
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _call(command: list[str | Path], **said: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **said)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def at(moment: datetime) -> list[str | Path]:
    """Run what follows with its clock at a local time: what is « future » depends on it, and on nothing else."""
    return ["faketime", "-f", f"@{moment:%Y-%m-%d %H:%M:%S}"]


def clock(moment: datetime) -> dict[str, str]:
    """Give what `at` puts into the environment: `faketime` forks, and who ends it does not end a server that it started."""
    names = ("LD_PRELOAD", "FAKETIME")
    return dict(zip(names, _call([*at(moment), "printenv", *names]).splitlines(), strict=True))


def until_ready(process: subprocess.Popen[bytes], log: Path, ready: Any) -> None:
    """Wait until `ready()` no longer raises OSError; a process that ends before is told with its last words."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            ready()
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{process.args} does not answer ({error}): {log.read_text()[-3000:]}") from error
        time.sleep(0.05)  # the process tells nobody when it listens


# ── what all of them are ────────────────────────────────────────────────────────────────────────


@dataclass
class Software(ABC):
    """A site of a software. `contents` is what its editors wrote, by key; `links` where the software published it."""

    name = ""
    states = ("published", "draft", "future")  # what it knows; the rest of content.yaml is left out
    agenda = ""  # its type of content for events, if it has one

    folder: Path
    now: datetime  # local time, of its clock
    url: str = ""
    contents: dict[str, Content] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def running(cls, **said: Any) -> Iterator[Software]:
        """Bring it up, empty."""
        folder = Path(tempfile.mkdtemp(prefix="real-"))  # short: a socket's path has 107 characters
        try:
            with ExitStack() as stack:
                site = cls(folder, **said)
                site.start(stack)
                yield site
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @abstractmethod
    def start(self, stack: ExitStack) -> None:
        """Start what it needs; `stack` ends it."""

    @abstractmethod
    def write(self, contents: Iterable[Content], kind: str = "") -> None:
        """Write or write again, and publish. `kind`: a type of content, where it has several."""

    @abstractmethod
    def remove(self, *keys: str) -> None:
        """Delete, and publish."""

    def correct(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Write something else of what was written, and publish: {key: {field: value}}."""
        self.write([replace(self.contents[key], **said) for key, said in changes.items()])

    def later(self, **said: float) -> datetime:
        """Let time pass: `hours=1`."""
        self.now += timedelta(**said)
        return self.now

    @property
    def public(self) -> list[Content]:
        """What every visitor may read."""
        return [one for one in self.contents.values() if one.state == "published"]


# ── WordPress ───────────────────────────────────────────────────────────────────────────────────


@dataclass
class WordPress(Software):
    """Debian's WordPress with the theme it brings, on PHP's own server and a MariaDB of its own behind a socket.

    `feeds`, `rest`: whether visitors have them; there are plugins that close one or the other.
    """

    name = "wordpress"
    agenda = "evenement"

    permalinks: str = "/%year%/%monthnum%/%postname%/"
    feeds: bool = True
    rest: bool = True
    ids: dict[str, int] = field(default_factory=dict)
    version: str = ""

    @property
    def states(self) -> tuple[str, ...]:
        """What is behind a password is listed, by its title; where REST is closed nothing else says that it is."""
        return ("published", "draft", "future", "private", *(["password"] if self.rest else []))

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "REAL_SOCKET": str(self.folder / "db.sock"),
            "REAL_URL": self.url.rstrip("/"),
            "REAL_ROOT": str(self.folder / "www"),
            "REAL_PERMALINKS": self.permalinks,
            "REAL_FEEDS": "on" if self.feeds else "off",
            "REAL_REST": "on" if self.rest else "off",
            "TZ": "Europe/Paris",
        }

    def start(self, stack: ExitStack) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        self._files()
        self._database(stack)
        php: list[str | Path] = ["php", "-d", "display_errors=stderr", "-d", "memory_limit=256M"]
        self._php = php
        said = json.loads(_call([*at(self.now), *php, HERE / "wordpress" / "setup.php"], env=self._environment))
        self.version = said["version"]
        server = [*php, "-S", f"127.0.0.1:{port}", "-t", self.folder / "www", HERE / "wordpress" / "router.php"]
        log = self.folder / "php.log"
        process = stack.enter_context(background(server, log, env=self._environment))
        until_ready(
            process, log, lambda: urllib.request.urlopen(f"{self.url}wp-includes/version.php", timeout=5).close()
        )
        self._edit([{"do": "menu", "links": {"Accueil": "/", "Agenda": "/agenda/"}}])

    def _files(self) -> None:
        """Copy what Debian installed: its own wp-config.php reads /etc, and its content folder is shared."""
        www = self.folder / "www"

        def others(folder: str, names: list[str]) -> list[str]:
            return [name for name in names if folder.endswith("/languages") and "fr_FR" not in name]

        shutil.copytree(_WORDPRESS, www, ignore=others, ignore_dangling_symlinks=True)
        shutil.copyfile(HERE / "wordpress" / "config.php", www / "wp-config.php")
        (www / "wp-content" / "mu-plugins").mkdir()
        shutil.copyfile(HERE / "wordpress" / "agenda.php", www / "wp-content" / "mu-plugins" / "agenda.php")

    def _database(self, stack: ExitStack) -> None:
        data, path, log = self.folder / "db", self.folder / "db.sock", self.folder / "db.log"
        common = ["--no-defaults", f"--datadir={data}", *(["--user=root"] if os.getuid() == 0 else [])]
        _call(["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"])
        server = ["mariadbd", *common, f"--socket={path}", f"--pid-file={self.folder / 'db.pid'}", "--skip-networking"]
        server += ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"]
        process = stack.enter_context(background(server, log))

        def ready() -> None:
            with socket.socket(socket.AF_UNIX) as door:
                door.connect(str(path))

        until_ready(process, log, ready)

    def _edit(self, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
        command = [*at(self.now), *self._php, HERE / "wordpress" / "edit.php"]
        told: list[dict[str, Any]] = json.loads(_call(command, env=self._environment, input=json.dumps(steps)))
        return told

    def write(self, contents: Iterable[Content], kind: str = "") -> None:
        each = list(contents)
        steps: list[dict[str, Any]] = []
        for one in each:
            post = {
                "post_title": one.title,
                "post_content": "\n\n".join(
                    f"<!-- wp:paragraph -->\n<p>{words}</p>\n<!-- /wp:paragraph -->" for words in one.text
                ),
                "post_status": {"published": "publish", "password": "publish"}.get(one.state, one.state),
                "post_password": "secret" if one.state == "password" else "",
            }
            if one.key in self.ids:
                steps.append({"do": "update", "id": self.ids[one.key], "post": post})
                continue
            post |= {
                "post_name": one.key,
                "post_type": kind or "post",
                "post_date": one.at.isoformat(" "),
                "post_author": 1,
            }
            steps.append({"do": "insert", "post": post, "categories": list(one.categories), "sticky": one.sticky})
        for one, told in zip(each, self._edit(steps), strict=True):
            self.contents[one.key] = one
            self.ids[one.key] = told["id"]
            self.links[one.key] = told["link"]

    def remove(self, *keys: str) -> None:
        self._edit([{"do": "trash", "id": self.ids[key]} for key in keys])
        for key in keys:
            del self.contents[key]


# ── generators ──────────────────────────────────────────────────────────────────────────────────


@dataclass
class Generator(Software):
    """A folder of texts, built into a folder of pages, served as they are. `built`: where."""

    built = "output"

    def start(self, stack: ExitStack) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        (self.folder / self.built).mkdir(parents=True)
        log = self.folder / "http.log"
        command = [
            sys.executable,
            "-m",
            "http.server",
            str(port),
            "--bind",
            "127.0.0.1",
            "--directory",
            self.folder / self.built,
        ]
        process = stack.enter_context(background(command, log))
        until_ready(process, log, lambda: urllib.request.urlopen(self.url, timeout=5).close())
        self.configure()

    @abstractmethod
    def configure(self) -> None:
        """Write its configuration."""

    @abstractmethod
    def text(self, one: Content) -> tuple[str, str]:
        """Give a content as its file's path and text."""

    @abstractmethod
    def build(self) -> None:
        """Build the pages: all of them, into an empty folder."""

    @abstractmethod
    def link(self, one: Content) -> str:
        """Give the address of a content's page below the site's."""

    def write(self, contents: Iterable[Content], kind: str = "") -> None:
        for one in contents:
            path, text = self.text(one)
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            self.contents[one.key] = one
            self.links[one.key] = self.url + self.link(one)
        self._publish()

    def remove(self, *keys: str) -> None:
        for key in keys:
            (self.folder / self.text(self.contents.pop(key))[0]).unlink()
        self._publish()

    def _publish(self) -> None:
        for old in (self.folder / self.built).iterdir():  # what is no longer written is no longer there
            if old.is_dir():
                shutil.rmtree(old)
            else:
                old.unlink()
        self.build()

    def _build(self, *command: str | Path) -> None:
        environment = os.environ | {"TZ": "Europe/Paris", "LC_ALL": "C.UTF-8"}
        _call([*at(self.now), *command], cwd=self.folder, env=environment)


@dataclass
class Pelican(Generator):
    """Pelican with the theme it brings; its feeds are off."""

    name = "pelican"

    def configure(self) -> None:
        (self.folder / "content").mkdir()
        (self.folder / "pelicanconf.py").write_text(
            f"""SITENAME = "Ville d’Essai-sur-Loire"
SITEURL = {self.url.rstrip("/")!r}
TIMEZONE = "Europe/Paris"
DEFAULT_LANG = "fr"
DEFAULT_DATE_FORMAT = "%d/%m/%Y"
PATH = "content"
DEFAULT_PAGINATION = 10
WITH_FUTURE_DATES = False
DELETE_OUTPUT_DIRECTORY = False
FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
LINKS = (("Cités Unies", "https://exemple.invalid/cites-unies"), ("Préfecture", "https://exemple.invalid/prefecture"))
SOCIAL = (("Mastodon", "https://exemple.invalid/@essai"),)
""",
            encoding="utf-8",
        )

    def text(self, one: Content) -> tuple[str, str]:
        state = "draft" if one.state == "draft" else "published"
        head = f"Title: {one.title}\nDate: {one.at:%Y-%m-%d %H:%M}\nSlug: {one.key}\nCategory: {one.categories[0]}\nStatus: {state}\nAuthor: Rédaction\n"
        return f"content/{one.key}.md", head + "\n" + "\n\n".join(one.text) + "\n"

    def link(self, one: Content) -> str:
        return f"{one.key}.html"

    def build(self) -> None:
        self._build(GENERATORS / "pelican", "-s", "pelicanconf.py", "-q", "--fatal", "errors")


@dataclass
class Nikola(Generator):
    """Nikola with the theme it brings: a feed of ten, pages of ten, numbered from the oldest."""

    name = "nikola"
    states = ("published", "draft", "future", "private")

    def configure(self) -> None:
        (self.folder / "posts").mkdir()
        (self.folder / "conf.py").write_text(
            f"""BLOG_AUTHOR = "Rédaction"
BLOG_TITLE = "Ville d’Essai-sur-Seine"
SITE_URL = {self.url!r}
BLOG_EMAIL = "redaction@exemple.invalid"
BLOG_DESCRIPTION = "Les actualités internationales de la ville"
DEFAULT_LANG = "fr"
TRANSLATIONS = {{"fr": ""}}
NAVIGATION_LINKS = {{"fr": (("/archive.html", "Archives"), ("/categories/", "Étiquettes"), ("/rss.xml", "Flux RSS"))}}
THEME = "bootblog4"
POSTS = (("posts/*.md", "posts", "post.tmpl"),)
PAGES = ()
COMPILERS = {{"markdown": (".md",)}}
TIMEZONE = "Europe/Paris"
DATE_FORMAT = "d MMMM yyyy"
INDEX_DISPLAY_POST_COUNT = 10
FEED_LENGTH = 10
FUTURE_IS_NOW = False
GENERATE_ATOM = False
DEPLOY_COMMANDS = {{"default": ["true"]}}
CACHE_FOLDER = "cache"
""",
            encoding="utf-8",
        )

    def text(self, one: Content) -> tuple[str, str]:
        status = {"published": "published", "future": "published"}.get(one.state, one.state)
        head = {"title": one.title, "slug": one.key, "date": f"{one.at:%Y-%m-%d %H:%M:%S}", "status": status}
        head |= {"category": one.categories[0], "tags": ", ".join(one.categories[1:])}
        lines = "\n".join(f".. {name}: {value}" for name, value in head.items())
        return f"posts/{one.key}.md", f"<!--\n{lines}\n-->\n\n" + "\n\n".join(one.text) + "\n"

    def link(self, one: Content) -> str:
        return f"posts/{one.key}/"

    def build(self) -> None:
        self._build(GENERATORS / "nikola", "build", "-v", "0")
        self._build(
            GENERATORS / "nikola", "deploy"
        )  # takes out what is a draft or scheduled; there is nowhere to copy to


@dataclass
class MkDocs(Generator):
    """MkDocs with Material's blog: no feed, the days in French words, nothing for machines but a sitemap."""

    name = "mkdocs"
    built = "site"

    def configure(self) -> None:
        (self.folder / "docs" / "blog" / "posts").mkdir(parents=True)
        (self.folder / "docs" / "blog" / "index.md").write_text("# Actualités\n", encoding="utf-8")
        (self.folder / "docs" / "index.md").write_text(
            "# Bienvenue\n\nLa page du service international. [Nos actualités](blog/index.md).\n", encoding="utf-8"
        )
        (self.folder / "mkdocs.yml").write_text(
            f"""site_name: Ville d’Essai-sur-Rhône
site_url: {self.url}
theme: {{name: material, language: fr, font: false}}
plugins:
  - blog: {{post_url_format: "{{slug}}", pagination_per_page: 10, draft_if_future_date: true, post_date_format: long}}
""",
            encoding="utf-8",
        )

    def text(self, one: Content) -> tuple[str, str]:
        head: dict[str, Any] = {"date": one.at, "slug": one.key, "categories": list(one.categories)}
        if one.state == "draft":
            head["draft"] = True
        first, *more = one.text
        body = f"# {one.title}\n\n{first}\n\n<!-- more -->\n\n" + "\n\n".join(more)
        return f"docs/blog/posts/{one.key}.md", f"---\n{yaml.safe_dump(head, allow_unicode=True)}---\n\n{body}\n"

    def link(self, one: Content) -> str:
        return f"blog/{one.key}/"

    def build(self) -> None:
        self._build(GENERATORS / "mkdocs", "build", "-q", "--clean")


EVERY: tuple[type[Software], ...] = (WordPress, Pelican, Nikola, MkDocs)


def main() -> None:
    """Bring one up with its contents and leave it for a look, until Enter: `python -m tests.real.software wordpress`."""
    now, posts, events = content()
    (chosen,) = [cls for cls in EVERY if cls.name == sys.argv[1]]
    begun = time.monotonic()
    with chosen.running(now=now) as site:
        site.write([one for one in posts if one.state in site.states])
        if site.agenda:
            site.write(events, site.agenda)
        print(f"{site.url} after {time.monotonic() - begun:.1f} s, in {site.folder}", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
