//! `adctl kerberos verify`

use adlib::{
    Keytab, TicketPolicy, UnixTime,
    kerberos::{
        Accepted, AcceptedServices, BindingsMode, Fresh, KeytabEntry, PacState, ServiceKey, SessionKey,
        UnverifiedApReq, pac::VerifiedPac,
    },
};
use adlib_core::ChannelBindings;
use serde_json::{Value, json};

use super::{
    arguments::Verify,
    pac::{self, SERVER_SIGNATURE_VALID},
};
use crate::{
    input, object,
    outcome::{Outcome, Stopped},
    refusal::{self, Refusal},
    rows::Rows,
    token,
};

pub(super) fn verify(arguments: &Verify) -> Result<Outcome, Stopped> {
    let service = Service::new(arguments)?;
    let token = token::bytes(input::read(&arguments.token)?);
    match service.judge(&token) {
        Ok((accepted, kvno)) => report(&accepted, kvno, arguments.show_secrets),
        Err(refusal) => Ok(refusal.outcome()),
    }
}

/// The service that a client's token is for, at some time, on some connection.
struct Service {
    keys: Keys,
    policy: TicketPolicy,
    now: UnixTime,
    bindings: Option<ChannelBindings>,
}

/// What opens tickets.
enum Keys {
    Keytab(Keytab),
    /// One key for whatever service a ticket names, and for any version if it has none of its own.
    Key {
        key: ServiceKey,
        kvno: Option<u32>,
    },
}

impl Service {
    fn new(arguments: &Verify) -> Result<Self, Stopped> {
        let mut policy = TicketPolicy::default();
        policy.pac = arguments.pac.mode();
        policy.danger_accept_rc4 = arguments.allow_rc4;
        if arguments.require_bindings {
            policy.bindings = BindingsMode::Require;
        }
        if let Some(spn) = &arguments.spn {
            policy.services = AcceptedServices::Only(vec![spn.clone()]);
        }
        let bindings = arguments.bindings.as_deref().map(input::bindings);
        Ok(Self {
            keys: Keys::new(arguments)?,
            policy,
            now: input::time(arguments.at.as_deref())?,
            bindings: bindings.transpose()?,
        })
    }

    /// The client whose token this is, and the version of the key that opened its ticket.
    fn judge(&self, token: &[u8]) -> Result<(Accepted, Option<u32>), Refusal> {
        let message = UnverifiedApReq::decode(token::kerberos(token)?)?;
        let named = message.unverified_kvno();
        let keytab = self.keys.for_message(&message);
        let pending =
            message
                .decrypt(&keytab, &self.policy)?
                .check(&self.policy, self.now, self.bindings.as_ref())?;
        // A file is judged once: there is nothing that it could be a replay of.
        let accepted = pending.accept(Fresh::danger_unchecked());
        let kvno = match self.keys {
            Keys::Key { kvno: None, .. } => named,
            _ => Some(accepted.evidence().kvno),
        };
        Ok((accepted, kvno))
    }
}

impl Keys {
    fn new(arguments: &Verify) -> Result<Self, Stopped> {
        match (&arguments.keys.keytab, &arguments.keys.key) {
            (Some(file), _) => input::keytab(file).map(Self::Keytab),
            (None, Some(key)) => Ok(Self::Key {
                key: input::key("--key", key)?,
                kvno: arguments.kvno,
            }),
            (None, None) => Err(Stopped::new("expected --keytab or --key")),
        }
    }

    fn for_message(&self, message: &UnverifiedApReq<'_>) -> Keytab {
        match self {
            Self::Keytab(keytab) => keytab.clone(),
            Self::Key { key, kvno } => Keytab::new(vec![KeytabEntry {
                principal: message.unverified_service(),
                kvno: kvno.or(message.unverified_kvno()).unwrap_or(0),
                key: key.clone(),
                timestamp: UnixTime::from_seconds(0),
            }]),
        }
    }
}

/// What is said of a client that is accepted.
fn report(accepted: &Accepted, kvno: Option<u32>, show_secrets: bool) -> Result<Outcome, Stopped> {
    let (evidence, ap_rep) = (accepted.evidence(), answer(accepted)?);
    let (client, service) = (accepted.client(), accepted.service());
    let content = accepted.pac().map(VerifiedPac::content);
    let pac = match evidence.pac {
        PacState::Verified | PacState::NamesNoUser => pac::json("verified", content, &SERVER_SIGNATURE_VALID),
        state => pac::json(state.as_str(), None, &[]),
    };
    let beside = json!({
        "client": client.name(),
        "client_realm": client.realm(),
        "service": service.name(),
        "service_realm": service.realm(),
        "ticket_etype": evidence.ticket_etype.number(),
        "session_etype": evidence.session_etype.number(),
        "kvno": kvno,
        "auth_time": accepted.auth_time().to_string(),
        "end_time": accepted.end_time().to_string(),
        "mutual": evidence.mutual,
        "clock_difference_s": evidence.clock_difference_s,
        "bindings": evidence.bindings.as_str(),
        "delegated": evidence.delegated,
        "ap_rep": ap_rep.map(|ap_rep| input::to_hex(&ap_rep)),
        "pac": pac,
    });
    let mut rows = rows(accepted, kvno);
    let beside = match show_secrets {
        true => object::with(beside, secrets(accepted, &mut rows)),
        false => beside,
    };
    Ok(refusal::outcome(None, beside, rows))
}

/// The same for a person.
fn rows(accepted: &Accepted, kvno: Option<u32>) -> Rows {
    let evidence = accepted.evidence();
    let mut rows = Rows::default();
    rows.add("client", Some(accepted.client()));
    rows.add("service", Some(accepted.service()));
    rows.add("ticket", Some(evidence.ticket_etype));
    rows.add("session key", Some(evidence.session_etype));
    rows.add("key version", kvno);
    rows.add("signed in", Some(accepted.auth_time()));
    rows.add("valid until", Some(accepted.end_time()));
    let side = if evidence.clock_difference_s < 0 {
        "behind"
    } else {
        "ahead of"
    };
    let seconds = evidence.clock_difference_s.unsigned_abs();
    rows.add("clock", Some(format_args!("{seconds} s {side} ours")));
    rows.add("bindings", Some(evidence.bindings.as_str()));
    rows.add("wants an answer", evidence.mutual.then_some("yes"));
    rows.add("delegates", evidence.delegated.then_some("yes"));
    rows.add("PAC", Some(evidence.pac.as_str()));
    if let Some(pac) = accepted.pac() {
        pac::rows(&mut rows, pac.content());
    }
    rows
}

/// The keys that only who asks for them is shown.
fn secrets(accepted: &Accepted, rows: &mut Rows) -> Value {
    let hex = |key: &SessionKey| input::to_hex(key.expose());
    let session_key = hex(accepted.session_key());
    let subkey = accepted.subkey().map(hex);
    rows.add("secret session key", Some(&session_key));
    rows.add("secret subkey", subkey.as_ref());
    json!({ "session_key": session_key, "subkey": subkey })
}

/// The AP-REP, if the client wants one.
fn answer(accepted: &Accepted) -> Result<Option<Vec<u8>>, Stopped> {
    let mut filled = Ok(());
    let ap_rep = accepted.ap_rep(&mut |bytes| {
        if let Err(error) = getrandom::fill(bytes) {
            filled = Err(error);
        }
    });
    filled.map_err(|error| Stopped::new(format_args!("the system has no random numbers: {error}")))?;
    Ok(ap_rep)
}
