//! Distinguished names (RFC 4514), the forms of RFC 1779 and RFC 2253 that servers still accept included.

mod normal;
mod parse;

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use crate::AttributeName;
use parse::{Separator, Spelling};

pub use parse::DnError;

/// A distinguished name: shown as it was given, compared by a normal form.
///
/// The normal form folds case, insignificant spaces, the ways to escape, and the order within a multi-valued
/// RDN, so that two spellings of one entry are equal and have one hash.
///
/// ```
/// use adlib_schema::syntax::Dn;
///
/// let dn: Dn = r"CN=Doe\, John,OU=Berlin,DC=Corp,DC=example,DC=com".parse()?;
/// assert_eq!(dn, r"cn=doe\2C john, ou=berlin, dc=corp, dc=example, dc=com".parse()?);
/// assert_eq!(dn.rdns().next().unwrap().first().unwrap().text().as_deref(), Some("Doe, John"));
/// assert!(dn.is_under(&"DC=corp,DC=example,DC=com".parse()?));
/// assert_eq!(dn.dns_domain(), "corp.example.com");
/// # Ok::<(), adlib_schema::syntax::DnError>(())
/// ```
#[derive(Clone)]
pub struct Dn {
    text: String,
    normal: String,
    /// The length of the end of the normal form that is a DNS name in plain text.
    domain: usize,
}

impl Dn {
    /// The DN of the root DSE: no RDNs at all.
    #[must_use]
    pub const fn root() -> Self {
        Self {
            text: String::new(),
            normal: String::new(),
            domain: 0,
        }
    }

    /// Whether `text` is a DN.
    ///
    /// # Errors
    /// [`DnError`] when it is none.
    pub fn check(text: &str) -> Result<(), DnError> {
        let mut values = parse::Values::new(text);
        while let Some(value) = values.next() {
            value?;
        }
        Ok(())
    }

    /// The first attribute value of the DN `text`, the rest of which is not looked at.
    pub(crate) fn first_value(text: &str) -> Option<AttributeValue<'_>> {
        let (value, _) = parse::Values::new(text).next()?.ok()?;
        Some(value)
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form by which DNs are compared: equal for equal DNs, and itself a DN.
    #[must_use]
    pub fn normal(&self) -> &str {
        &self.normal
    }

    /// The form by which DNs are compared, without what came before it.
    #[must_use]
    pub fn into_normal(self) -> String {
        self.normal
    }

    /// The RDNs, the entry's own first.
    pub fn rdns(&self) -> impl Iterator<Item = Rdn<'_>> {
        let mut values = parse::Values::new(&self.text);
        std::iter::from_fn(move || {
            let mut rdn = Vec::new();
            // The text was read to its end when the DN was made.
            while let Some(Ok((value, separator))) = values.next() {
                rdn.push(value);
                if separator != Separator::Value {
                    break;
                }
            }
            (!rdn.is_empty()).then_some(Rdn(rdn))
        })
    }

    /// The DN of the entry above; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let mut values = parse::Values::new(&self.text);
        loop {
            let (_, separator) = values.next()?.ok()?;
            if separator != Separator::Value {
                break;
            }
        }
        let normal = normal::parent(&self.normal);
        Some(Self {
            text: values.rest().to_owned(),
            domain: self.domain.min(normal.len()),
            normal: normal.to_owned(),
        })
    }

    /// Whether this entry is `ancestor` or somewhere below it.
    #[must_use]
    pub fn is_under(&self, ancestor: &Self) -> bool {
        match self.normal.strip_suffix(ancestor.normal.as_str()) {
            Some(above) => above.is_empty() || ancestor.normal.is_empty() || above.ends_with(','),
            None => false,
        }
    }

    /// The DNS name that the last RDNs spell (RFC 2247), in lower case; empty when the DN ends in no `DC=`.
    #[must_use]
    pub fn dns_domain(&self) -> String {
        let start = self.normal.len() - self.domain;
        match self.normal.split_at_checked(start) {
            // The RDN before may be a label of other text.
            Some((above, plain)) if !above.rsplit(',').nth(1).is_some_and(|rdn| rdn.starts_with("dc=")) => {
                let mut name = String::with_capacity(plain.len());
                for label in plain.split(',').filter_map(|rdn| rdn.strip_prefix("dc=")) {
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(label);
                }
                name
            }
            _ => self.spelled_domain(),
        }
    }

    /// The DNS name that the last RDNs spell, whatever characters are in its labels.
    fn spelled_domain(&self) -> String {
        let mut labels = Vec::new();
        for rdn in self.rdns() {
            match rdn.0.as_slice() {
                [only] if only.attribute().eq_ignore_ascii_case("dc") => labels.extend(only.text()),
                _ => labels.clear(),
            }
        }
        labels.join(".").to_lowercase()
    }

    /// The DN of an entry below this one, whatever characters `value` has.
    ///
    /// ```
    /// use adlib_schema::{AttributeName, syntax::Dn};
    ///
    /// let people: Dn = "ou=people,dc=example,dc=org".parse()?;
    /// let dn = people.child(&AttributeName::from_static("uid"), "x,ou=admins");
    /// assert_eq!(dn.to_string(), r"uid=x\,ou=admins,ou=people,dc=example,dc=org");
    /// # Ok::<(), adlib_schema::syntax::DnError>(())
    /// ```
    #[must_use]
    pub fn child(&self, attribute: &AttributeName, value: &str) -> Self {
        let mut text = format!("{}={}", attribute.base(), Escaped(value));
        let mut normal = normal::of_value(attribute.base(), value.as_bytes());
        if !self.text.is_empty() {
            text.push(',');
            text.push_str(&self.text);
            normal.push(',');
            normal.push_str(&self.normal);
        }
        Self {
            text,
            normal,
            domain: self.domain,
        }
    }
}

/// One relative distinguished name: a set of attribute values, nearly always of one.
#[derive(Debug, Clone)]
pub struct Rdn<'a>(Vec<AttributeValue<'a>>);

impl<'a> Rdn<'a> {
    /// The values, in the order in which they are written.
    #[must_use]
    pub fn values(&self) -> &[AttributeValue<'a>] {
        &self.0
    }

    /// The first value.
    #[must_use]
    pub fn first(&self) -> Option<&AttributeValue<'a>> {
        self.0.first()
    }
}

/// One attribute and its value within an RDN.
#[derive(Debug, Clone, Copy)]
pub struct AttributeValue<'a> {
    attribute: &'a str,
    raw: &'a str,
    spelling: Spelling,
}

impl<'a> AttributeValue<'a> {
    /// The attribute's name or OID, as spelled.
    #[must_use]
    pub const fn attribute(&self) -> &'a str {
        self.attribute
    }

    /// The value without escapes. Of a `#` value, the bytes of its BER encoding.
    #[must_use]
    pub fn value(&self) -> Cow<'a, [u8]> {
        parse::unescape(self.raw, self.spelling)
    }

    /// The value without escapes, if it is text.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self.value() {
            _ if self.spelling == Spelling::Ber => None,
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        }
    }
}

/// A value as it is written in a DN (RFC 4514 2.4).
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.chars().count().saturating_sub(1);
        for (index, character) in self.0.chars().enumerate() {
            match character {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{character}")?,
                '#' if index == 0 => f.write_str("\\#")?,
                ' ' if index == 0 || index == last => f.write_str("\\ ")?,
                '\0'..='\x1f' | '\x7f' => write!(f, "\\{:02x}", u32::from(character))?,
                _ => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Dn {
    type Err = DnError;

    fn from_str(text: &str) -> Result<Self, DnError> {
        let (normal, domain) = normal::of(text)?;
        Ok(Self {
            text: text.to_owned(),
            normal,
            domain,
        })
    }
}

impl fmt::Display for Dn {
    /// As it was given.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dn({})", self.text)
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for Dn {}

impl Hash for Dn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normal.hash(state);
    }
}
