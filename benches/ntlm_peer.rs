//! The `sspi` crate's NTLM, driven by tokens: what our figures stand beside, and what our tokens must please.

use sspi::{
    AuthIdentityBuffers, BufferType, ClientRequestFlags, DataRepresentation, Error, Ntlm, NtlmHash,
    SecurityBuffer, ServerRequestFlags, Sspi, SspiImpl,
};

/// One side.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) context: Ntlm,
    credentials: Option<AuthIdentityBuffers>,
}

impl Peer {
    /// A side that knows an account's hash.
    pub(crate) fn new(user: &str, domain: &str, hash: [u8; 16]) -> Self {
        let hash = NtlmHash::from_bytes(hash);
        Self {
            context: Ntlm::new(),
            credentials: Some(AuthIdentityBuffers::from_utf8_with_hash(user, domain, &hash)),
        }
    }

    /// The next token of an initiator, which has no token at first.
    ///
    /// # Errors
    /// What the library says.
    pub(crate) fn initiate(&mut self, token: &[u8]) -> Result<Vec<u8>, Error> {
        let mut input = [buffer(token)];
        let mut output = [buffer(&[])];
        let mut builder = self
            .context
            .initialize_security_context()
            .with_credentials_handle(&mut self.credentials)
            .with_context_requirements(ClientRequestFlags::CONFIDENTIALITY | ClientRequestFlags::INTEGRITY)
            .with_target_data_representation(DataRepresentation::Native)
            .with_input(&mut input)
            .with_output(&mut output);
        self.context
            .initialize_security_context_impl(&mut builder)?
            .resolve_to_result()?;
        Ok(token_of(output))
    }

    /// What an acceptor answers to a token.
    ///
    /// # Errors
    /// What the library says.
    pub(crate) fn accept(&mut self, token: &[u8]) -> Result<Vec<u8>, Error> {
        let mut input = [buffer(token)];
        let mut output = [buffer(&[])];
        let builder = self
            .context
            .accept_security_context()
            .with_credentials_handle(&mut self.credentials)
            .with_context_requirements(ServerRequestFlags::ALLOCATE_MEMORY)
            .with_target_data_representation(DataRepresentation::Native)
            .with_input(&mut input)
            .with_output(&mut output);
        self.context
            .accept_security_context_impl(builder)?
            .resolve_to_result()?;
        Ok(token_of(output))
    }

    /// Looks at the initiator's last message, which was accepted unseen.
    ///
    /// # Errors
    /// What the library says.
    pub(crate) fn complete(&mut self) -> Result<(), Error> {
        self.context.complete_auth_token(&mut []).map(drop)
    }
}

fn buffer(token: &[u8]) -> SecurityBuffer {
    SecurityBuffer::new(token.to_vec(), BufferType::Token)
}

fn token_of(output: [SecurityBuffer; 1]) -> Vec<u8> {
    let [output] = output;
    output.buffer
}
