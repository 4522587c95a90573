//! Oracle of messages signed and sealed.

use adlib_ntlm::{
    Rejection, SessionKey,
    crypto::{SIGNATURE_BYTES, Sealing, Sender},
    message::NegotiateFlags,
};

use crate::script::{Script, key_of};

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    sealed: bool,
    bytes: Vec<u8>,
}

/// One direction of a session: what was sent, and what was taken.
struct Wire {
    flags: NegotiateFlags,
    initiator: Sealing,
    acceptor: Sealing,
    sent: Vec<(Token, Vec<u8>)>,
    taken: usize,
}

/// Each message is taken as it was sent, once and in order; nothing else is.
///
/// Datagrams bear their number and may come again. Without extended session security a message has a CRC-32 and no key
/// (MS-NLMP 3.4.4.1): who changes bits knows how it changes, so that nothing is promised but that all bytes are read.
pub fn session(data: &[u8]) {
    let mut script = Script::new(data);
    let Some(number) = script.byte() else { return };
    let mut wire = Wire::new(flags(number), &SessionKey::new(key_of(data)));
    while let Some(act) = script.byte() {
        if wire.act(act, &mut script).is_none() {
            return;
        }
    }
}

/// Sessions of every strength.
fn flags(number: u8) -> NegotiateFlags {
    let all = [
        NegotiateFlags::EXTENDED_SESSION_SECURITY,
        NegotiateFlags::KEY_128,
        NegotiateFlags::KEY_56,
        NegotiateFlags::KEY_EXCHANGE,
        NegotiateFlags::DATAGRAM,
        NegotiateFlags::LM_KEY,
    ];
    let chosen = all
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| number >> bit & 1 == 1);
    chosen.fold(NegotiateFlags::default(), |flags, (_, flag)| flags | flag)
}

impl Wire {
    fn new(flags: NegotiateFlags, key: &SessionKey) -> Self {
        let sealing = |sender| Sealing::new(key, flags, sender);
        Self {
            flags,
            initiator: sealing(Sender::Initiator),
            acceptor: sealing(Sender::Acceptor),
            sent: Vec::new(),
            taken: 0,
        }
    }

    /// Does the next thing; `None` at the end of the script or of the session.
    fn act(&mut self, act: u8, script: &mut Script<'_>) -> Option<()> {
        let sealed = act & 0x80 == 0;
        match act & 0x7f {
            0 => self.send(sealed, script.bytes()?),
            1 => {
                let (token, _) = self.sent.get(usize::from(script.byte()?))?;
                self.deliver(&token.clone())?;
            }
            2 => {
                let (token, _) = self.sent.get(usize::from(script.byte()?))?;
                let mut token = token.clone();
                let (other, _) = self.sent.first()?;
                script.change()?.apply(&mut token.bytes, &other.bytes);
                self.deliver(&token)?;
            }
            _ => {
                let bytes = script.bytes()?.to_vec();
                self.deliver(&Token { sealed, bytes })?;
            }
        }
        Some(())
    }

    fn send(&mut self, sealed: bool, message: &[u8]) {
        let bytes = if sealed {
            self.initiator.seal(message)
        } else {
            [&self.initiator.sign(message)[..], message].concat()
        };
        self.sent.push((Token { sealed, bytes }, message.to_vec()));
    }

    /// Gives a token to the acceptor; `None` when it refuses, and its ciphers are out of step.
    fn deliver(&mut self, token: &Token) -> Option<()> {
        let taken = self.take(token);
        let keyed = self.flags.contains(NegotiateFlags::EXTENDED_SESSION_SECURITY);
        let datagrams = keyed && self.flags.contains(NegotiateFlags::DATAGRAM);
        let mut sent = self.sent.iter().enumerate();
        let genuine =
            sent.find(|(place, (sent, _))| (datagrams || *place == self.taken) && same(sent, token));
        match genuine {
            Some((_, (_, message))) => assert_eq!(taken.as_ref(), Ok(message)),
            None => assert!(!keyed || taken.is_err(), "{token:?}"),
        }
        self.taken += 1;
        taken.ok().map(drop)
    }

    fn take(&mut self, token: &Token) -> Result<Vec<u8>, Rejection> {
        if token.sealed {
            return self.acceptor.unseal(&token.bytes);
        }
        let (signature, message) = token.bytes.split_at(token.bytes.len().min(SIGNATURE_BYTES));
        self.acceptor.verify(message, signature)?;
        Ok(message.to_vec())
    }
}

/// A message of no bytes is the same signed and sealed.
fn same(one: &Token, other: &Token) -> bool {
    one.bytes == other.bytes && (one.sealed == other.sealed || one.bytes.len() == SIGNATURE_BYTES)
}
