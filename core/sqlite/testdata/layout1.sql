-- A file of layout 1: one record, whose entry is pending, and a counter.
CREATE TABLE api_keys (
	id         TEXT PRIMARY KEY,
	hash       TEXT NOT NULL UNIQUE,
	name       TEXT NOT NULL,
	roles      TEXT NOT NULL,
	party      TEXT NOT NULL,
	created_at TEXT NOT NULL,
	created_by TEXT NOT NULL
) STRICT;
INSERT INTO "api_keys" VALUES('k','aa','Web shop','["reader"]','','2026-02-28T09:30:00.000Z','u');
CREATE TABLE counters (
	name  TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "counters" VALUES('n',1);
CREATE TABLE entities (
	name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO "entities" VALUES('thing');
CREATE TABLE "entity_thing" (
	seq        INTEGER PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	version    INTEGER NOT NULL,
	created_at TEXT NOT NULL,
	created_by TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	updated_by TEXT NOT NULL,
	deleted_at TEXT,
	doc        TEXT NOT NULL
) STRICT;
INSERT INTO "entity_thing" VALUES(1,'0190b7f2-0000-7000-8000-000000000000',1,'2026-02-28T09:30:00.000Z','u','2026-02-28T09:30:00.000Z','u',NULL,'{"code":"C-0","color":"red","name":"Thing number 0","place":{"city":"City 0"},"price":{"amount":"0","currency":"EUR"},"tags":["a","b"],"weight":"0.5"}');
CREATE TABLE journal (
	seq     INTEGER PRIMARY KEY,
	entity  TEXT NOT NULL,
	record  TEXT NOT NULL,
	version INTEGER NOT NULL,
	pending INTEGER NOT NULL,
	entry   TEXT NOT NULL,
	UNIQUE (entity, record, version)
) STRICT;
INSERT INTO "journal" VALUES(1,'thing','0190b7f2-0000-7000-8000-000000000000',1,1,'{"action":"created","actor":{"id":"u","name":"User","party":"","roles":[],"via":""},"at":"2026-02-28T09:30:00.000Z","diffs":[{"path":"code","to":"C-0"},{"path":"color","to":"red"},{"path":"name","to":"Thing number 0"},{"path":"place.city","to":"City 0"},{"path":"price.amount","to":"0"},{"path":"price.currency","to":"EUR"},{"path":"tags","to":["a","b"]},{"path":"weight","to":"0.5"}]}');
CREATE TABLE term_sets (
	entity    TEXT NOT NULL,
	path      TEXT NOT NULL,
	signature TEXT NOT NULL,
	PRIMARY KEY (entity, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE "terms_thing" (
	path  TEXT NOT NULL,
	value ANY NOT NULL,
	seq   INTEGER NOT NULL,
	PRIMARY KEY (path, value, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_pending ON journal (seq) WHERE pending = 1;
CREATE INDEX "entity_thing createdAt" ON "entity_thing" (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX "entity_thing updatedAt" ON "entity_thing" (updated_at, id) WHERE deleted_at IS NULL;
PRAGMA application_id = 2020764977;
PRAGMA user_version = 1;
