"""The sandbox's tables. A change of them is a new SCHEMA_VERSION: an older folder is then refused, in one sentence."""

from __future__ import annotations

from typing import Final

SCHEMA_VERSION: Final = 3

TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- What lists and reads show: contract objects, one row a version, hidden ones gone.
CREATE TABLE objects (
    plural TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (plural, scope, name)
);

-- Every order ever placed; `due` is when it next changes by itself, in sandbox time.
CREATE TABLE orders (
    uid TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, current INTEGER NOT NULL,
    due REAL, record TEXT NOT NULL
);
CREATE UNIQUE INDEX order_of_name ON orders (project, name) WHERE current = 1;
CREATE INDEX order_due ON orders (due) WHERE due IS NOT NULL;

-- Every demand ever published, in the order of publishing; `due` is when an open one is next looked at by itself.
CREATE TABLE demands (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, project TEXT NOT NULL, name TEXT NOT NULL,
    due REAL, record TEXT NOT NULL
);
CREATE UNIQUE INDEX demand_of_name ON demands (project, name);
CREATE INDEX demand_due ON demands (due) WHERE due IS NOT NULL;

-- Every voucher; `due` is when it next begins or ends, in sandbox time.
CREATE TABLE vouchers (
    project TEXT NOT NULL, name TEXT NOT NULL, due REAL, record TEXT NOT NULL, PRIMARY KEY (project, name)
) WITHOUT ROWID;
CREATE INDEX voucher_due ON vouchers (due) WHERE due IS NOT NULL;

-- Every line of money, in fen; append-only (the triggers mean it).
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, day TEXT NOT NULL, kind TEXT NOT NULL,
    account TEXT NOT NULL, project TEXT NOT NULL, ref TEXT NOT NULL, amount INTEGER NOT NULL, reserved INTEGER NOT NULL
);
CREATE INDEX ledger_of_project ON ledger (project, seq);
CREATE INDEX ledger_of_day ON ledger (project, day);
CREATE TRIGGER ledger_keeps BEFORE UPDATE ON ledger BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

-- The payer: sums of its ledger lines, kept in the same transaction.
CREATE TABLE projects (
    name TEXT PRIMARY KEY, balance INTEGER NOT NULL, reserved INTEGER NOT NULL,
    cards INTEGER NOT NULL, quota INTEGER NOT NULL
) WITHOUT ROWID;

-- Model calls add up here in millionths of a yuan before whole fen are posted.
CREATE TABLE calls (
    project TEXT NOT NULL, account TEXT NOT NULL, source TEXT NOT NULL, day TEXT NOT NULL,
    micro INTEGER NOT NULL, posted INTEGER NOT NULL, PRIMARY KEY (project, account, source, day)
) WITHOUT ROWID;

-- First answers to Idempotency-Keys; `at` is wall time.
CREATE TABLE answers (
    account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    headers TEXT NOT NULL, body BLOB NOT NULL, at REAL NOT NULL, PRIMARY KEY (account, key)
);
CREATE INDEX answers_by_age ON answers (at);

-- Tokens by their SHA-256 only; times are wall time.
CREATE TABLE tokens (
    digest TEXT PRIMARY KEY, family TEXT NOT NULL, use TEXT NOT NULL, account TEXT NOT NULL, client TEXT NOT NULL,
    expires REAL, spent INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX tokens_of_family ON tokens (family);
CREATE TABLE devices (
    digest TEXT PRIMARY KEY, user_code TEXT NOT NULL UNIQUE, client TEXT NOT NULL, expires REAL NOT NULL,
    state TEXT NOT NULL, account TEXT, polled REAL NOT NULL
) WITHOUT ROWID;
"""
