//! Names of the fixtures that tests lean on; `fixtures.py` makes them.

/// The domain's administrator.
pub const ADMINISTRATOR: &str = "administrator";
/// Reads for synchronising: has the DirSync right and sees deleted objects.
pub const SYNC: &str = "svc-sync";
/// Owns `HTTP/app.corp.example.com`.
pub const HTTP: &str = "svc-http";
/// A member computer.
pub const COMPUTER: &str = "APP1$";
/// The alternate UPN suffix.
pub const UPN_SUFFIX: &str = "acme.example";

/// An ordinary user: UPN `ada@corp.example.com`, member of a cycle of groups.
pub const ORDINARY: &str = "ada";
/// A user whose UPN prefix differs: `alan.turing@corp.example.com`.
pub const OTHER_PREFIX: &str = "alan";
/// A user with the alternate suffix: `grace.hopper@acme.example`.
pub const ALTERNATE_SUFFIX: &str = "grace";
/// A user without a UPN attribute.
pub const NO_UPN: &str = "noupn";
/// A user of either domain, each with its own domain's UPN; CORP has `mia2` with `mia@acme.example` besides.
pub const STAFF_NAMESAKE: &str = "mia";
/// A user of STAFF only.
pub const STAFF_ONLY: &str = "tess";
/// A user at the bottom of four groups in each other, [`NESTED_GROUPS`].
pub const NESTED: &str = "deep";
/// A user whose primary group is [`PRIMARY_GROUP`].
pub const OTHER_PRIMARY: &str = "user01";
/// A user in [`CROWDED_GROUPS`] groups, so that its PAC and its ticket are large.
pub const CROWDED: &str = "crowded";
/// How many groups [`CROWDED`] is in, besides its primary one.
pub const CROWDED_GROUPS: usize = 1000;
/// A user that was deleted.
pub const DELETED: &str = "gone";

/// Users whose log-on fails, each with what stops it.
pub const REFUSED: [(&str, Refusal); 7] = [
    ("st.disabled", Refusal::Disabled),
    ("st.expired", Refusal::AccountExpired),
    ("st.locked", Refusal::Locked),
    ("st.mustchange", Refusal::MustChangePassword),
    ("st.pwexpired", Refusal::PasswordExpired),
    ("st.hours", Refusal::LogonHours),
    ("st.workstation", Refusal::Workstation),
];

/// Why the directory refuses a user of [`REFUSED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Disabled by an administrator.
    Disabled,
    /// The account's end date is past.
    AccountExpired,
    /// Too many wrong passwords.
    Locked,
    /// The password must be changed at the next log-on.
    MustChangePassword,
    /// The password is too old.
    PasswordExpired,
    /// Not at this hour.
    LogonHours,
    /// Not from this workstation.
    Workstation,
}

/// Groups in groups, outermost first; [`NESTED`] is a member of the last.
pub const NESTED_GROUPS: [&str; 4] = ["nest-1", "nest-2", "nest-3", "nest-4"];
/// Groups in a circle; [`ORDINARY`] is a member of the last.
pub const CYCLIC_GROUPS: [&str; 3] = ["cycle-a", "cycle-b", "cycle-c"];
/// The primary group of [`OTHER_PRIMARY`].
pub const PRIMARY_GROUP: &str = "primary-other";
/// A group with [`BIG_GROUP_MEMBERS`] members.
pub const BIG_GROUP: &str = "big-group";
/// How many members [`BIG_GROUP`] has.
pub const BIG_GROUP_MEMBERS: usize = 1600;
