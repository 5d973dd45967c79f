-- The truth of the index. Vectors and words are derived from it.
-- An article is visible in generation g when added <= g and (removed is null or removed > g).
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- What an article says, kept once however many files say it. `collection` is null until its
-- vectors are stored, `worded` is 0 until the lexical index holds it.
CREATE TABLE IF NOT EXISTS contents (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    headline TEXT NOT NULL,
    day INTEGER,
    source TEXT,
    url TEXT,
    text TEXT NOT NULL,
    collection TEXT,
    worded INTEGER NOT NULL DEFAULT 0,
    made REAL NOT NULL
);
-- What lists of articles need, so that they do not read texts.
CREATE INDEX IF NOT EXISTS contents_listed ON contents (day, headline, source);
DROP INDEX IF EXISTS contents_by_day;
DROP INDEX IF EXISTS contents_by_collection;
CREATE INDEX IF NOT EXISTS contents_by_collection_and_day ON contents (collection, day);

-- Keys are never used twice, so that a vector left by a killed build can match nothing.
CREATE TABLE IF NOT EXISTS passages (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    content INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS passages_by_content ON passages (content);

CREATE TABLE IF NOT EXISTS articles (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    location TEXT NOT NULL,
    file TEXT NOT NULL,
    content INTEGER NOT NULL,
    added INTEGER NOT NULL,
    removed INTEGER,
    details TEXT -- a JSON array: authors, section, tags, language, day of withdrawal
);
CREATE INDEX IF NOT EXISTS articles_listed ON articles (content, added, removed);
DROP INDEX IF EXISTS articles_by_content;
CREATE INDEX IF NOT EXISTS articles_by_id ON articles (id);
CREATE INDEX IF NOT EXISTS articles_by_file ON articles (file);
CREATE INDEX IF NOT EXISTS articles_by_location ON articles (location);
CREATE INDEX IF NOT EXISTS articles_by_removed ON articles (removed);

-- What the running build has read; it becomes `articles` in one transaction.
CREATE TABLE IF NOT EXISTS staged (
    location TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    file TEXT NOT NULL,
    content INTEGER NOT NULL,
    details TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS staged_by_id ON staged (id);
CREATE TABLE IF NOT EXISTS staged_files (
    path TEXT PRIMARY KEY,
    modified INTEGER NOT NULL,
    size INTEGER NOT NULL
) WITHOUT ROWID;
-- Files that are not read again, or that cannot be: what they held stays.
CREATE TABLE IF NOT EXISTS kept (file TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY,
    modified INTEGER NOT NULL,
    size INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS skipped (
    file TEXT NOT NULL,
    location TEXT NOT NULL,
    line INTEGER,
    reason TEXT NOT NULL
);
-- Files of kinds that are not read.
CREATE TABLE IF NOT EXISTS other_kinds (file TEXT PRIMARY KEY, kind TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generations (
    number INTEGER PRIMARY KEY,
    made REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS collections (
    name TEXT PRIMARY KEY,
    made REAL NOT NULL,
    retired REAL
) WITHOUT ROWID;

-- What the last builds did, or why they failed; `paths` is a JSON array.
CREATE TABLE IF NOT EXISTS builds (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    began REAL NOT NULL,
    seconds REAL NOT NULL,
    command TEXT NOT NULL,
    paths TEXT NOT NULL,
    generation INTEGER NOT NULL,
    added INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    moved INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    error TEXT NOT NULL
);
