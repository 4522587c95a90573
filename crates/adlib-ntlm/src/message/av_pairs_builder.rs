//! A list of attribute pairs in the making.

use alloc::vec::Vec;

use adlib_core::{FileTime, Writer, utf16};

use super::{AvFlags, AvId, AvPair, EncodeError, MAX_AV_PAIRS, SingleHost, av_pair::END};

/// Collects attribute pairs, each kind once, in the order in which they are first set.
///
/// ```
/// use adlib_ntlm::message::{AvId, AvPairs, AvPairsBuilder};
///
/// let mut builder = AvPairsBuilder::new();
/// builder.text(AvId::NETBIOS_DOMAIN, "CORP").text(AvId::DNS_DOMAIN, "corp.example.com");
/// let list = builder.finish()?;
/// let pairs = AvPairs::decode(&list).unwrap();
/// assert_eq!(pairs.text(AvId::NETBIOS_DOMAIN).unwrap().as_deref(), Some("CORP"));
/// # Ok::<(), adlib_ntlm::message::EncodeError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct AvPairsBuilder {
    pairs: Vec<(AvId, Vec<u8>)>,
}

impl AvPairsBuilder {
    /// A list without pairs.
    #[must_use]
    pub const fn new() -> Self {
        Self { pairs: Vec::new() }
    }

    /// Set the pair `id`, in place of one that is there. `MsvAvEOL` is no pair: [`finish`](Self::finish) writes it.
    pub fn set(&mut self, id: AvId, value: impl Into<Vec<u8>>) -> &mut Self {
        let known = self.pairs.iter_mut().find(|(known, _)| *known == id);
        match known {
            Some((_, old)) => *old = value.into(),
            None if id == END => {}
            None => self.pairs.push((id, value.into())),
        }
        self
    }

    /// Set all pairs of a list, but for those of which `keep` says no.
    pub fn extend<'a>(
        &mut self,
        pairs: impl IntoIterator<Item = AvPair<'a>>,
        keep: impl Fn(AvId) -> bool,
    ) -> &mut Self {
        for pair in pairs.into_iter().filter(|pair| keep(pair.id)) {
            self.set(pair.id, pair.value);
        }
        self
    }

    /// Set a name: always UTF-16, whatever the flags of the message say.
    pub fn text(&mut self, id: AvId, text: &str) -> &mut Self {
        self.set(id, utf16::encode(text))
    }

    /// Set `MsvAvFlags`.
    pub fn flags(&mut self, flags: AvFlags) -> &mut Self {
        self.set(AvId::FLAGS, flags.0.to_le_bytes())
    }

    /// Set `MsvAvTimestamp`.
    pub fn timestamp(&mut self, time: FileTime) -> &mut Self {
        self.set(AvId::TIMESTAMP, time.0.to_le_bytes())
    }

    /// Set `MsvAvSingleHost`.
    pub fn single_host(&mut self, host: &SingleHost) -> &mut Self {
        self.set(AvId::SINGLE_HOST, host.encode())
    }

    /// Set `MsvAvChannelBindings`; zeros say that there are none.
    pub fn channel_bindings(&mut self, hash: [u8; 16]) -> &mut Self {
        self.set(AvId::CHANNEL_BINDINGS, hash)
    }

    /// The encoded list, up to and with its end.
    ///
    /// # Errors
    /// `TooLong` for a value of more than 65,535 bytes, or too many pairs.
    pub fn finish(&self) -> Result<Vec<u8>, EncodeError> {
        if self.pairs.len() >= MAX_AV_PAIRS {
            return Err(EncodeError::too_long("AV_PAIR"));
        }
        let mut writer = Writer::new();
        for (id, value) in &self.pairs {
            let length = u16::try_from(value.len()).map_err(|_| EncodeError::too_long("AvPair value"))?;
            writer.u16_le(id.0).u16_le(length).bytes(value);
        }
        writer.u16_le(END.0).u16_le(0);
        Ok(writer.finish())
    }
}
