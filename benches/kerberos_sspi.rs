//! The `sspi` crate's acceptor, a context a token. It looks at no PAC and at no checksum.

use std::time::Duration;

use sspi::{
    BufferType, DataRepresentation, Error, Kerberos, KerberosConfig, KerberosServerConfig, SecurityBuffer,
    ServerRequestFlags, Sspi, SspiImpl, kerberos::ServerProperties,
};

use crate::kerberos_scene::{SERVICE, Scene};

/// What every context begins with.
pub(crate) struct SspiAcceptor {
    config: KerberosServerConfig,
}

impl SspiAcceptor {
    /// # Errors
    /// What the library says.
    pub(crate) fn new(scene: &Scene) -> Result<Self, Error> {
        let name: Vec<&str> = SERVICE.split('/').collect();
        let key = scene.key.expose().to_vec().into();
        Ok(Self {
            config: KerberosServerConfig {
                kerberos_config: KerberosConfig::new_with_kdc_url("tcp://127.0.0.1:88", "app".into()),
                server_properties: ServerProperties::new(&name, None, Duration::from_secs(300), Some(key))?,
            },
        })
    }

    /// The answer to `token`.
    ///
    /// # Errors
    /// What the library says.
    pub(crate) fn accept(&self, token: Vec<u8>) -> Result<Vec<u8>, Error> {
        let KerberosServerConfig {
            kerberos_config,
            server_properties,
        } = self.config.clone();
        let mut context = Kerberos::new_server_from_config(kerberos_config, server_properties)?;
        let mut credentials = None;
        let mut input = [SecurityBuffer::new(token, BufferType::Token)];
        let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
        let builder = context
            .accept_security_context()
            .with_credentials_handle(&mut credentials)
            .with_context_requirements(ServerRequestFlags::ALLOCATE_MEMORY)
            .with_target_data_representation(DataRepresentation::Native)
            .with_input(&mut input)
            .with_output(&mut output);
        context
            .accept_security_context_impl(builder)?
            .resolve_to_result()?;
        let [output] = output;
        Ok(output.buffer)
    }
}
