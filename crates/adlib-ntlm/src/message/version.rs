//! The version block (MS-NLMP 2.2.2.10).

use core::fmt;

use adlib_core::{DecodeError, Reader, Writer};

/// What a peer says to run: for finding faults, never for decisions.
///
/// ```text
/// ProductMajorVersion (1) ProductMinorVersion (1) ProductBuild (2) Reserved (3) NTLMRevisionCurrent (1)
/// ```
///
/// ```
/// use adlib_ntlm::message::Version;
///
/// assert_eq!(Version::new(10, 0, 20348).to_string(), "10.0.20348 (revision 15)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Version {
    /// `ProductMajorVersion`.
    pub major: u8,
    /// `ProductMinorVersion`.
    pub minor: u8,
    /// `ProductBuild`.
    pub build: u16,
    /// `Reserved`, kept so that a message encodes to the bytes that it was.
    pub reserved: [u8; 3],
    /// `NTLMRevisionCurrent`.
    pub revision: u8,
}

impl Version {
    /// `NTLMSSP_REVISION_W2K3`, the only revision there is.
    pub const REVISION: u8 = 15;
    /// What this library says. Some peers read no message without a version.
    pub const OWN: Self = Self::new(10, 0, 0);

    /// A version of the present revision.
    #[must_use]
    pub const fn new(major: u8, minor: u8, build: u16) -> Self {
        Self {
            major,
            minor,
            build,
            reserved: [0; 3],
            revision: Self::REVISION,
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            major: reader.u8("ProductMajorVersion")?,
            minor: reader.u8("ProductMinorVersion")?,
            build: reader.u16_le("ProductBuild")?,
            reserved: reader.array("Reserved")?,
            revision: reader.u8("NTLMRevisionCurrent")?,
        })
    }

    pub(super) fn write(self, writer: &mut Writer) {
        writer.u8(self.major).u8(self.minor).u16_le(self.build);
        writer.bytes(&self.reserved).u8(self.revision);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            major,
            minor,
            build,
            revision,
            ..
        } = self;
        write!(f, "{major}.{minor}.{build} (revision {revision})")
    }
}
