//! Random changes to a tree, as LDIF that every one of them is valid in.

use std::{collections::BTreeSet, fmt::Write};

/// Which server the LDIF is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Flavour {
    ActiveDirectory,
    OpenLdap,
    Ds389,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    User,
    Group,
    Unit,
}

#[derive(Debug, Clone)]
struct Node {
    kind: Kind,
    name: String,
    /// Within the unit of this number; 0 is the root of the tree.
    unit: usize,
    /// The members, with the DN that each had when it joined.
    members: Vec<(usize, String)>,
    disabled: bool,
    there: bool,
    /// What it was called when it was made, which it goes on by.
    account: String,
    /// It was deleted before the last look.
    buried: bool,
    /// It came back from the recycle bin, with members and groups that it had.
    relinked: bool,
    /// It was put back since the last look.
    put_back: bool,
    /// The units that it was moved out of.
    former_units: Vec<usize>,
}

/// What stands for the DN of a deleted entry: its account follows, and another of these.
pub(crate) const DELETED: &str = "@deleted@";

/// The change that brings the deleted `account` back as `dn` (MS-ADTS 3.1.1.5.3.7).
fn undeletion(account: &str, dn: &str) -> String {
    format!(
        "dn: {DELETED}{account}{DELETED}\nchangetype: modify\ndelete: isDeleted\n-\n\
         replace: distinguishedName\ndistinguishedName: {dn}\n-\n\n"
    )
}

/// The same of a group in the recycle bin, for a writer inside the database. Samba 4.17 brings nobody back from there, for
/// it adds what would be lost without one; and only of a group it then says again which type of account it is.
fn return_from_recycle_bin(account: &str, base: &str, dn: &str) -> String {
    let (rdn, above) = dn.split_once(',').unwrap();
    let kind = |value| format!("dn: {dn}\nchangetype: modify\nreplace: groupType\ngroupType: {value}\n\n");
    format!(
        "dn: {DELETED}{account}{DELETED}\nchangetype: modify\ndelete: isDeleted\n-\ndelete: lastKnownParent\n-\n\
         delete: msDS-LastKnownRDN\n-\n\
         add: objectCategory\nobjectCategory: CN=Group,CN=Schema,CN=Configuration,{base}\n-\n\n\
         dn: {DELETED}{account}{DELETED}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\n\
         newsuperior: {above}\n\n{}{}",
        kind("2"),
        kind("-2147483646")
    )
}

/// The tree below one unit, and what was changed since the last look.
pub(crate) struct Tree {
    flavour: Flavour,
    root: String,
    state: u64,
    nodes: Vec<Node>,
    names: usize,
    ldif: String,
    /// Whether it brings back who was deleted.
    pub(crate) undeletes: bool,
    /// Whether it does that as from a recycle bin.
    pub(crate) recycles: bool,
    /// Something was renamed, moved or put back since the last look: OpenLDAP mends the groups a moment later.
    mending: bool,
}

impl Tree {
    pub(crate) fn new(flavour: Flavour, base: &str, seed: u64) -> Self {
        let mut tree = Self {
            flavour,
            root: format!("OU=Changing,{base}"),
            state: seed,
            nodes: Vec::new(),
            names: 0,
            ldif: String::new(),
            undeletes: flavour != Flavour::Ds389,
            recycles: false,
            mending: false,
        };
        tree.nodes.push(Node {
            kind: Kind::Unit,
            name: "Changing".to_owned(),
            unit: 0,
            members: Vec::new(),
            disabled: false,
            there: true,
            account: "Changing".to_owned(),
            buried: false,
            relinked: false,
            put_back: false,
            former_units: Vec::new(),
        });
        tree.write_add(0);
        for kind in [
            Kind::Unit,
            Kind::Unit,
            Kind::Group,
            Kind::User,
            Kind::User,
            Kind::User,
        ] {
            tree.add(kind);
        }
        tree
    }

    /// The changes since the last call.
    pub(crate) fn ldif(&mut self) -> String {
        for node in &mut self.nodes {
            node.buried |= !node.there;
            node.put_back = false;
        }
        self.mending = false;
        std::mem::take(&mut self.ldif)
    }

    /// `SplitMix64`: a seed gives the same changes everywhere.
    fn random(&mut self, below: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(below).unwrap()).unwrap()
    }

    fn choose(&mut self, fits: impl Fn(usize, &Node) -> bool) -> Option<usize> {
        let fitting = self.nodes.iter().enumerate();
        let fitting: Vec<usize> = fitting
            .filter(|(number, node)| node.there && fits(*number, node))
            .map(|(number, _)| number)
            .collect();
        if fitting.is_empty() {
            return None;
        }
        Some(fitting[self.random(fitting.len())])
    }

    fn dn(&self, number: usize) -> String {
        if number == 0 {
            return self.root.clone();
        }
        let node = &self.nodes[number];
        format!("{},{}", self.rdn(node.kind, &node.name), self.dn(node.unit))
    }

    fn rdn(&self, kind: Kind, name: &str) -> String {
        match (kind, self.flavour) {
            (Kind::Unit, _) => format!("OU={name}"),
            (Kind::User, Flavour::OpenLdap | Flavour::Ds389) => format!("uid={name}"),
            _ => format!("CN={name}"),
        }
    }

    fn fresh_name(&mut self, kind: Kind) -> String {
        self.names += 1;
        let letter = match kind {
            Kind::User => 'u',
            Kind::Group => 'g',
            Kind::Unit => 'o',
        };
        format!("{letter}{}", self.names)
    }

    /// One random change.
    pub(crate) fn change(&mut self) {
        match self.random(16) {
            0 | 1 => self.add(Kind::User),
            2 => self.add(Kind::Group),
            3 => self.add(Kind::Unit),
            4 => self.delete(Kind::User),
            5 => self.delete(Kind::Group),
            6 => self.recreate_group(),
            7 => self.place(Kind::User),
            8 => self.place(Kind::Unit),
            9 | 10 => self.join(),
            11 => self.leave(),
            12 => self.disable(),
            13 | 14 if self.undeletes => self.undelete(),
            _ => self.mail(),
        }
    }

    fn add(&mut self, kind: Kind) {
        let name = self.fresh_name(kind);
        self.add_named(kind, name);
    }

    fn add_named(&mut self, kind: Kind, name: String) {
        let unit = self.choose(|_, node| node.kind == Kind::Unit).unwrap();
        self.nodes.push(Node {
            kind,
            account: name.clone(),
            name,
            unit,
            members: Vec::new(),
            disabled: true,
            there: true,
            buried: false,
            relinked: false,
            put_back: false,
            former_units: Vec::new(),
        });
        self.write_add(self.nodes.len() - 1);
    }

    fn write_add(&mut self, number: usize) {
        let (dn, node) = (self.dn(number), self.nodes[number].clone());
        let name = &node.name;
        // Its own, so that it can be put back as it was.
        let identity = format!("entryUUID: 3f2504e0-4f89-11d3-9a0c-{number:012x}\n");
        let identity = if self.flavour == Flavour::OpenLdap {
            &identity
        } else {
            ""
        };
        let rest = match (node.kind, self.flavour) {
            (Kind::Unit, _) => format!("objectClass: organizationalUnit\nou: {name}\n"),
            (Kind::User, Flavour::ActiveDirectory) => {
                format!("objectClass: user\nsAMAccountName: {name}\nuserAccountControl: 546\n")
            }
            (Kind::Group, Flavour::ActiveDirectory) => {
                format!("objectClass: group\nsAMAccountName: {name}\n")
            }
            (Kind::User, Flavour::OpenLdap | Flavour::Ds389) => {
                format!("objectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n")
            }
            (Kind::Group, Flavour::OpenLdap | Flavour::Ds389) => {
                format!("objectClass: groupOfNames\ncn: {name}\nmember: {}\n", self.root)
            }
        };
        write!(self.ldif, "dn: {dn}\nchangetype: add\n{identity}{rest}\n").unwrap();
    }

    fn delete(&mut self, kind: Kind) {
        let Some(number) = self.choose(|_, node| node.kind == kind) else {
            return;
        };
        let dn = self.dn(number);
        write!(self.ldif, "dn: {dn}\nchangetype: delete\n\n").unwrap();
        self.nodes[number].there = false;
        for node in &mut self.nodes {
            node.members.retain(|(member, _)| *member != number);
        }
    }

    fn recreate_group(&mut self) {
        let Some(number) = self.choose(|_, node| node.kind == Kind::Group) else {
            return;
        };
        let dn = self.dn(number);
        write!(self.ldif, "dn: {dn}\nchangetype: delete\n\n").unwrap();
        self.nodes[number].there = false;
        for node in &mut self.nodes {
            node.members.retain(|(member, _)| *member != number);
        }
        let name = self.nodes[number].name.clone();
        self.add_named(Kind::Group, name);
    }

    /// Put somebody back who was deleted, as a restore does: with the identity and most often the DN that it had.
    fn put_back(&mut self) {
        let gone = self.nodes.iter().enumerate();
        let gone: Vec<usize> = gone
            .filter(|(_, node)| !node.there)
            .map(|(number, _)| number)
            .collect();
        if gone.is_empty() {
            return self.delete(Kind::User);
        }
        let number = gone[self.random(gone.len())];
        let unit = self.nodes[number].unit;
        if !self.nodes[unit].there || self.random(4) == 0 {
            self.nodes[number].unit = self.choose(|_, node| node.kind == Kind::Unit).unwrap();
        }
        let (kind, name) = (self.nodes[number].kind, self.nodes[number].name.clone());
        let is_taken = self.nodes.iter().any(|node| node.there && node.name == name);
        if is_taken {
            self.nodes[number].name = self.fresh_name(kind);
        }
        let node = &mut self.nodes[number];
        (node.there, node.put_back) = (true, true);
        node.members.clear();
        self.mending = true;
        self.write_add(number);
    }

    /// Bring somebody back who was deleted before the last look; where to find it is known by its account only.
    fn undelete(&mut self) {
        if self.flavour == Flavour::OpenLdap {
            return self.put_back();
        }
        let accounts: Vec<&str> = self.nodes.iter().map(|node| node.account.as_str()).collect();
        let is_only = |node: &Node| {
            accounts
                .iter()
                .filter(|account| **account == node.account)
                .count()
                == 1
        };
        let buried = self.nodes.iter().enumerate();
        let buried: Vec<usize> = buried
            .filter(|(_, node)| node.buried && !node.there && is_only(node))
            .filter(|(_, node)| !self.recycles || node.kind == Kind::Group)
            .map(|(number, _)| number)
            .collect();
        if buried.is_empty() {
            return self.delete(Kind::User);
        }
        let number = buried[self.random(buried.len())];
        let unit = self.choose(|_, node| node.kind == Kind::Unit).unwrap();
        // A group that took its place may have its name.
        let (kind, name) = (self.nodes[number].kind, self.nodes[number].name.clone());
        let is_taken = self.nodes.iter().any(|node| node.there && node.name == name);
        let name = if is_taken { self.fresh_name(kind) } else { name };
        let node = &mut self.nodes[number];
        node.name = name;
        (node.unit, node.there, node.buried) = (unit, true, false);
        node.relinked = self.recycles;
        node.members.clear();
        let (account, to) = (node.account.clone(), self.dn(number));
        let change = if self.recycles {
            let (_, base) = self.root.split_once(',').unwrap();
            return_from_recycle_bin(&account, base, &to)
        } else {
            undeletion(&account, &to)
        };
        self.ldif.push_str(&change);
    }

    /// A new name, or another unit, or both.
    fn place(&mut self, kind: Kind) {
        // What is below a unit that is renamed may keep its old DN on 389 DS 2.3, until the server is restarted.
        let leaves_only = kind == Kind::Unit && self.flavour == Flavour::Ds389;
        let there = self.nodes.iter().filter(|node| node.there);
        let filled: BTreeSet<usize> = there.map(|node| node.unit).collect();
        let fits = |number: usize, node: &Node| {
            number != 0 && node.kind == kind && !(leaves_only && filled.contains(&number))
        };
        let Some(number) = self.choose(fits) else {
            return;
        };
        let Some(unit) = self.choose(|_, node| node.kind == Kind::Unit) else {
            return;
        };
        let unit = if self.is_within(unit, number) {
            self.nodes[number].unit
        } else {
            unit
        };
        // OpenLDAP 2.5 cannot ("DN index add failed") move a unit to where something in it came from.
        let came_from = |node: &Node| node.former_units.contains(&unit) && self.is_within(node.unit, number);
        if self.flavour == Flavour::OpenLdap && self.nodes.iter().any(came_from) {
            return;
        }
        let from = self.dn(number);
        if self.random(2) == 0 {
            let name = self.fresh_name(kind);
            self.nodes[number].name = name;
        }
        let rdn = self.rdn(kind, &self.nodes[number].name);
        let above = self.dn(unit);
        let former_unit = std::mem::replace(&mut self.nodes[number].unit, unit);
        self.nodes[number].former_units.push(former_unit);
        self.mending = true;
        write!(
            self.ldif,
            "dn: {from}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\nnewsuperior: {above}\n\n"
        )
        .unwrap();
    }

    fn is_within(&self, mut number: usize, above: usize) -> bool {
        while number != 0 {
            if number == above {
                return true;
            }
            number = self.nodes[number].unit;
        }
        false
    }

    fn join(&mut self) {
        let Some(group) = self.choose(|_, node| node.kind == Kind::Group && !node.relinked) else {
            return;
        };
        let members = self.nodes[group].members.clone();
        let fits = |number: usize, node: &Node| {
            let is_member = members.iter().any(|(member, _)| *member == number);
            node.kind != Kind::Unit && !node.relinked && !node.put_back && number != group && !is_member
        };
        if let Some(member) = self.choose(fits) {
            let dn = self.dn(member);
            self.nodes[group].members.push((member, dn));
            self.write_member(group, "add", member);
        }
    }

    fn leave(&mut self) {
        if self.mending && self.flavour == Flavour::OpenLdap {
            return;
        }
        let Some(group) = self.choose(|_, node| !node.members.is_empty()) else {
            return;
        };
        // OpenLDAP 2.5 does not mend every DN when the units above are moved again and again.
        let fits =
            |(member, dn): &(usize, String)| self.flavour != Flavour::OpenLdap || *dn == self.dn(*member);
        let Some(position) = self.nodes[group].members.iter().position(fits) else {
            return;
        };
        let (member, _) = self.nodes[group].members.remove(position);
        self.write_member(group, "delete", member);
    }

    fn write_member(&mut self, group: usize, what: &str, member: usize) {
        let (group, member) = (self.dn(group), self.dn(member));
        write!(
            self.ldif,
            "dn: {group}\nchangetype: modify\n{what}: member\nmember: {member}\n\n"
        )
        .unwrap();
    }

    fn disable(&mut self) {
        let Some(number) = self.choose(|_, node| node.kind == Kind::User) else {
            return;
        };
        self.nodes[number].disabled ^= true;
        let value = match (self.flavour, self.nodes[number].disabled) {
            (Flavour::ActiveDirectory, true) => "replace: userAccountControl\nuserAccountControl: 546",
            (Flavour::ActiveDirectory, false) => "replace: userAccountControl\nuserAccountControl: 544",
            (Flavour::OpenLdap, true) => "replace: employeeNumber\nemployeeNumber: 1",
            (Flavour::OpenLdap, false) => "replace: employeeNumber\nemployeeNumber: 2",
            (Flavour::Ds389, true) => "replace: nsAccountLock\nnsAccountLock: true",
            (Flavour::Ds389, false) => "replace: nsAccountLock\nnsAccountLock: false",
        };
        let dn = self.dn(number);
        write!(self.ldif, "dn: {dn}\nchangetype: modify\n{value}\n\n").unwrap();
    }

    fn mail(&mut self) {
        let Some(number) = self.choose(|_, node| node.kind == Kind::User) else {
            return;
        };
        self.names += 1;
        let (dn, mail) = (self.dn(number), self.names);
        write!(
            self.ldif,
            "dn: {dn}\nchangetype: modify\nreplace: mail\nmail: m{mail}@example.com\n\n"
        )
        .unwrap();
    }
}
