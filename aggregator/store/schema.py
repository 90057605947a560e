"""The tables and views, as migrations. docs/store.md describes every column; a test keeps both equal.

Order is important: add new migrations at the end and raise VERSION.
"""

from __future__ import annotations

import sqlite3

TABLES = """
CREATE TABLE sources (
  slug TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  kind TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  level TEXT, insee TEXT, siren TEXT,
  partners TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(partners)),
  licence TEXT,
  position INTEGER NOT NULL DEFAULT 0,
  tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
  language TEXT NOT NULL,
  first_seen TEXT NOT NULL,
  removed_at TEXT
) STRICT;

CREATE TABLE source_state (
  source TEXT PRIMARY KEY REFERENCES sources (slug),
  state TEXT NOT NULL DEFAULT 'new'
    CHECK (state IN ('new', 'ok', 'empty', 'shrunk', 'failing', 'blocked', 'closed', 'gone', 'waiting')),
  fingerprint TEXT,
  next_visit TEXT, last_visit TEXT, last_success TEXT, last_change TEXT,
  interval_s INTEGER,
  failures INTEGER NOT NULL DEFAULT 0,
  listed INTEGER,
  shrunk_since TEXT,
  missing INTEGER NOT NULL DEFAULT 0,
  alarm TEXT,
  moved_to TEXT,
  moved_visits INTEGER NOT NULL DEFAULT 0,
  error_class TEXT, error TEXT,
  way TEXT CHECK (way IS NULL OR json_valid(way)),
  way_at TEXT,
  read_as TEXT
) STRICT;

CREATE TABLE pages (
  source TEXT NOT NULL REFERENCES sources (slug),
  url TEXT NOT NULL,
  etag TEXT, last_modified TEXT, digest TEXT NOT NULL,
  more TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(more)),
  fetched_at TEXT NOT NULL,
  PRIMARY KEY (source, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
  authority TEXT PRIMARY KEY,
  robots TEXT, robots_status INTEGER, robots_until TEXT,
  not_before TEXT
) STRICT;

CREATE TABLE items (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('news', 'event')),
  title TEXT NOT NULL,
  url TEXT,
  summary TEXT,
  language TEXT,
  published TEXT,
  starts TEXT, ends TEXT,
  all_day INTEGER CHECK (all_day IN (0, 1)),
  tz TEXT,
  starts_utc TEXT, ends_utc TEXT,
  doubts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(doubts)),
  status TEXT CHECK (status IN ('confirmed', 'tentative', 'cancelled', 'postponed')),
  location TEXT, geo TEXT, organiser TEXT, author TEXT,
  phase TEXT CHECK (phase IN ('announce', 'report')),
  deadline TEXT, conference TEXT,
  news INTEGER NOT NULL CHECK (news IN (0, 1)),
  joined_to INTEGER REFERENCES items (id), joined_at TEXT,
  status_at TEXT,
  lead_id INTEGER NOT NULL,
  position INTEGER NOT NULL DEFAULT 0,
  sequence INTEGER NOT NULL DEFAULT 0,
  updated TEXT NOT NULL,
  ranked_at TEXT NOT NULL,
  first_seen TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  withdrawn_at TEXT,
  CHECK ((starts IS NULL) = (all_day IS NULL)),
  CHECK (ends IS NULL OR starts IS NOT NULL)
) STRICT;
CREATE INDEX items_ranked ON items (ranked_at);
CREATE INDEX items_starts ON items (starts_utc) WHERE starts_utc IS NOT NULL;
CREATE INDEX items_deadline ON items (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX items_ends ON items (coalesce(ends_utc, starts_utc));
CREATE INDEX items_joined_at ON items (joined_at) WHERE joined_at IS NOT NULL;
CREATE INDEX items_joined ON items (joined_to) WHERE joined_to IS NOT NULL;
CREATE INDEX items_withdrawn ON items (withdrawn_at) WHERE withdrawn_at IS NOT NULL;

CREATE TABLE sightings (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL REFERENCES sources (slug),
  key TEXT NOT NULL,
  item_id INTEGER NOT NULL REFERENCES items (id),
  home_id INTEGER NOT NULL REFERENCES items (id),
  rule TEXT NOT NULL,
  own INTEGER NOT NULL CHECK (own IN (0, 1)),
  kind TEXT NOT NULL CHECK (kind IN ('news', 'event')),
  guid TEXT, url TEXT, canonical TEXT,
  title TEXT NOT NULL, subtitle TEXT, summary TEXT, content TEXT, language TEXT,
  published TEXT, updated TEXT,
  starts TEXT, ends TEXT, all_day INTEGER CHECK (all_day IN (0, 1)), tz TEXT,
  doubts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(doubts)),
  status TEXT, location TEXT, geo TEXT, organiser TEXT, author TEXT, section TEXT,
  categories TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(categories)),
  raw TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(raw)),
  seen_on TEXT NOT NULL,
  digest TEXT NOT NULL,
  news INTEGER NOT NULL CHECK (news IN (0, 1)),
  phase TEXT CHECK (phase IN ('announce', 'report')),
  deadline TEXT, conference TEXT,
  tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
  first_seen TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  last_seen TEXT,
  missing_visits INTEGER NOT NULL DEFAULT 0,
  aged_at TEXT,
  withdrawn_at TEXT,
  UNIQUE (source, key)
) STRICT;
CREATE INDEX sightings_item ON sightings (item_id);
CREATE INDEX sightings_canonical ON sightings (canonical) WHERE canonical IS NOT NULL;
CREATE INDEX sightings_listed ON sightings (source) WHERE last_seen IS NULL;
CREATE INDEX sightings_missing ON sightings (source) WHERE missing_visits > 0;

CREATE TABLE attachments (
  sighting_id INTEGER NOT NULL REFERENCES sightings (id),
  position INTEGER NOT NULL,
  url TEXT NOT NULL,
  media_type TEXT NOT NULL,
  length INTEGER,
  title TEXT,
  PRIMARY KEY (sighting_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE match_keys (
  key INTEGER NOT NULL,
  sighting_id INTEGER NOT NULL REFERENCES sightings (id),
  PRIMARY KEY (key, sighting_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdicts (
  one INTEGER NOT NULL REFERENCES sightings (id),
  other INTEGER NOT NULL REFERENCES sightings (id),
  same INTEGER NOT NULL CHECK (same IN (0, 1)),
  rule TEXT NOT NULL,
  score REAL NOT NULL,
  words TEXT NOT NULL CHECK (json_valid(words)),
  gates TEXT NOT NULL CHECK (json_valid(gates)),
  veto TEXT,
  at TEXT NOT NULL,
  PRIMARY KEY (one, other),
  CHECK (one < other)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdicts_other ON verdicts (other);

CREATE TABLE members (
  path TEXT NOT NULL,
  ranked_at TEXT NOT NULL,
  item_id INTEGER NOT NULL REFERENCES items (id),
  ends TEXT,
  PRIMARY KEY (path, ranked_at, item_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_ends ON members (path, ends) WHERE ends IS NOT NULL;
CREATE INDEX members_item ON members (item_id, path);

CREATE TABLE facts (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
  item_id INTEGER NOT NULL REFERENCES items (id),
  scheme TEXT NOT NULL CHECK (scheme IN ('category', 'source', 'country', 'region', 'theme', 'kind')),
  value TEXT NOT NULL,
  name TEXT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (item_id, scheme, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_value ON tags (scheme, value);

CREATE TABLE revisions (
  id INTEGER PRIMARY KEY,
  item_id INTEGER NOT NULL REFERENCES items (id),
  sighting_id INTEGER REFERENCES sightings (id),
  field TEXT NOT NULL,
  old TEXT, new TEXT,
  at TEXT NOT NULL
) STRICT;
CREATE INDEX revisions_item ON revisions (item_id);
CREATE INDEX revisions_at ON revisions (at);

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL REFERENCES sources (slug),
  url TEXT NOT NULL,
  at TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('changed', 'unchanged', 'failed', 'waiting')),
  status INTEGER,
  ms INTEGER NOT NULL DEFAULT 0,
  wire_bytes INTEGER NOT NULL DEFAULT 0,
  found INTEGER NOT NULL DEFAULT 0,
  new INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  withdrawn INTEGER NOT NULL DEFAULT 0,
  alarm TEXT,
  error_class TEXT, error TEXT
) STRICT;
CREATE INDEX runs_source ON runs (source, at);

CREATE TABLE refusals (
  run_id INTEGER NOT NULL REFERENCES runs (id),
  item TEXT NOT NULL,
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT;
CREATE INDEX refusals_run ON refusals (run_id);

CREATE TABLE feeds (
  path TEXT PRIMARY KEY,
  dirty INTEGER NOT NULL CHECK (dirty IN (0, 1, 2)),
  rendered_on TEXT,
  site TEXT,
  calendar INTEGER NOT NULL DEFAULT 0 CHECK (calendar IN (0, 1)),
  months TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(months))
) STRICT, WITHOUT ROWID;

CREATE TABLE sifted (
  source TEXT NOT NULL REFERENCES sources (slug),
  key TEXT NOT NULL,
  title TEXT NOT NULL,
  url TEXT,
  why TEXT NOT NULL,
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE unpublished (
  item_id INTEGER PRIMARY KEY REFERENCES items (id)
) STRICT;

CREATE VIRTUAL TABLE items_fts USING fts5 (
  title, summary, content='items', content_rowid='id', tokenize="unicode61 remove_diacritics 2"
);
-- A merge a commit would cost half of the writing; SQLite still merges at 16 segments of a level.
INSERT INTO items_fts (items_fts, rank) VALUES ('automerge', 0);
-- Whoever inserts items indexes them (store/absorb.py): inside a trigger the index is flushed row by row, at five times the cost.
CREATE TRIGGER items_fts_update AFTER UPDATE OF title, summary ON items BEGIN
  INSERT INTO items_fts (items_fts, rowid, title, summary) VALUES ('delete', old.id, old.title, old.summary);
  INSERT INTO items_fts (rowid, title, summary) VALUES (new.id, new.title, new.summary);
END;
CREATE TRIGGER items_fts_delete AFTER DELETE ON items BEGIN
  INSERT INTO items_fts (items_fts, rowid, title, summary) VALUES ('delete', old.id, old.title, old.summary);
END;
"""

VIEWS = """
CREATE VIEW v_sightings AS
SELECT s.source, s.url, s.guid, s.item_id, i.uid, s.key, s.rule, s.own, s.kind, s.title, s.subtitle, s.summary,
  s.language, s.published, s.updated, s.starts, s.ends, s.all_day, s.tz, s.doubts, s.status, s.location, s.geo,
  s.organiser, s.author, s.section, s.categories, s.raw, s.news, s.phase, s.deadline, s.conference, s.seen_on, s.canonical, s.first_seen, s.changed_at,
  coalesce(s.last_seen, t.last_success, s.first_seen) AS last_seen,
  CASE WHEN s.withdrawn_at IS NOT NULL THEN 'withdrawn'
       WHEN s.aged_at IS NOT NULL THEN 'aged'
       WHEN s.missing_visits > 0 THEN 'missing'
       ELSE 'listed' END AS presence,
  s.withdrawn_at, s.id AS sighting_id
FROM sightings AS s JOIN items AS i ON i.id = s.item_id LEFT JOIN source_state AS t ON t.source = s.source;

CREATE VIEW v_news AS
SELECT i.id AS item_id, i.uid, i.title, i.url, i.summary, i.published, i.kind, i.deadline, i.phase, l.source, n.name AS source_name,
  n.level, n.insee, n.siren, i.language, i.author,
  (SELECT count(*) FROM sightings AS s WHERE s.item_id = i.id) AS sightings,
  i.first_seen, i.updated, i.changed_at, i.withdrawn_at
FROM items AS i JOIN sightings AS l ON l.id = i.lead_id JOIN sources AS n ON n.slug = l.source
WHERE i.news = 1 AND i.joined_to IS NULL;

CREATE VIEW v_events AS
SELECT i.id AS item_id, i.uid, i.title, i.starts, i.ends, i.all_day, i.tz, i.starts_utc, i.ends_utc, i.doubts,
  i.status, i.phase, i.news, i.location, i.geo, i.conference, i.organiser, i.deadline, i.url, i.summary, i.published, l.source, n.name AS source_name, n.level,
  n.insee, n.siren, i.language, i.sequence,
  (SELECT count(*) FROM sightings AS s WHERE s.item_id = i.id) AS sightings,
  i.first_seen, i.updated, i.changed_at, i.withdrawn_at
FROM items AS i JOIN sightings AS l ON l.id = i.lead_id JOIN sources AS n ON n.slug = l.source
WHERE i.kind = 'event' AND i.joined_to IS NULL;

CREATE VIEW v_items AS
SELECT i.id AS item_id, i.uid, i.kind, i.news, i.title, i.url, i.summary, i.published, i.starts, i.ends, i.all_day, i.tz, i.status, i.phase,
  i.deadline, i.location,
  (SELECT json_group_array(t.value) FROM tags AS t WHERE t.item_id = i.id AND t.scheme = 'country') AS countries,
  (SELECT json_group_array(t.value) FROM tags AS t WHERE t.item_id = i.id AND t.scheme = 'region') AS regions,
  (SELECT json_group_array(t.value) FROM tags AS t WHERE t.item_id = i.id AND t.scheme = 'theme') AS themes,
  (SELECT json_group_array(t.value) FROM tags AS t WHERE t.item_id = i.id AND t.scheme = 'kind') AS kinds,
  l.source, n.name AS source_name, n.level, n.insee, n.siren,
  (SELECT json_group_array(DISTINCT s.source) FROM sightings AS s WHERE s.item_id = i.id) AS sources,
  i.language, i.first_seen, i.updated, i.changed_at, i.withdrawn_at
FROM items AS i JOIN sightings AS l ON l.id = i.lead_id JOIN sources AS n ON n.slug = l.source
WHERE i.joined_to IS NULL;

CREATE VIEW v_tags AS
SELECT t.item_id, i.uid, i.kind, i.title, t.scheme, t.value, t.name, t.why, i.published, i.first_seen, i.url
FROM tags AS t JOIN items AS i ON i.id = t.item_id WHERE i.joined_to IS NULL;

CREATE VIEW v_joins AS
SELECT i.id AS item_id, i.uid, i.title, s.source, s.title AS said, s.url, s.rule, h.uid AS own_uid, s.id AS sighting_id
FROM sightings AS s JOIN items AS i ON i.id = s.item_id JOIN items AS h ON h.id = s.home_id
WHERE s.item_id IN (SELECT item_id FROM sightings WHERE item_id <> home_id);

CREATE VIEW v_near_misses AS
SELECT v.score, v.veto, v.rule, v.words, v.gates, a.source AS one_source, a.title AS one_title, a.url AS one_url,
  b.source AS other_source, b.title AS other_title, b.url AS other_url, a.item_id AS one_item, b.item_id AS other_item, v.at
FROM verdicts AS v JOIN sightings AS a ON a.id = v.one JOIN sightings AS b ON b.id = v.other
WHERE a.item_id <> b.item_id;

CREATE VIEW v_coverage AS
SELECT n.slug AS source, n.name, n.level, n.insee, n.siren, n.kind, n.enabled, t.state, t.last_success, t.last_change,
  count(s.id) AS sightings,
  coalesce(sum(s.first_seen >= strftime('%Y-%m-%dT%H:%M:%SZ', t.last_visit, '-30 days')), 0) AS last_30_days,
  coalesce(sum(s.item_id <> s.home_id), 0) AS joined,
  max(coalesce(s.published, s.first_seen)) AS newest,
  CAST(julianday(t.last_visit) - julianday(max(coalesce(s.published, s.first_seen))) AS INTEGER) AS silent_days,
  (SELECT count(*) FROM sifted AS f WHERE f.source = n.slug) AS sifted
FROM sources AS n LEFT JOIN source_state AS t ON t.source = n.slug LEFT JOIN sightings AS s ON s.source = n.slug
WHERE n.removed_at IS NULL GROUP BY n.slug;

CREATE VIEW v_runs AS
SELECT r.id AS run_id, r.source, n.name AS source_name, r.at, r.outcome, r.status, r.ms, r.wire_bytes, r.found,
  r.new, r.changed, r.refused, r.withdrawn, r.alarm, r.error_class, r.error, r.url
FROM runs AS r JOIN sources AS n ON n.slug = r.source;

CREATE VIEW v_changes AS
SELECT r.at, r.item_id, i.uid, i.kind, i.title, r.field, r.old, r.new, s.source, i.url
FROM revisions AS r JOIN items AS i ON i.id = r.item_id LEFT JOIN sightings AS s ON s.id = r.sighting_id;
"""

VERSION = 1


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the store to VERSION: each migration in its own transaction, recorded by sqlite-utils."""
    from sqlite_utils import Database, Migrations  # 190 ms: only a store that is not at VERSION pays for it

    migrations = Migrations("aggregator")

    @migrations()
    def m001_tables_and_views(db: Database) -> None:
        db.executescript(TABLES)
        db.executescript(VIEWS)

    migrations.apply(Database(connection, execute_plugins=False))
