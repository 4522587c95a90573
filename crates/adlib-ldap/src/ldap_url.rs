//! LDAP URLs (RFC 4516), as referrals have them (RFC 4511 4.1.10). Hostile text.

use adlib_schema::Filter;
use percent_encoding::percent_decode_str;

use crate::{Endpoint, Scope};

const LDAP: u16 = 389;
const LDAPS: u16 = 636;

/// A server, and what to ask there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LdapUrl {
    host: String,
    port: u16,
    /// Where to search; absent, it is where the search was.
    pub(crate) base: Option<String>,
    pub(crate) scope: Option<Scope>,
    pub(crate) filter: Option<Filter>,
}

impl LdapUrl {
    /// `ldap://host:port/dn?attributes?scope?filter?extensions`; `None` for anything else, for a URL that names no host,
    /// and for one with an extension that may not be passed over. What attributes are wanted is not for it to say.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let standard = match scheme.to_ascii_lowercase().as_str() {
            "ldap" => LDAP,
            "ldaps" => LDAPS,
            _ => return None,
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = host_and_port(authority)?;
        let mut parts = path.splitn(5, '?');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let (base, _attributes, scope, filter, extensions) = (part(), part(), part(), part(), part());
        if extensions.is_some_and(|all| all.split(',').any(|one| one.starts_with('!'))) {
            return None;
        }
        Some(Self {
            host: decoded(host)?,
            port: port.unwrap_or(standard),
            base: read(base, decoded)?,
            scope: read(scope, scope_of)?,
            filter: read(filter, |text| decoded(text)?.parse().ok())?,
        })
    }

    /// Whether it leads to `server`: the same host, and the same port or either's standard port, for how the connection is
    /// protected is not for a referral to say.
    pub(crate) fn leads_to(&self, server: &Endpoint) -> bool {
        let name = |host: &str| host.trim_end_matches('.').to_ascii_lowercase();
        let standard = |port| matches!(port, LDAP | LDAPS);
        let ports = self.port == server.port || (standard(self.port) && standard(server.port));
        ports && name(&self.host) == name(&server.host)
    }
}

/// The value of a part, where there is one; `None` when it makes no sense.
fn read<T>(part: Option<&str>, value: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    part.map_or(Some(None), |part| value(part).map(Some))
}

/// The host without brackets, and the port where one is named.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match port {
        "" | ":" => None,
        port => Some(port.strip_prefix(':')?.parse().ok()?),
    };
    Some((host, port)).filter(|(host, _)| !host.is_empty())
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned()).filter(|text| !text.contains('\0'))
}

fn scope_of(text: &str) -> Option<Scope> {
    match text.to_ascii_lowercase().as_str() {
        "base" => Some(Scope::Base),
        "one" => Some(Scope::OneLevel),
        "sub" => Some(Scope::Subtree),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 4516 4
    #[test]
    fn urls_as_rfc_4516_writes_them() {
        let url = |text| LdapUrl::parse(text).unwrap();
        let whole =
            url("LDAP://ldap1.example.net:6666/o=University%20of%20Michigan,c=US??sub?(cn=Babs%20Jensen)");
        assert_eq!((&*whole.host, whole.port), ("ldap1.example.net", 6666));
        assert_eq!(whole.base.as_deref(), Some("o=University of Michigan,c=US"));
        assert_eq!(whole.scope, Some(Scope::Subtree));
        assert_eq!(whole.filter, Some("(cn=Babs Jensen)".parse().unwrap()));
        let short = url("ldaps://[::1]/??one");
        assert_eq!((&*short.host, short.port, short.base), ("::1", 636, None));
        assert_eq!(short.scope, Some(Scope::OneLevel));
        assert_eq!(url("ldap://x").port, 389);
        assert_eq!(url("ldap://x/c=GB?postalAddress?base??e=1,f=2").filter, None);
    }

    /// A52
    #[test]
    fn a52_what_is_no_ldap_url_leads_nowhere() {
        for text in [
            "",
            "ldap:",
            "http://x/dc=y",
            "file:///etc/passwd",
            "ldap:///dc=y",
            "ldap://:389/dc=y",
            "ldap://[::1/dc=y",
            "ldap://[::1]389/dc=y",
            "ldap://x:y/",
            "ldap://x:65536/",
            "ldap://x/%ff",
            "ldap://x/%00",
            "ldap://x/dc=y??all",
            "ldap://x/dc=y??sub?(cn=",
            "ldap://x/dc=y??sub??!bindname=cn=z",
            "ldap://x/dc=y??sub??e=1,!f=2",
        ] {
            assert_eq!(LdapUrl::parse(text), None, "{text}");
        }
    }

    /// A52: a host is the configured one or it is not; how the connection is protected is not for a referral to say.
    #[test]
    fn a52_a_referral_leads_to_a_configured_server_or_nowhere() {
        let server = Endpoint::new("ldap.example.org", 636);
        for url in [
            "ldaps://ldap.example.org/",
            "ldap://LDAP.example.org./dc=x",
            "ldap://ldap.example.org:389",
        ] {
            assert!(LdapUrl::parse(url).unwrap().leads_to(&server), "{url}");
        }
        for url in [
            "ldaps://ldap.example.org.evil.example/",
            "ldaps://evil-ldap.example.org/",
            "ldaps://ldap.example.org:6360/",
            "ldaps://ldap.example.org@evil.example/",
            "ldaps://ldap.example.org%2eevil.example/",
        ] {
            assert!(
                !LdapUrl::parse(url).is_some_and(|url| url.leads_to(&server)),
                "{url}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_url_panics(text in "(ldaps?://)?[a-z%0-9:/?!,()=\\[\\]é]{0,40}") {
            let _either = LdapUrl::parse(&text);
        }
    }
}
