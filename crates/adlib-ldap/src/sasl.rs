//! Binds by a mechanism of GSS-API (RFC 4513 5.2): what a connection needs of it, and its tokens to and fro.

use adlib_core::{
    ChannelBindings,
    gss::{self, Initiator, InitiatorStep, Protection, Session},
};

use crate::{
    Connection, Error, ServerMessage, Violation,
    bind::SUCCESS,
    connection::Loan,
    transport::{Authentication, BindResult, Carrier, Layer, OVERHEAD},
};

const BIND_IN_PROGRESS: u32 = 14;
const STRONGER_AUTH_REQUIRED: u32 = 8;
/// Kerberos needs two, NTLM two, SPNEGO one or two more, RFC 4752 two more.
const MAX_STEPS: usize = 10;

/// The layers of RFC 4752 3.3.
const NO_LAYER: u8 = 1;
const CONFIDENTIALITY_LAYER: u8 = 4;
/// The longest buffer that three octets can offer to take.
const LONGEST_BUFFER: u32 = 0x00ff_ffff;

/// A SASL mechanism that carries the tokens of GSS-API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslMechanism {
    /// `GSS-SPNEGO` (MS-ADTS 5.1.1.1.1): tokens of SPNEGO, or of NTLM or Kerberos as they are. The context itself says
    /// what protects the messages.
    GssSpnego,
    /// `GSSAPI` (RFC 4752): tokens of Kerberos, and then an agreement on what protects the messages.
    ///
    /// The server's part of the agreement is signed and never encrypted. So without TLS it takes a session that
    /// accepts that although encryption is agreed; over TLS, and with `GSS-SPNEGO`, any will do.
    Gssapi,
}

impl SaslMechanism {
    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GssSpnego => "GSS-SPNEGO",
            Self::Gssapi => "GSSAPI",
        }
    }
}

/// What the initiator for a bind must be made with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Channel {
    /// What the context must do to messages, no more and no less.
    pub protection: Protection,
    /// What ties the context to the TLS connection: `None` without TLS, and with a certificate that allows none (see
    /// [`ChannelBindings::of_server_certificate`]).
    pub bindings: Option<ChannelBindings>,
}

impl Connection {
    /// What the initiator for a bind by `mechanism` must be made with.
    ///
    /// Over TLS the context protects no messages: Windows and Samba refuse that. (With `GSSAPI` it signs, which the
    /// mechanism's own agreement on no layer needs.) Without TLS it must sign and encrypt them.
    #[must_use]
    pub fn channel(&self, mechanism: SaslMechanism) -> Channel {
        let (protection, bindings) = match (&self.carrier, mechanism) {
            (Carrier::Tls(tls), SaslMechanism::GssSpnego) => (Protection::None, tls.bindings.clone()),
            (Carrier::Tls(tls), SaslMechanism::Gssapi) => (Protection::Integrity, tls.bindings.clone()),
            (Carrier::Sasl | Carrier::Plain, _) => (Protection::Confidentiality, None),
        };
        Channel { protection, bindings }
    }

    /// Bind by `mechanism` with the tokens of `initiator`, which is made with what [`Connection::channel`] says.
    /// `name` is for errors: who it is that binds, the tokens say.
    ///
    /// A server that merely says yes has proven nothing, and is refused, if the initiator waits for its token. Without
    /// TLS the session protects everything that follows. A refusal leaves a connection over TLS anonymous; without TLS,
    /// and after any other error, it is closed.
    ///
    /// ```no_run
    /// use adlib_ldap::{Connection, Endpoint, Error, SaslMechanism::GssSpnego, Settings};
    /// use adlib_ntlm::{Ephemeral, Initiator, NtHash};
    ///
    /// # async fn run(hash: NtHash, ephemeral: Ephemeral) -> Result<(), Error> {
    /// let server = Endpoint::new("dc1.corp.example.com", 636);
    /// let connection = Connection::open(&[server], &Settings::default()).await?;
    /// let channel = connection.channel(GssSpnego);
    /// let mut initiator = Initiator::new("ada", "CORP", hash, ephemeral)
    ///     .target_name(format!("ldap/{}", connection.host()))
    ///     .protection(channel.protection);
    /// if let Some(bindings) = &channel.bindings {
    ///     initiator = initiator.channel_bindings(bindings);
    /// }
    /// connection.bind_sasl("ada", GssSpnego, Box::new(initiator)).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// `BindRefused` with the server's reason; `Mechanism` with the initiator's; `WrongProtection`, `LayerNotOffered`;
    /// `SaslOverTlsRefused`, `StrongerAuthRequired`, `UnwillingToPerform`, `ChannelBindingRefused` and `Refused`, which
    /// say nothing about the credentials; `BoundAlready`; `Timeout`, `Protocol`, `Lost`.
    pub async fn bind_sasl(
        &self,
        name: &str,
        mechanism: SaslMechanism,
        initiator: Box<dyn Initiator>,
    ) -> Result<(), Error> {
        let bind = async {
            let loan = self.borrow_unlayered().await?;
            let bind = SaslBind {
                connection: self,
                name,
                mechanism,
                loan,
                steps: 0,
                refused: false,
            };
            bind.run(initiator).await
        };
        self.in_time("the bind", bind).await
    }
}

/// A bind under way.
struct SaslBind<'a> {
    connection: &'a Connection,
    name: &'a str,
    mechanism: SaslMechanism,
    loan: Loan<'a>,
    steps: usize,
    /// Whether the server has said no, which leaves the connection anonymous.
    refused: bool,
}

/// A context that stands on this side.
struct Context {
    /// What the server still has to get, or hear nothing more.
    last_token: LastToken,
    session: Box<dyn Session>,
}

/// The end of the exchange of tokens.
enum LastToken {
    /// The server waits for this, which may be empty.
    Due(Vec<u8>),
    /// The server has said that the bind is done.
    Accepted,
}

/// What the server says to a token.
enum Answer {
    /// It goes on, with a token for the initiator.
    Continue(Option<Vec<u8>>),
    /// The bind is done, for the server.
    Success(Option<Vec<u8>>),
}

impl SaslBind<'_> {
    /// The bind, and what becomes of the connection.
    async fn run(mut self, initiator: Box<dyn Initiator>) -> Result<(), Error> {
        let layer = match self.exchange(initiator).await {
            Ok(layer) => layer,
            Err(error) => {
                let anonymous = self.refused && matches!(self.connection.carrier, Carrier::Tls(_));
                if anonymous {
                    self.loan.give_back();
                }
                return Err(error);
            }
        };
        if let Some(layer) = layer {
            let protected = self.loan.wire.server.protect(layer);
            protected.map_err(|violation| self.connection.violated(violation))?;
            self.connection.set_layered();
        }
        self.loan.give_back();
        Ok(())
    }

    /// All of the tokens; the layer that they agree on.
    async fn exchange(&mut self, initiator: Box<dyn Initiator>) -> Result<Option<Layer>, Error> {
        let Context {
            last_token,
            mut session,
        } = self.context(initiator).await?;
        let needed = self.connection.channel(self.mechanism).protection;
        let max_token = match (self.mechanism, last_token) {
            (SaslMechanism::GssSpnego, LastToken::Accepted) => None,
            (SaslMechanism::GssSpnego, LastToken::Due(token)) => {
                self.last(&token).await?;
                None
            }
            (SaslMechanism::Gssapi, LastToken::Accepted) => {
                return Err(self.violated(Violation::EarlySuccess));
            }
            (SaslMechanism::Gssapi, LastToken::Due(token)) => {
                let offer = self.next(&token).await?;
                Some(self.agree(&offer, needed, session.as_mut()).await?)
            }
        };
        if matches!(self.connection.carrier, Carrier::Tls(_)) {
            return Ok(None);
        }
        let limit = self.connection.limits.message_bytes.saturating_add(OVERHEAD);
        Ok(Some(Layer::new(session, limit, max_token)))
    }

    /// Tokens to and fro until the initiator is done.
    async fn context(&mut self, initiator: Box<dyn Initiator>) -> Result<Context, Error> {
        let mut step = initiator.step(&[]).map_err(|error| self.given_up(&error))?;
        let mut accepted = false;
        loop {
            let (token, next) = match step {
                InitiatorStep::Done { token, session } => return self.done(token, session, accepted),
                InitiatorStep::Continue { .. } if accepted => {
                    return Err(self.violated(Violation::EarlySuccess));
                }
                InitiatorStep::Continue { token, next } => (token, next),
            };
            let from_server = match self.ask(&token).await? {
                Answer::Continue(token) => token.ok_or_else(|| self.violated(Violation::NoCredentials))?,
                Answer::Success(token) => {
                    accepted = true;
                    token.ok_or_else(|| self.violated(Violation::EarlySuccess))?
                }
            };
            step = next.step(&from_server).map_err(|error| self.given_up(&error))?;
        }
    }

    /// That a finished context is one that this connection needs.
    fn done(
        &self,
        token: Option<Vec<u8>>,
        session: Box<dyn Session>,
        accepted: bool,
    ) -> Result<Context, Error> {
        let needed = self.connection.channel(self.mechanism).protection;
        let agreed = session.protection();
        if agreed != needed {
            return Err(Error::WrongProtection {
                endpoint: self.connection.endpoint().to_owned(),
                needed,
                agreed,
            });
        }
        let last_token = match token {
            Some(_) if accepted => return Err(self.violated(Violation::EarlySuccess)),
            None if accepted => LastToken::Accepted,
            token => LastToken::Due(token.unwrap_or_default()),
        };
        Ok(Context { last_token, session })
    }

    /// Answer the server's offer of layers (RFC 4752 3.1); how long a token it takes.
    ///
    /// ```text
    /// offer  = layers (1 octet), longest buffer (3 octets)
    /// choice = layer (1 octet), longest buffer (3 octets), authorization identity (UTF-8; none: that of the context)
    /// ```
    async fn agree(
        &mut self,
        offer: &[u8],
        needed: Protection,
        session: &mut dyn Session,
    ) -> Result<usize, Error> {
        let offer = session.unwrap(offer).map_err(|error| self.given_up(&error))?;
        let Ok([layers, longest @ ..]) = <[u8; 4]>::try_from(offer) else {
            return Err(self.violated(Violation::BadOffer));
        };
        let [a, b, c] = longest;
        let longest = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        let (layer, our_longest) = match self.connection.carrier {
            Carrier::Tls(_) => (NO_LAYER, 0),
            Carrier::Sasl | Carrier::Plain => (CONFIDENTIALITY_LAYER, LONGEST_BUFFER),
        };
        if layers & layer == 0 {
            return Err(Error::LayerNotOffered {
                endpoint: self.connection.endpoint().to_owned(),
                needed,
                offered: layers,
            });
        }
        if layer != NO_LAYER && longest <= OVERHEAD {
            return Err(self.violated(Violation::BadOffer));
        }
        let [_, a, b, c] = our_longest.to_be_bytes();
        let choice = session.wrap(&[layer, a, b, c]);
        let choice = choice.map_err(|error| self.given_up(&error))?;
        self.last(&choice).await?;
        Ok(longest)
    }

    /// Send the last token, which the server must be content with.
    async fn last(&mut self, token: &[u8]) -> Result<(), Error> {
        match self.ask(token).await? {
            Answer::Success(None) => Ok(()),
            Answer::Success(Some(_)) | Answer::Continue(_) => {
                Err(self.violated(Violation::UnexpectedCredentials))
            }
        }
    }

    /// Send a token that the server must answer by another.
    async fn next(&mut self, token: &[u8]) -> Result<Vec<u8>, Error> {
        match self.ask(token).await? {
            Answer::Continue(Some(token)) => Ok(token),
            Answer::Continue(None) => Err(self.violated(Violation::NoCredentials)),
            Answer::Success(_) => Err(self.violated(Violation::EarlySuccess)),
        }
    }

    /// Send `token` and take what the server says to it.
    async fn ask(&mut self, token: &[u8]) -> Result<Answer, Error> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(self.violated(Violation::EndlessBind));
        }
        let authentication = Authentication::Sasl {
            mechanism: self.mechanism.name(),
            credentials: token,
        };
        let result = self.connection.ask_bind(&mut self.loan, &authentication).await?;
        match result {
            BindResult {
                code: SUCCESS,
                credentials,
                ..
            } => Ok(Answer::Success(credentials)),
            BindResult {
                code: BIND_IN_PROGRESS,
                credentials,
                ..
            } => Ok(Answer::Continue(credentials)),
            BindResult { code, message, .. } => {
                self.refused = true;
                Err(self.refusal(code, message))
            }
        }
    }

    fn refusal(&self, code: u32, message: ServerMessage) -> Error {
        match (&self.connection.carrier, code) {
            (Carrier::Tls(_), STRONGER_AUTH_REQUIRED) => Error::SaslOverTlsRefused {
                endpoint: self.connection.endpoint().to_owned(),
                message,
            },
            _ => self.connection.bind_refused(self.name, code, message),
        }
    }

    fn given_up(&self, error: &gss::Error) -> Error {
        Error::Mechanism {
            endpoint: self.connection.endpoint().to_owned(),
            name: self.name.to_owned(),
            reason: error.reason(),
            detail: error.to_string(),
        }
    }

    fn violated(&self, violation: Violation) -> Error {
        self.connection.violated(violation)
    }
}
