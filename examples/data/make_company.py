#!/usr/bin/env python3
"""Make the two directories that the examples read: company.ldif and subsidiary.ldif.

    python3 make_company.py        writes both beside itself; the same bytes every time

Everybody in them is invented. The files look like what `ldapsearch` prints from an Active Directory: lines are folded,
values that are not plain ASCII are in base64, SIDs and GUIDs are binary, primary groups are not listed as `member`.
"""

import base64
import datetime
import hashlib
import pathlib
import re
import struct

HERE = pathlib.Path(__file__).parent

# What userAccountControl is made of (MS-ADTS 2.2.16).
DISABLED = 0x0002
NORMAL = 0x0200
WORKSTATION = 0x1000
PASSWORD_NEVER_EXPIRES = 0x10000
SMARTCARD_REQUIRED = 0x40000

# groupType (MS-ADTS 2.2.12), signed as the directory prints it.
GLOBAL, LOCAL, UNIVERSAL = -0x80000000 + 2, -0x80000000 + 4, -0x80000000 + 8
DISTRIBUTION = 2

NEVER = 0x7FFFFFFFFFFFFFFF
CREATED = "20240115083000.0Z"
COMPANY_SID = "S-1-5-21-3405691582-1122334455-987654321"
SUBSIDIARY_SID = "S-1-5-21-2863311530-1566778899-123456789"


def file_time(year, month, day):
    """The start of a day as 100 ns ticks since 1601."""
    days = (datetime.date(year, month, day) - datetime.date(1601, 1, 1)).days
    return days * 86400 * 10_000_000


def sid(text):
    """A SID in binary (MS-DTYP 2.4.2)."""
    _, revision, authority, *parts = text.split("-")
    head = struct.pack(">BB", int(revision), len(parts)) + int(authority).to_bytes(6, "big")
    return head + b"".join(struct.pack("<I", int(part)) for part in parts)


def escape(value):
    """The value of an RDN as Active Directory escapes it (RFC 4514 2.4)."""
    text = re.sub(r'([,+"\\<>;=])', r"\\\1", value)
    if text[0] in " #":
        text = "\\" + text
    if text.endswith(" "):
        text = text[:-1] + "\\ "
    return text


class Domain:
    """A domain's entries, by DN and in order."""

    def __init__(self, dns, netbios, domain_sid):
        self.dns, self.netbios, self.sid = dns, netbios, domain_sid
        self.base = ",".join(f"DC={part}" for part in dns.split("."))
        self.entries = {}
        self.names = {}
        self.usn = 8192
        self.add(self.base, ["top", "domain", "domainDNS"], "Domain-DNS", {"dc": dns.split(".")[0]}, domain_sid)
        for name in ["Users", "Computers", "ForeignSecurityPrincipals"]:
            self.add(f"CN={name},{self.base}", ["top", "container"], "Container", {"cn": name})

    def add(self, dn, classes, category, attributes, entry_sid=None):
        self.usn += 7
        guid = hashlib.md5(f"adlib example {dn}".encode()).digest()
        name = attributes.get("cn") or attributes.get("ou") or attributes.get("dc")
        entry = {
            "objectClass": classes,
            **attributes,
            "distinguishedName": dn,
            "instanceType": 4,
            "whenCreated": CREATED,
            "uSNChanged": self.usn,
            "name": name,
            "objectGUID": guid,
            "objectCategory": f"CN={category},CN=Schema,CN=Configuration,{self.base}",
        }
        if entry_sid:
            entry["objectSid"] = sid(entry_sid)
        self.entries[dn] = entry
        return dn

    def place(self, path):
        """The DN of an OU given from the top down: `Paperworks/Berlin`; `` is the container Users."""
        if not path:
            return f"CN=Users,{self.base}"
        return "".join(f"OU={escape(part)}," for part in reversed(path.split("/"))) + self.base

    def unit(self, path):
        self.add(self.place(path), ["top", "organizationalUnit"], "Organizational-Unit", {"ou": path.split("/")[-1]})

    def account(self, dn, account, rid, classes, category, attributes):
        """A security principal: it has a name that is unique in the domain, and a SID."""
        assert account.lower() not in self.names, account
        self.names[account.lower()] = dn
        self.add(dn, classes, category, {**attributes, "sAMAccountName": account}, f"{self.sid}-{rid}")

    def user(self, account, rid, given, surname, path, **more):
        full_name = more.pop("cn", f"{given} {surname}".strip())
        upn = more.pop("upn", f"{account}@{self.dns}")
        attributes = {
            "cn": full_name,
            "sn": surname,
            "givenName": given,
            "displayName": more.pop("displayName", full_name),
            "userPrincipalName": upn,
            "userAccountControl": more.pop("control", 0) | NORMAL,
            "primaryGroupID": more.pop("primary", 513),
            "accountExpires": more.pop("expires", NEVER),
            "pwdLastSet": more.pop("password_set", file_time(2024, 1, 15)),
            "sAMAccountType": 805306368,
            **more,
        }
        classes = ["top", "person", "organizationalPerson", "user"]
        self.account(f"CN={escape(full_name)},{self.place(path)}", account, rid, classes, "Person", attributes)

    def group(self, name, rid, kind, path, members, **more):
        types = {GLOBAL: 268435456, UNIVERSAL: 268435456, LOCAL: 536870912, DISTRIBUTION: 268435457}
        attributes = {"cn": name, "member": members, "groupType": kind, "sAMAccountType": types[kind], **more}
        dn = f"CN={escape(name)},{self.place(path)}"
        self.account(dn, name, rid, ["top", "group"], "Group", attributes)

    def stranger(self, stranger_sid):
        """A foreign security principal: a member from another domain, known by its SID only."""
        dn = f"CN={stranger_sid},CN=ForeignSecurityPrincipals,{self.base}"
        classes = ["top", "foreignSecurityPrincipal"]
        return self.add(dn, classes, "Foreign-Security-Principal", {"cn": stranger_sid}, stranger_sid)

    def link(self):
        """Turn account names in `member` and `manager` into DNs, and write the back links."""
        for dn, entry in self.entries.items():
            if "manager" in entry:
                entry["manager"] = self.names[entry["manager"]]
            members = [self.names.get(member.lower(), member) for member in entry.get("member", [])]
            assert all(member in self.entries for member in members), members
            entry["member"] = members
            for member in members:
                self.entries[member].setdefault("memberOf", []).append(dn)

    def write(self, path, about):
        users = [entry for entry in self.entries.values() if entry.get("sAMAccountType") == 805306368]
        disabled = sum(1 for user in users if user["userAccountControl"] & DISABLED)
        groups = sum(1 for entry in self.entries.values() if "groupType" in entry)
        units = sum(1 for entry in self.entries.values() if "ou" in entry)
        head = [
            "version: 1",
            "",
            f"# {about}",
            f"# {self.dns}: {len(users)} users, {disabled} of them disabled; {groups} groups; {units} units; "
            f"{len(self.entries)} entries",
            "# Invented. Made by make_company.py; change that and not this.",
        ]
        records = [record(dn, entry) for dn, entry in self.entries.items()]
        path.write_text("\n".join(["\n".join(head)] + records) + "\n", encoding="ascii", newline="\n")


def record(dn, entry):
    lines = [line("dn", dn)]
    for name, values in entry.items():
        values = values if isinstance(values, list) else [values]
        lines += [line(name, value) for value in values if value not in ("", None)]
    return "\n" + "\n".join(lines)


def line(name, value):
    """One attribute, in base64 unless it is a SAFE-STRING (RFC 2849), folded as ldapsearch folds."""
    data = value if isinstance(value, bytes) else str(value).encode()
    if re.fullmatch(rb"[\x21-\x39\x3b\x3d-\x7e]([\x20-\x7e]*[\x21-\x7e])?", data):
        text = f"{name}: {data.decode()}"
    else:
        text = f"{name}:: {base64.b64encode(data).decode()}"
    first, rest = text[:76], text[76:]
    return "\n ".join([first] + [rest[at : at + 75] for at in range(0, len(rest), 75)])


def builtin(domain):
    """What every domain has from its first day."""
    users = {"upn": "", "isCriticalSystemObject": "TRUE"}
    domain.user("Administrator", 500, "", "", "", cn="Administrator", control=PASSWORD_NEVER_EXPIRES, **users)
    domain.user("Guest", 501, "", "", "", cn="Guest", control=DISABLED, primary=514, **users)
    domain.user("krbtgt", 502, "", "", "", cn="krbtgt", control=DISABLED, **users)


def company():
    domain = Domain("paperworks.example", "PAPERWORKS", COMPANY_SID)
    making = "Paperworks/Berlin/Papermaking"
    line_1, lab = f"{making}/Line 1", f"{making}/Colour Lab"
    export, office = "Paperworks/Köln/Sales, Export", "Paperworks/Köln/Office"
    tokyo, desk, former = "Paperworks/東京", "Paperworks/Front Desk", "Former Staff"
    for path in [
        "Paperworks", "Paperworks/Berlin", making, line_1, lab, "Paperworks/Köln", export, office, tokyo, desk,
        former, "Groups", "Machines",
    ]:
        domain.unit(path)
    builtin(domain)

    rid = iter(range(1101, 1200))
    card = iter(range(100401, 100500))

    def person(account, given, surname, path, department, room, **more):
        more.setdefault("upn", f"{given}.{surname}@{domain.dns}".lower())
        domain.user(
            account, next(rid), given, surname, path,
            mail=more.pop("mail", f"{account}@paperworks.example"),
            department=department,
            physicalDeliveryOfficeName=room,
            pager=more.pop("pager", f"ID-{next(card)}"),
            homeDirectory=f"\\\\files\\home$\\{account}",
            **more,
        )  # fmt: skip

    # Berlin, four units deep.
    person("akeller", "Ada", "Keller", making, "Papermaking", "Mill 2.14", title="Head of Papermaking",
           otherMailbox=["ada@paper.example", "head.of.papermaking@paperworks.example"])
    person("bnovak", "Bela", "Novak", line_1, "Papermaking", "Mill 0.01")
    person("cduarte", "Catarina", "Duarte", line_1, "Papermaking", "Mill 0.01")
    person("dokafor", "Daniel", "Okafor", line_1, "Papermaking", "Mill 0.02")
    person("eylmaz", "Elif", "Yilmaz", line_1, "Papermaking", "Mill 0.02", primary=1202)
    person("fsantos", "Felix", "Santos", line_1, "Papermaking", "Mill 0.03", primary=1202,
           expires=file_time(2099, 1, 1))
    person("gmoreau", "Gaëlle", "Moreau", lab, "Colour Lab", "Lab 1.03", upn="gaelle.moreau@paperworks.example")
    person("hkovacs", "Hanna", "Kovács", lab, "Colour Lab", "Lab 1.03", upn="hanna.kovacs@pw.example")
    person("ibauer", "Ivo", "Bauer", lab, "Colour Lab", "Lab 1.05", primary=1202)
    person("jlind", "Jenny", "Lind", lab, "Colour Lab", "Lab 1.05", upn="jenny@pw.example")
    # Köln: a unit with a comma in its name.
    person("kschmitz", "Karl", "Schmitz", export, "Sales", "K 3.01", upn="karl.schmitz@pw.example")
    person("lweiß", "Lena", "Weiß", export, "Sales", "K 3.01", upn="lena.weiss@paperworks.example",
           mail="lweiss@paperworks.example")
    person("mberg", "Mia", "Berg", export, "Sales", "K 3.02", upn="mia@paperworks.example")
    person("mia2", "Mia", "Bonnet", export, "Sales", "K 3.02", upn="mia@pw.example")
    person("nfischer", "Nils", "Fischer", export, "Sales", "K 3.03", pager="")
    person("osmith", "Olivia", "Smith", export, "Sales", "K 3.03", upn="")
    person("pjensen", "Per", "Jensen", office, "Finance", "K 1.10", primary=1201)
    person("qnguyen", "Quynh", "Nguyen", office, "Finance", "K 1.11", manager="pjensen")
    person("rrossi", "Rita", "Rossi", office, "Finance", "K 1.11", control=PASSWORD_NEVER_EXPIRES)
    person("sreed", "Sam", "Reed", office, "Information Technology", "K 1.20", upn="sam.reed@paperworks.example",
           primary=1201)
    person("tpatel", "Tara", "Patel", office, "Information Technology", "K 1.20", control=SMARTCARD_REQUIRED)
    person("uali", "Usman", "Ali", office, "Information Technology", "K 1.21", info="Rack keys\r\nare with him")
    # The UPN prefix of one is the account of the other.
    person("vlang", "Victor", "Lang", office, "Finance", "K 1.12", upn="wlang@pw.example")
    person("wlang", "Wanda", "Lang", office, "Finance", "K 1.12", upn="vlang@pw.example")
    # Tokyo and elsewhere: names that are not ASCII.
    person("tanaka", "花子", "田中", tokyo, "営業", "東京 4", cn="田中 花子", upn="tanaka@paperworks.example")
    person("佐藤", "太郎", "佐藤", tokyo, "営業", "東京 4", cn="佐藤 太郎", upn="佐藤@paperworks.example",
           mail="sato@paperworks.example")
    person("zbronte", "Zoë", "Brontë", tokyo, "Sales", "東京 5", upn="zoë@paperworks.example")
    person("oaerlig", "Øyvind", "Ærlig", tokyo, "Sales", "東京 5", upn="øyvind@pw.example")
    person("ipapadop", "Ιωάννης", "Παπαδόπουλος", tokyo, "Sales", "東京 6", upn="ioannis@paperworks.example")
    # The same letters as in "René Dupré", with combining accents.
    person("rdupre", "Rene\u0301", "Dupre\u0301", tokyo, "Sales", "東京 6", upn="rene.dupre@paperworks.example")
    person("lwisniew", "Łukasz", "Wiśniewski", tokyo, "Sales", "東京 6", upn="lukasz@paperworks.example")
    # The front desk: names that must be escaped in a DN, in a filter, in HTML or on a terminal.
    for account, cn in [
        ("jbrandt", "Brandt, Julia"),
        ("rossi2", "Rossi + Rossi"),
        ("btailor", 'Robert "Bob" Tailor'),
        ("reception1", "#1 Reception"),
        ("vblank", " Vera Blank"),
        ("oende", "Otto Ende "),
        ("nightshift", "Night\\Shift"),
        ("kim", "<b>Kim</b> Trainee"),
        ("frontdesk", "Front;Desk"),
        ("tester", "a=b Tester"),
        ("fanclub", "Filter (*) Fan"),
        ("porter", "Day/Night Porter"),
        ("o'hara", "Pat O'Hara"),
    ]:
        given, surname = (cn.split(None, 1) + [""])[:2]
        person(account, given, surname.strip(), desk, "Front Desk", "B 0.10", cn=cn, upn=f"{account}@{domain.dns}")
    # Those who may not sign in.
    person("xold", "Xenia", "Old", former, "Sales", "", control=DISABLED)
    person("ygone", "Yusuf", "Gone", former, "Papermaking", "", control=DISABLED)
    person("zpast", "Zita", "Past", former, "Finance", "", expires=file_time(2024, 7, 1))
    person("alocked", "Anton", "Locked", former, "Finance", "", lockoutTime=file_time(2024, 6, 1))
    person("amust", "Anna", "Must", former, "Finance", "", password_set=0)
    person("aretired", "Arno", "Retired", former, "Papermaking", "", control=DISABLED, expires=file_time(2023, 1, 1))

    # Not users: a contact, a computer, a service account of many machines.
    contact = domain.add(
        f"CN=Paul Courier,{domain.place(desk)}", ["top", "person", "organizationalPerson", "contact"], "Person",
        {"cn": "Paul Courier", "sn": "Courier", "givenName": "Paul", "mail": "paul@courier.example"},
    )  # fmt: skip
    machine = {"userAccountControl": WORKSTATION, "primaryGroupID": 515, "sAMAccountType": 805306369}
    classes = ["top", "person", "organizationalPerson", "user", "computer"]
    domain.account(
        f"CN=PRESS-1,{domain.place('Machines')}", "PRESS-1$", next(rid), classes, "Computer",
        {"cn": "PRESS-1", "dNSHostName": "press-1.paperworks.example", "accountExpires": NEVER, **machine},
    )  # fmt: skip
    domain.account(
        f"CN=print-svc,{domain.place('Machines')}", "print-svc$", next(rid),
        [*classes, "msDS-GroupManagedServiceAccount"], "ms-DS-Group-Managed-Service-Account",
        {"cn": "print-svc", "accountExpires": NEVER, **machine},
    )  # fmt: skip

    critical = {"isCriticalSystemObject": "TRUE"}
    domain.group("Domain Admins", 512, GLOBAL, "", ["Administrator", "tpatel"], **critical)
    domain.group("Domain Users", 513, GLOBAL, "", [], **critical)
    domain.group("Domain Guests", 514, GLOBAL, "", [], **critical)
    domain.group("Domain Computers", 515, GLOBAL, "", [], **critical)
    # Primary groups other than Domain Users: their members are found by primaryGroupID.
    domain.group("Print Admins", 1201, GLOBAL, "Groups", ["uali"], displayName="Print Administrators")
    domain.group("Contractors", 1202, GLOBAL, "Groups", ["cduarte"])
    # Groups in groups, four deep.
    domain.group("Line 1 Crew", 1203, GLOBAL, "Groups", ["bnovak", "cduarte", "dokafor"])
    domain.group("Papermakers", 1204, GLOBAL, "Groups", ["akeller", "Line 1 Crew"])
    domain.group("Berlin Staff", 1205, UNIVERSAL, "Groups",
                 ["Papermakers", "Contractors", "gmoreau", "hkovacs", "jlind"])
    domain.group("All Staff", 1206, UNIVERSAL, "Groups",
                 ["Berlin Staff", "kschmitz", "lweiß", "mberg", "mia2", "pjensen", "佐藤", "zbronte", "ygone"])
    # A circle.
    domain.group("Editors", 1207, GLOBAL, "Groups", ["Reviewers", "qnguyen"])
    domain.group("Reviewers", 1208, GLOBAL, "Groups", ["Approvers", "rrossi"])
    domain.group("Approvers", 1209, GLOBAL, "Groups", ["Editors", "vlang"])
    # A member of another domain, a contact, a machine, nobody, names that must be escaped.
    olga = domain.stranger(f"{SUBSIDIARY_SID}-1101")
    domain.group("Colour Council", 1210, LOCAL, "Groups", ["gmoreau", "ibauer", olga])
    domain.group("Newsletter", 1211, DISTRIBUTION, "Groups", ["kschmitz", contact], mail="news@paperworks.example")
    domain.group("Presses", 1212, GLOBAL, "Groups", ["PRESS-1$"])
    domain.group("Suggestions", 1213, GLOBAL, "Groups", [])
    domain.group("Büro, Köln", 1214, GLOBAL, "Groups",
                 ["pjensen", "qnguyen", "rrossi", "jbrandt", "reception1", "vblank", "oende"])
    domain.link()
    return domain


def subsidiary():
    domain = Domain("inkwell.example", "INKWELL", SUBSIDIARY_SID)
    domain.unit("Inkwell")
    domain.unit("Inkwell/Lyon")
    rid = iter(range(1101, 1200))
    card = iter(range(200101, 200200))
    for account, given, surname, department, more in [
        ("olga", "Olga", "Ivanova", "Pigments", {}),
        ("paolo", "Paolo", "Conti", "Pigments", {"upn": "paolo.conti@ink.example"}),
        ("rosa", "Rosa", "Jiménez", "Pigments", {"upn": "rosa@pw.example"}),
        ("selma", "Selma", "Berger", "Bottling", {"primary": 1201}),
        ("timo", "Timo", "Virtanen", "Bottling", {}),
        ("ursula", "Ursula", "Meier", "Bottling", {"control": DISABLED}),
        ("vito", "Vito", "Marino", "Bottling", {}),
        # There is a "sreed" in the other domain too: another person.
        ("sreed", "Susan", "Reed", "Office", {"upn": "susan.reed@inkwell.example"}),
    ]:
        domain.user(
            account, next(rid), given, surname, "Inkwell/Lyon", mail=f"{account}@inkwell.example",
            department=department, physicalDeliveryOfficeName="Lyon 1", pager=f"ID-{next(card)}", **more,
        )  # fmt: skip
    domain.group("Domain Users", 513, GLOBAL, "", [], isCriticalSystemObject="TRUE")
    domain.group("Bottlers", 1201, GLOBAL, "Inkwell", ["timo", "vito"])
    domain.group("Inkwell Staff", 1202, UNIVERSAL, "Inkwell", ["Bottlers", "olga", "paolo", "rosa", "ursula", "sreed"])
    domain.link()
    return domain


def main():
    company().write(HERE / "company.ldif", "Paperworks, a company that does not exist, as its directory knows it.")
    subsidiary().write(HERE / "subsidiary.ldif", "Inkwell, which Paperworks has bought; its domain is trusted.")


if __name__ == "__main__":
    main()
