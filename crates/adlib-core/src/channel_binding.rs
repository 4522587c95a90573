//! Channel bindings: what ties a sign-in to the connection that carries it (RFC 2743 1.1.6, RFC 5929).

use alloc::vec::Vec;

use md5::{Digest, Md5};

/// The channel bindings of a connection, as GSS-API's application data.
///
/// Kerberos and NTLM carry their MD5 hash: [`ChannelBindings::hash`].
///
/// ```
/// use adlib_core::ChannelBindings;
///
/// let bindings = ChannelBindings::tls_server_end_point(&[0xab; 32]);
/// assert!(bindings.application_data().starts_with(b"tls-server-end-point:"));
/// assert_eq!(bindings.hash().len(), 16);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBindings {
    application_data: Vec<u8>,
    hash: [u8; 16],
}

impl ChannelBindings {
    /// Bindings with the given application data, prefix included.
    #[must_use]
    pub fn new(application_data: Vec<u8>) -> Self {
        let hash = hash(&application_data);
        Self {
            application_data,
            hash,
        }
    }

    /// Bindings of which only the hash is known, as whoever ends the connection in front of an application may hand it on.
    ///
    /// ```
    /// use adlib_core::ChannelBindings;
    ///
    /// let bindings = ChannelBindings::from_hash([7; 16]);
    /// assert_eq!(bindings.hash(), [7; 16]);
    /// assert!(bindings.application_data().is_empty());
    /// ```
    #[must_use]
    pub const fn from_hash(hash: [u8; 16]) -> Self {
        Self {
            application_data: Vec::new(),
            hash,
        }
    }

    /// RFC 5929 4: the hash of the server's certificate, made by the hash function of its signature (SHA-256
    /// in place of MD5 and SHA-1).
    #[must_use]
    pub fn tls_server_end_point(certificate_hash: &[u8]) -> Self {
        Self::new([b"tls-server-end-point:", certificate_hash].concat())
    }

    /// RFC 9266 4: 32 bytes that TLS exports with the label `EXPORTER-Channel-Binding` and no context. For TLS 1.3, and for
    /// TLS 1.2 with the extended master secret.
    ///
    /// ```
    /// use adlib_core::ChannelBindings;
    ///
    /// let bindings = ChannelBindings::tls_exporter(&[7; 32]);
    /// assert!(bindings.application_data().starts_with(b"tls-exporter:"));
    /// ```
    #[must_use]
    pub fn tls_exporter(exported: &[u8; 32]) -> Self {
        Self::new([&b"tls-exporter:"[..], exported].concat())
    }

    /// RFC 5929 3: the first Finished message of the latest handshake. For TLS 1.2 and before; TLS 1.3 has none.
    ///
    /// ```
    /// use adlib_core::ChannelBindings;
    ///
    /// let bindings = ChannelBindings::tls_unique(&[7; 12]);
    /// assert!(bindings.application_data().starts_with(b"tls-unique:"));
    /// ```
    #[must_use]
    pub fn tls_unique(finished: &[u8]) -> Self {
        Self::new([b"tls-unique:", finished].concat())
    }

    /// The application data, prefix included; empty when only the hash is known.
    #[must_use]
    pub fn application_data(&self) -> &[u8] {
        &self.application_data
    }

    /// The MD5 hash of the `gss_channel_bindings_struct` (RFC 4121 4.1.1.2, MS-NLMP 3.1.5.1.2).
    #[must_use]
    pub const fn hash(&self) -> [u8; 16] {
        self.hash
    }
}

/// The hash of the structure: both addresses have type 0 and no bytes; all numbers are 32 bits, the least significant
/// byte first.
fn hash(application_data: &[u8]) -> [u8; 16] {
    let length = u32::try_from(application_data.len()).unwrap_or(u32::MAX);
    let mut structure = Md5::new();
    structure.update([0; 16]);
    structure.update(length.to_le_bytes());
    structure.update(application_data);
    structure.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    /// The value that Python's `hashlib` gives for the same structure, built by hand.
    #[test]
    fn hash_of_known_bindings() {
        let bindings = ChannelBindings::new(b"tls-server-end-point:x".to_vec());
        let mut structure = vec![0_u8; 16];
        structure.extend_from_slice(&[22, 0, 0, 0]);
        structure.extend_from_slice(b"tls-server-end-point:x");
        assert_eq!(bindings.hash(), <[u8; 16]>::from(Md5::digest(&structure)));
    }
}
