-- A store of version 1 with something of everything, as that version wrote it. Never change it.
CREATE TABLE epochs (
  ordinal INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  opened INTEGER NOT NULL,
  commits INTEGER NOT NULL
) STRICT;
CREATE TABLE authors (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE channels (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  head INTEGER NOT NULL,
  first INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  oldest INTEGER,
  epoch INTEGER NOT NULL
) STRICT;
CREATE INDEX channels_oldest ON channels (oldest);
CREATE INDEX channels_expired ON channels (oldest) WHERE stored < first;
CREATE TABLE starts (
  channel INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  "offset" INTEGER NOT NULL,
  PRIMARY KEY (channel, epoch)
) STRICT, WITHOUT ROWID;
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  channel INTEGER NOT NULL,
  "offset" INTEGER NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  author INTEGER NOT NULL,
  sender TEXT NOT NULL,
  at INTEGER NOT NULL,
  body ANY NOT NULL,
  recipient TEXT,
  party TEXT,
  target INTEGER,
  ref TEXT,
  deleted INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX entries_place ON entries (channel, "offset");
CREATE UNIQUE INDEX entries_ref ON entries (author, channel, ref);
INSERT INTO epochs VALUES (1, 'epoch-1', 1795327200000, 2);
INSERT INTO epochs VALUES (2, 'epoch-2', 1795327200000, 2);
INSERT INTO authors VALUES (1, 'a');
INSERT INTO authors VALUES (2, 'b');
INSERT INTO channels VALUES (1, 'room', 6, 1, 1, 1795327200000, 2);
INSERT INTO channels VALUES (2, '~a', 1, 1, 1, 1795327200000, 1);
INSERT INTO channels VALUES (3, '~b', 1, 1, 1, 1795327200000, 1);
INSERT INTO channels VALUES (4, '@a/a', 1, 1, 1, 1795327200005, 2);
INSERT INTO channels VALUES (5, '@b/b', 1, 1, 1, 1795327200005, 2);
INSERT INTO starts VALUES (1, 1, 1);
INSERT INTO starts VALUES (1, 2, 6);
INSERT INTO starts VALUES (2, 1, 1);
INSERT INTO starts VALUES (3, 1, 1);
INSERT INTO starts VALUES (4, 2, 1);
INSERT INTO starts VALUES (5, 2, 1);
INSERT INTO entries VALUES (1, 1, 1, 'message', 'room-a', 1, 'A', 1795327200000, 'hi', NULL, NULL, NULL, 'r1', 0);
INSERT INTO entries VALUES (2, 1, 2, 'message', 'room-b', 2, 'B', 1795327200000, 'hi', NULL, NULL, NULL, NULL, 0);
INSERT INTO entries VALUES (3, 1, 3, 'message', 'room-a', 1, 'A', 1795327200000, '', NULL, NULL, NULL, NULL, 1);
INSERT INTO entries VALUES (4, 1, 4, 'message', 'room-a', 1, 'A', 1795327200000, x'77697468006e756c', NULL, NULL, NULL, NULL, 0);
INSERT INTO entries VALUES (5, 1, 5, 'deletion', 'd1', 2, 'B', 1795327200000, '', NULL, NULL, 3, NULL, 0);
INSERT INTO entries VALUES (6, 2, 1, 'message', '~a-a', 1, 'A', 1795327200000, '', NULL, NULL, NULL, NULL, 0);
INSERT INTO entries VALUES (7, 3, 1, 'message', '~b-b', 2, 'B', 1795327200000, '', NULL, NULL, NULL, NULL, 0);
INSERT INTO entries VALUES (8, 4, 1, 'message', 'dm', 1, 'A', 1795327200005, 'hi', 'B', 'B', NULL, 'r2', 0);
INSERT INTO entries VALUES (9, 5, 1, 'message', 'dm', 1, 'A', 1795327200005, 'hi', 'B', 'A', NULL, 'r2', 0);
INSERT INTO entries VALUES (10, 1, 6, 'message', 'room-a', 1, 'A', 1795327200000, 'hi', NULL, NULL, NULL, 'r3', 0);
PRAGMA application_id = 1315009650;
PRAGMA user_version = 1;
