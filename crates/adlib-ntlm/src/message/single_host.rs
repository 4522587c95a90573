//! What a client tells of its machine, `MsvAvSingleHost` (MS-NLMP 2.2.2.2).

use adlib_core::{DecodeError, DecodeErrorKind, Reader, Writer};

const WHAT: &str = "Single_Host_Data";
const SIZE: u32 = 48;

/// `Single_Host_Data`: by its machine a client tells its own messages from another's.
///
/// ```text
/// Size (4) = 48 Z4 (4) = 0 CustomData (8) MachineID (32)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SingleHost {
    /// `CustomData`: the client's own, meaningless to others.
    pub custom_data: [u8; 8],
    /// `MachineID`: random bytes that the client made when it started.
    pub machine_id: [u8; 32],
}

impl SingleHost {
    /// Take the value of an `MsvAvSingleHost` pair apart.
    ///
    /// # Errors
    /// `Unexpected` for another size, `Truncated`, `Trailing`.
    pub fn decode(value: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let at = reader;
        if reader.u32_le(WHAT)? != SIZE {
            return Err(at.error(WHAT, DecodeErrorKind::Unexpected));
        }
        reader.bytes("Z4", 4)?;
        let host = Self {
            custom_data: reader.array("CustomData")?,
            machine_id: reader.array("MachineID")?,
        };
        reader.finish(WHAT).map(|()| host)
    }

    /// The value of an `MsvAvSingleHost` pair.
    #[must_use]
    pub fn encode(&self) -> [u8; SIZE as usize] {
        let mut writer = Writer::new();
        writer.u32_le(SIZE).u32_le(0);
        writer.bytes(&self.custom_data).bytes(&self.machine_id);
        let mut value = [0; SIZE as usize];
        value
            .iter_mut()
            .zip(writer.finish())
            .for_each(|(to, from)| *to = from);
        value
    }
}
