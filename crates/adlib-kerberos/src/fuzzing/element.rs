//! Values of every type of the wire as values of one.

use alloc::{string::String, vec::Vec};

use ::der::{Tagged as _, asn1::AnyRef};

use crate::der::{
    Application, AuthorizationDatum, HostAddress, KerberosFlags, KerberosString, KerberosTime, KrbCredInfo,
    Microseconds, Octets, SequenceOf, Ticket,
};

/// A value in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// Nothing.
    Absent,
    /// A number, flags, or seconds since 1970.
    Number(i64),
    /// A text.
    Text(String),
    /// Octets, and what is of no type that was expected.
    Bytes(Vec<u8>),
    /// Values in their order.
    List(Vec<Element>),
    /// Fields by the specification's names.
    Fields(Vec<(&'static str, Element)>),
}

impl Element {
    /// The value at the end of a path of fields.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| match element {
            Self::Fields(fields) => {
                let field = fields.iter().find(|(own, _)| own == name);
                field.map(|(_, value)| value)
            }
            _ => None,
        })
    }
}

/// What can be shown as an [`Element`].
pub(super) trait Decoded {
    /// The value.
    fn element(&self) -> Element;
}

impl Decoded for i32 {
    fn element(&self) -> Element {
        Element::Number((*self).into())
    }
}

impl Decoded for i64 {
    fn element(&self) -> Element {
        Element::Number(*self)
    }
}

impl Decoded for Microseconds {
    fn element(&self) -> Element {
        Element::Number(self.0.into())
    }
}

impl Decoded for KerberosFlags {
    fn element(&self) -> Element {
        Element::Number(self.0.into())
    }
}

impl Decoded for KerberosTime {
    fn element(&self) -> Element {
        Element::Number(self.to_unix().seconds())
    }
}

impl Decoded for KerberosString<'_> {
    fn element(&self) -> Element {
        Element::Text(self.text().into())
    }
}

impl Decoded for Octets<'_> {
    fn element(&self) -> Element {
        Element::Bytes(self.0.to_vec())
    }
}

impl Decoded for AnyRef<'_> {
    /// A text if it is tagged as a `KerberosString` and readable.
    fn element(&self) -> Element {
        let text = (self.tag() == ::der::Tag::GeneralString).then_some(self.value());
        match text.and_then(|text| core::str::from_utf8(text).ok()) {
            Some(text) => Element::Text(text.into()),
            None => Element::Bytes(self.value().to_vec()),
        }
    }
}

impl<T: Decoded> Decoded for Option<T> {
    fn element(&self) -> Element {
        self.as_ref().map_or(Element::Absent, Decoded::element)
    }
}

impl<T: Decoded> Decoded for Vec<T> {
    fn element(&self) -> Element {
        Element::List(self.iter().map(Decoded::element).collect())
    }
}

macro_rules! lists {
    ($($element:ty),*) => {
        $(impl Decoded for SequenceOf<'_, $element> {
            fn element(&self) -> Element {
                Element::List(self.iter().map(|element| element.element()).collect())
            }
        })*
    };
}

lists!(
    KerberosString<'_>,
    AuthorizationDatum<'_>,
    HostAddress<'_>,
    KrbCredInfo<'_>,
    Ticket<'_>
);

impl<const N: u32, T: Decoded> Decoded for Application<N, T> {
    fn element(&self) -> Element {
        self.0.element()
    }
}
