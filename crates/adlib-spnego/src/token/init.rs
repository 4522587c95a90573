//! The client's first token (RFC 4178 4.2.1), and the one that a server may begin with (MS-SPNG 2.2.1).

use alloc::vec::Vec;
use core::fmt;

use adlib_core::{DecodeError, DecodeErrorKind, gss};
use der::Tag;

use super::{
    MechType,
    der::{Elements, Part, encode, encode_octets, explicit},
};

/// The most mechanisms in one offer. Windows lists five.
pub const MAX_MECH_TYPES: usize = 32;

const INIT: &str = "NegTokenInit";

/// What a client offers.
///
/// ```text
/// NegTokenInit ::= SEQUENCE {
///     mechTypes       [0] MechTypeList,
///     reqFlags        [1] ContextFlags  OPTIONAL,
///     mechToken       [2] OCTET STRING  OPTIONAL,
///     mechListMIC     [3] OCTET STRING  OPTIONAL }
/// NegTokenInit2: negHints [3] NegHints OPTIONAL, mechListMIC [4] OCTET STRING OPTIONAL
/// ```
///
/// The flags and hints are not kept: neither is protected, and no side heeds them.
#[derive(Clone, PartialEq, Eq)]
pub struct NegTokenInit<'a> {
    /// The mechanisms, the preferred one first.
    pub mech_types: Vec<MechType<'a>>,
    /// The first token of the preferred mechanism.
    pub mech_token: Option<&'a [u8]>,
    /// The integrity code over the list of mechanisms.
    pub mech_list_mic: Option<&'a [u8]>,
}

impl<'a> NegTokenInit<'a> {
    /// Take a token apart, in its frame or without it.
    ///
    /// # Errors
    /// `Unexpected` for another token, `Limit` for more than [`MAX_MECH_TYPES`] mechanisms, `Truncated`, `Trailing` or
    /// `Invalid` for what is not strict DER.
    pub fn decode(token: &'a [u8]) -> Result<Self, DecodeError> {
        let choice = match gss::unframe(token) {
            Ok(framed) if framed.mechanism == gss::SPNEGO_OID => Part::whole(framed.inner).within(token),
            Ok(_) => return Err(Part::whole(token).invalid("MechType", DecodeErrorKind::Unexpected)),
            // A token that begins with the frame's tag has a frame, and it is broken.
            Err(error) if token.first() == Some(&0x60) => return Err(error),
            Err(_) => Part::whole(token),
        };
        let sequence = choice.only(INIT, explicit(0))?.only(INIT, Tag::Sequence)?;
        let mut fields = sequence.elements(INIT)?;
        let mech_types = fields.field("mechTypes", 0)?;
        let mech_types = mech_types.ok_or(sequence.invalid("mechTypes", DecodeErrorKind::Unexpected))?;
        let mech_types = decode_mech_types(mech_types.expect("mechTypes", Tag::Sequence)?)?;
        let flags = fields.field("reqFlags", 1)?;
        flags
            .map(|flags| flags.expect("reqFlags", Tag::BitString))
            .transpose()?;
        let mech_token = fields.octets("mechToken", 2)?;
        let mech_list_mic = decode_mic(&mut fields)?;
        fields.finish()?;
        Ok(Self {
            mech_types,
            mech_token,
            mech_list_mic,
        })
    }

    /// The token in its frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let content = [
            encode(explicit(0), &self.mech_type_list()),
            encode_octets(2, self.mech_token),
            encode_octets(3, self.mech_list_mic),
        ];
        gss::frame(
            gss::SPNEGO_OID,
            &[&encode(explicit(0), &encode(Tag::Sequence, &content.concat()))],
        )
    }

    /// The encoded list of mechanisms: what the integrity code is computed over (RFC 4178 5).
    #[must_use]
    pub fn mech_type_list(&self) -> Vec<u8> {
        let mech_types = self
            .mech_types
            .iter()
            .map(|mech_type| encode(Tag::ObjectIdentifier, mech_type.0));
        encode(Tag::Sequence, &mech_types.collect::<Vec<_>>().concat())
    }
}

impl fmt::Debug for NegTokenInit<'_> {
    /// Without the mechanism's token, which may hold what a password can be guessed from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(INIT)
            .field("mech_types", &self.mech_types)
            .field("mech_token", &self.mech_token.map(<[u8]>::len))
            .field("mech_list_mic", &self.mech_list_mic.map(<[u8]>::len))
            .finish()
    }
}

/// The integrity code. Where a server begins, hints stand in its place, and it stands one further.
fn decode_mic<'a>(fields: &mut Elements<'a>) -> Result<Option<&'a [u8]>, DecodeError> {
    match fields.field("mechListMIC", 3)? {
        Some(hints) if hints.tag == Tag::Sequence => fields.octets("mechListMIC", 4),
        Some(mic) => Ok(Some(mic.expect("mechListMIC", Tag::OctetString)?.content)),
        None => fields.octets("mechListMIC", 4),
    }
}

fn decode_mech_types(list: Part<'_>) -> Result<Vec<MechType<'_>>, DecodeError> {
    let mut elements = list.elements("mechTypes")?;
    let mut mech_types = Vec::new();
    while !elements.is_finished() {
        if mech_types.len() == MAX_MECH_TYPES {
            return Err(list.invalid("mechTypes", DecodeErrorKind::Limit(MAX_MECH_TYPES)));
        }
        let mech_type = elements
            .next("MechType")?
            .expect("MechType", Tag::ObjectIdentifier)?;
        mech_types.push(MechType(mech_type.content));
    }
    Ok(mech_types)
}
