//! The account that a service's tickets are made for.

use crate::{AttributeName, Filter, RawEntry, ad::UserAccountControl};

/// The bits of `msDS-SupportedEncryptionTypes` (MS-KILE 2.2.7), with the numbers of the registry.
const ENCRYPTION_TYPES: [(u32, i32); 7] = [
    (0x01, 1),
    (0x02, 3),
    (0x04, 23),
    (0x08, 17),
    (0x10, 18),
    (0x40, 19),
    (0x80, 20),
];

/// An account with a service principal name, and what tickets for it are encrypted with.
///
/// ```
/// use adlib_schema::{RawEntry, ad::ServiceAccount};
///
/// let mut entry = RawEntry::new("CN=svc,DC=corp,DC=example,DC=com");
/// entry.push("sAMAccountName", "svc-http");
/// entry.push("msDS-KeyVersionNumber", "5");
/// entry.push("msDS-SupportedEncryptionTypes", "24");
/// let account = ServiceAccount::of(&entry);
/// assert_eq!((account.account.as_str(), account.kvno), ("svc-http", Some(5)));
/// assert_eq!(account.encryption_types, Some(vec![17, 18]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceAccount {
    /// Its distinguished name.
    pub dn: String,
    /// Its `sAMAccountName`.
    pub account: String,
    /// The version of its keys; `None` where it may not be read.
    pub kvno: Option<u32>,
    /// The numbers of the encryption types that it is said to support; `None` where nothing is said, and the domain's
    /// default holds.
    pub encryption_types: Option<Vec<i32>>,
    /// Whether an administrator disabled it.
    pub is_disabled: bool,
}

impl ServiceAccount {
    /// What to ask for.
    pub const ATTRIBUTES: [&str; 4] = [
        "sAMAccountName",
        "msDS-KeyVersionNumber",
        "msDS-SupportedEncryptionTypes",
        "userAccountControl",
    ];

    /// The accounts of any kind, computers too, that have this service principal name.
    ///
    /// ```
    /// use adlib_schema::ad::ServiceAccount;
    ///
    /// let filter = ServiceAccount::with_name("HTTP/app.corp.example.com");
    /// assert_eq!(filter.to_string(), "(servicePrincipalName=HTTP/app.corp.example.com)");
    /// ```
    #[must_use]
    pub fn with_name(service: &str) -> Filter {
        Filter::equal(AttributeName::from_static("servicePrincipalName"), service)
    }

    /// What `entry` says.
    #[must_use]
    pub fn of(entry: &RawEntry) -> Self {
        let number = |name| entry.text(name).and_then(|text| text.parse::<u32>().ok());
        let control = entry
            .text("userAccountControl")
            .and_then(UserAccountControl::parse);
        let numbers = |bits: u32| {
            let types = ENCRYPTION_TYPES.iter().filter(|(bit, _)| bits & bit != 0);
            let mut numbers: Vec<i32> = types.map(|(_, number)| *number).collect();
            numbers.sort_unstable();
            numbers
        };
        Self {
            dn: entry.dn().to_owned(),
            account: entry.text("sAMAccountName").unwrap_or_default().to_owned(),
            kvno: number("msDS-KeyVersionNumber"),
            // Zero is as good as absent (MS-KILE 3.3.5.7).
            encryption_types: number("msDS-SupportedEncryptionTypes")
                .map(numbers)
                .filter(|types| !types.is_empty()),
            is_disabled: control.is_some_and(UserAccountControl::is_disabled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R11
    #[test]
    fn r11_the_encryption_types_of_an_account() {
        let types = |bits: &str| {
            let mut entry = RawEntry::new("CN=x");
            entry.push("msDS-SupportedEncryptionTypes", bits);
            ServiceAccount::of(&entry).encryption_types
        };
        assert_eq!(types("28"), Some(vec![17, 18, 23]));
        assert_eq!(types("195"), Some(vec![1, 3, 19, 20]));
        assert_eq!((types("0"), types("x")), (None, None));
    }

    #[test]
    fn what_may_not_be_read_is_absent() {
        let account = ServiceAccount::of(&RawEntry::new("CN=x"));
        assert_eq!((account.kvno, account.is_disabled), (None, false));
    }
}
