"""Users, groups and effective members in LDIF as ldapsearch prints it, computed without adlib.

usage: effective.py {active-directory|names|unix} FILE...

One line for each user (`user DN`), group (`group DN`) and effective member (`member GROUP USER`), sorted; names are
folded: lower case, without escapes. Several files are domains that know each other's accounts.
"""

import base64
import re
import sys

USER_ACCOUNT = "805306368"  # sAMAccountType of a person's account


def entries(path):
    """The entries of a file: names in lower case, lists of values."""
    with open(path, encoding="utf-8") as file:
        for block in re.split(r"\n\s*\n", re.sub(r"\n ", "", file.read())):
            entry = {}
            for line in block.splitlines():
                if line.startswith("#") or ":" not in line:
                    continue
                name, value = line.split(":", 1)
                if value.startswith(":"):
                    value = base64.b64decode(value[1:])
                else:
                    value = value.lstrip(" ").encode()
                entry.setdefault(name.lower(), []).append(value)
            if "dn" in entry:
                yield entry


def fold(dn):
    """A DN to compare by: its parts, unescaped, in lower case, with a separator that no value has."""
    hexed = re.sub(r"(?:\\[0-9a-fA-F]{2})+", lambda m: escape(bytes.fromhex(m[0].replace("\\", "")).decode()), dn)
    parts = re.split(r"(?<!\\)(?:\\\\)*,", hexed)
    unescaped = [re.sub(r"\\(.)", r"\1", part).lower() for part in parts]
    return "\x1f".join(unescaped)


def escape(text):
    return "".join("\\" + char if char in ',+"\\<>;=#' else char for char in text)


def text(entry, name):
    values = entry.get(name.lower())
    return values[0].decode() if values else None


def texts(entry, *names):
    return [value.decode() for name in names for value in entry.get(name.lower(), [])]


def sid(value):
    """The text of a SID in bytes."""
    authority = int.from_bytes(value[2:8], "big")
    parts = [int.from_bytes(value[at : at + 4], "little") for at in range(8, 8 + 4 * value[1], 4)]
    return "-".join(["S", str(value[0]), str(authority), *map(str, parts)])


def classes(entry):
    return {value.lower() for value in texts(entry, "objectClass")}


def directory(kind, entry):
    """What an entry is: user, group or neither."""
    has = classes(entry)
    if kind == "active-directory":
        if text(entry, "sAMAccountType") == USER_ACCOUNT:
            return "user"
        return "group" if "group" in has else None
    if kind == "unix":
        return "group" if "posixgroup" in has else "user" if "uid" in entry else None
    if has & {"groupofnames", "groupofuniquenames"}:
        return "group"
    return "user" if "uid" in entry else None


def main(kind, paths):
    users, groups, members, stand_ins, by_sid = {}, {}, {}, {}, {}
    for path in paths:
        for entry in entries(path):
            name = fold(text(entry, "dn"))
            what = directory(kind, entry)
            if what == "user":
                users[name] = entry
            elif what == "group":
                groups[name] = entry
            elif "foreignsecurityprincipal" in classes(entry):
                stand_ins[name] = sid(entry["objectsid"][0])
            if what and "objectsid" in entry:
                by_sid[sid(entry["objectsid"][0])] = name
    for name, entry in groups.items():
        listed = [fold(dn) for dn in texts(entry, "member", "uniqueMember")]
        members[name] = {by_sid.get(stand_ins.get(dn), dn) for dn in listed}
    accounts = {text(entry, "uid"): name for name, entry in users.items()}
    for name, entry in groups.items():
        members[name] |= {accounts[uid] for uid in texts(entry, "memberUid") if uid in accounts}
    add_primary(kind, users, groups, by_sid, members)
    lines = [f"user {name}" for name in users] + [f"group {name}" for name in groups]
    for name in groups:
        lines += [f"member {name} {user}" for user in effective(name, members) if user in users]
    print("\n".join(sorted(lines)))


def add_primary(kind, users, groups, by_sid, members):
    for name, entry in users.items():
        if kind == "active-directory":
            own = sid(entry["objectsid"][0])
            primary = by_sid.get(f"{own.rsplit('-', 1)[0]}-{text(entry, 'primaryGroupID')}")
            if primary in groups:
                members[primary].add(name)
        elif kind == "unix":
            for group, of in groups.items():
                if text(of, "gidNumber") == text(entry, "gidNumber"):
                    members[group].add(name)


def effective(name, members):
    """All that is in a group, whatever the number of groups between."""
    found, waiting = set(), [name]
    while waiting:
        for member in members.get(waiting.pop(), ()):
            if member not in found:
                found.add(member)
                waiting.append(member)
    return found


main(sys.argv[1], sys.argv[2:])
