"""What an administrator would write without the library: the joins that tell two user lists apart, on one thread.

Usage: sync_peers.py ENGINE DIRECTORY. Loads the four files of the directory, says `ready`, and then does what each line asks:
`plan` (users and memberships), `memberships`, `peak`. An answer is nanoseconds of the processor and of the clock, and counts. Users and groups of a membership are integers: nothing is cheaper
to join. Whatever is unique has the index that the engine can use. Names that clash, guards, reasons and hashes are
nobody's work here.
"""

import os
import sys
import time

engine, directory = sys.argv[1:]
FIELDS = ["name", "full_name", "email", "department", "office", "home", "sid", "card"]
SIDES = ["wanted", "stored"]
path = lambda kind, side: f"{directory}/{kind}_{side}.csv"


class Sql:
    """The same questions for both engines that speak SQL, in the form that is fastest for each."""

    def users(self):
        differs = " or ".join(f"w.{field} is not s.{field}" for field in FIELDS)
        differs = differs.replace(" is not ", f" {self.unlike} ")
        return [
            self.rows("select w.* from users_wanted w where not exists (select 1 from users_stored s where s.key = w.key)"),
            self.rows("select s.* from users_stored s where not exists (select 1 from users_wanted w where w.key = s.key)"),
            self.rows(f"select w.*, s.* from users_wanted w join users_stored s on s.key = w.key where {differs}"),
        ]

    def memberships(self):
        differ = (
            "select a.user, a.grp from memberships_{0} a where not exists "
            "(select 1 from memberships_{1} b where b.user = a.user and b.grp = a.grp)"
        )
        return [self.rows(differ.format("wanted", "stored")), self.rows(differ.format("stored", "wanted"))]


class DuckDb(Sql):
    unlike = "is distinct from"

    def __init__(self):
        import duckdb

        self.connection = duckdb.connect(config={"threads": 1})
        for side in SIDES:
            for kind in ["users", "memberships"]:
                # A GUID compares as a number.
                columns = "* replace (key::uuid as key)" if kind == "users" else "*"
                self.connection.execute(
                    f"create table {kind}_{side} as select {columns} from read_csv('{path(kind, side)}', header=true)"
                )

    def rows(self, select):
        return self.connection.execute(f"create or replace temp table found as {select}").fetchone()[0]


class Sqlite(Sql):
    unlike = "is not"

    def __init__(self):
        import csv
        import sqlite3

        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute("pragma temp_store = memory")
        for side in SIDES:
            columns = ", ".join(f"{field} text" for field in FIELDS)
            self.connection.execute(f"create table users_{side} (key text primary key, {columns}) without rowid")
            self.connection.execute(
                f"create table memberships_{side} (user integer, grp integer, primary key (user, grp)) without rowid"
            )
            for kind, places in [("users", 1 + len(FIELDS)), ("memberships", 2)]:
                with open(path(kind, side), newline="") as file:
                    rows = csv.reader(file)
                    next(rows)
                    marks = ", ".join("?" * places)
                    self.connection.execute("begin")
                    self.connection.executemany(f"insert into {kind}_{side} values ({marks})", rows)
                    self.connection.execute("commit")

    def rows(self, select):
        self.connection.execute("drop table if exists temp.found")
        self.connection.execute(f"create temp table found as {select}")
        return self.connection.execute("select count(*) from temp.found").fetchone()[0]


class Polars:
    def __init__(self):
        os.environ["POLARS_MAX_THREADS"] = "1"
        import polars

        self.polars = polars
        read = lambda kind, side: polars.read_csv(path(kind, side), infer_schema=kind == "memberships")
        self.frames = {(kind, side): read(kind, side) for kind in ["users", "memberships"] for side in SIDES}

    def users(self):
        wanted, stored = (self.frames["users", side] for side in SIDES)
        column = self.polars.col
        differs = self.polars.any_horizontal(column(field).ne_missing(column(field + "_right")) for field in FIELDS)
        updates = wanted.lazy().join(stored.lazy(), on="key").filter(differs).collect()
        return [wanted.join(stored, on="key", how="anti").height, stored.join(wanted, on="key", how="anti").height, updates.height]

    def memberships(self):
        wanted, stored = (self.frames["memberships", side] for side in SIDES)
        on = ["user", "grp"]
        return [wanted.join(stored, on=on, how="anti").height, stored.join(wanted, on=on, how="anti").height]


peer = {"duckdb": DuckDb, "polars": Polars, "sqlite": Sqlite}[engine]()
print("ready", flush=True)
for line in sys.stdin:
    asked = line.strip()
    if asked == "peak":
        status = open("/proc/self/status").read()
        print(status.split("VmHWM:")[1].split()[0], flush=True)
        continue
    start, busy = time.perf_counter_ns(), time.process_time_ns()
    counts = peer.users() if asked == "plan" else []
    counts += peer.memberships()
    print(time.process_time_ns() - busy, time.perf_counter_ns() - start, *counts, flush=True)
