//! One kind of message after the other.

use alloc::{string::String, vec, vec::Vec};

use adlib_core::{DecodeError, DecodeErrorKind};

use super::Value;
use crate::{
    EncryptionType, Principal, UnsupportedEtype,
    der::{
        self, ApRep, ApReq, ApReqBody, AsRep, AsReq, EncryptedData, KdcRepBody, KdcReqBody, KerberosString,
        KerberosTime, KrbCred, KrbErrorMessage, PrincipalName, TgsRep, TgsReq, TgtReply, TgtRequest, Ticket,
        TicketBody,
    },
};

/// What a message is and what stands in it.
type Explained = (&'static str, Value);

/// The identifiers of user-to-user tokens; those of others only repeat the message's own tag.
const TGT_REQUEST: [u8; 2] = [4, 0];
const TGT_REPLY: [u8; 2] = [4, 1];

/// # Errors
/// `Unexpected` for what is no Kerberos message; otherwise what DER finds wrong.
pub(super) fn explain(identifier: Option<[u8; 2]>, message: &[u8]) -> Result<Explained, DecodeError> {
    match (identifier, message.first()) {
        (Some(TGT_REQUEST), _) => tgt_request(message),
        (Some(TGT_REPLY), _) => tgt_reply(message),
        (_, Some(0x6e)) => ap_req(message),
        (_, Some(0x6f)) => ap_rep(message),
        (_, Some(0x7e)) => krb_error(message),
        (_, Some(0x61)) => {
            let message: Ticket<'_> = der::decode("Ticket", message)?;
            Ok(("ticket", ticket(&message.0)))
        }
        (_, Some(0x76)) => krb_cred(message),
        (_, Some(0x6a)) => {
            let message: AsReq<'_> = der::decode("AS-REQ", message)?;
            Ok(("as-req", kdc_req(&message.0)))
        }
        (_, Some(0x6b)) => {
            let message: AsRep<'_> = der::decode("AS-REP", message)?;
            Ok(("as-rep", kdc_rep(&message.0)))
        }
        (_, Some(0x6c)) => {
            let message: TgsReq<'_> = der::decode("TGS-REQ", message)?;
            Ok(("tgs-req", kdc_req(&message.0)))
        }
        (_, Some(0x6d)) => {
            let message: TgsRep<'_> = der::decode("TGS-REP", message)?;
            Ok(("tgs-rep", kdc_rep(&message.0)))
        }
        (_, Some(0x30)) => tgt_request(message).or_else(|_| tgt_reply(message)),
        _ => Err(DecodeError::new(
            "Kerberos message",
            0,
            DecodeErrorKind::Unexpected,
        )),
    }
}

fn ap_req(message: &[u8]) -> Result<Explained, DecodeError> {
    let ApReq::<'_> { 0: message } = der::decode("AP-REQ", message)?;
    let options = message.ap_options;
    Ok((
        "ap-req",
        Value::Fields(vec![
            ("pvno", message.pvno.into()),
            ("msg_type", message.msg_type.into()),
            ("use_session_key", options.has(ApReqBody::USE_SESSION_KEY).into()),
            ("mutual_required", options.has(ApReqBody::MUTUAL_REQUIRED).into()),
            ("ticket", ticket(&message.ticket.0)),
            ("authenticator", encrypted(&message.authenticator)),
        ]),
    ))
}

fn ap_rep(message: &[u8]) -> Result<Explained, DecodeError> {
    let ApRep::<'_> { 0: message } = der::decode("AP-REP", message)?;
    Ok((
        "ap-rep",
        Value::Fields(vec![
            ("pvno", message.pvno.into()),
            ("msg_type", message.msg_type.into()),
            ("enc_part", encrypted(&message.enc_part)),
        ]),
    ))
}

fn krb_error(message: &[u8]) -> Result<Explained, DecodeError> {
    let KrbErrorMessage::<'_> { 0: message } = der::decode("KRB-ERROR", message)?;
    let client_time = message.ctime.map(|time| match message.cusec {
        Some(micros) => time.with_micros(micros),
        None => time.to_unix(),
    });
    let text = message
        .e_text
        .map(|text| String::from_utf8_lossy(text.value()).into_owned());
    Ok((
        "krb-error",
        Value::Fields(vec![
            ("pvno", message.pvno.into()),
            ("msg_type", message.msg_type.into()),
            ("client_time", client_time.into()),
            ("server_time", message.stime.with_micros(message.susec).into()),
            ("error_code", message.error_code.into()),
            ("client", client(message.cname.as_ref(), message.crealm)),
            ("service", principal(&message.sname.in_realm(message.realm))),
            ("text", text.into()),
            ("data_length", message.e_data.map(|data| data.0.len()).into()),
        ]),
    ))
}

fn krb_cred(message: &[u8]) -> Result<Explained, DecodeError> {
    let KrbCred::<'_> { 0: message } = der::decode("KRB-CRED", message)?;
    let tickets = message.tickets.iter().map(|one| ticket(&one.0));
    Ok((
        "krb-cred",
        Value::Fields(vec![
            ("pvno", message.pvno.into()),
            ("msg_type", message.msg_type.into()),
            ("tickets", Value::List(tickets.collect())),
            ("enc_part", encrypted(&message.enc_part)),
        ]),
    ))
}

fn tgt_request(message: &[u8]) -> Result<Explained, DecodeError> {
    let message: TgtRequest<'_> = der::decode("TGT-REQ", message)?;
    Ok((
        "tgt-req",
        Value::Fields(vec![
            ("pvno", message.pvno.into()),
            ("msg_type", message.msg_type.into()),
            ("service", client(message.server_name.as_ref(), message.realm)),
        ]),
    ))
}

fn tgt_reply(message: &[u8]) -> Result<Explained, DecodeError> {
    let message: TgtReply<'_> = der::decode("TGT-REP", message)?;
    Ok((
        "tgt-rep",
        Value::Fields(vec![
            ("pvno", message.pvno.into()),
            ("msg_type", message.msg_type.into()),
            ("ticket", ticket(&message.ticket.0)),
        ]),
    ))
}

fn kdc_req(message: &KdcReqBody<'_>) -> Value {
    let body = &message.req_body;
    let preauthentication = message
        .padata
        .iter()
        .flatten()
        .map(|element| element.padata_type.into());
    Value::Fields(vec![
        ("pvno", message.pvno.into()),
        ("msg_type", message.msg_type.into()),
        ("preauthentication", Value::List(preauthentication.collect())),
        ("options", body.kdc_options.0.into()),
        ("client", client(body.cname.as_ref(), Some(body.realm))),
        ("service", client(body.sname.as_ref(), Some(body.realm))),
        ("till", body.till.to_unix().into()),
        ("renew_until", body.rtime.map(KerberosTime::to_unix).into()),
        (
            "etypes",
            Value::List(body.etype.iter().map(|number| etype(*number)).collect()),
        ),
        ("addresses", body.addresses.as_ref().map(Vec::len).into()),
    ])
}

fn kdc_rep(message: &KdcRepBody<'_>) -> Value {
    let preauthentication = message
        .padata
        .iter()
        .flatten()
        .map(|element| element.padata_type.into());
    Value::Fields(vec![
        ("pvno", message.pvno.into()),
        ("msg_type", message.msg_type.into()),
        ("preauthentication", Value::List(preauthentication.collect())),
        ("client", principal(&message.cname.in_realm(message.crealm))),
        ("ticket", ticket(&message.ticket.0)),
        ("enc_part", encrypted(&message.enc_part)),
    ])
}

fn ticket(ticket: &TicketBody<'_>) -> Value {
    Value::Fields(vec![
        ("tkt_vno", ticket.tkt_vno.into()),
        ("service", principal(&ticket.sname.in_realm(ticket.realm))),
        ("enc_part", encrypted(&ticket.enc_part)),
    ])
}

fn encrypted(data: &EncryptedData<'_>) -> Value {
    Value::Fields(vec![
        ("etype", etype(data.etype)),
        ("kvno", data.version().into()),
        ("length", data.cipher.0.len().into()),
    ])
}

/// The number and the name of an encryption type.
fn etype(number: i32) -> Value {
    let name = match EncryptionType::from_number(number) {
        Ok(etype) => etype.name(),
        Err(UnsupportedEtype::Des(_)) => "des",
        Err(UnsupportedEtype::Unknown(_)) => "unknown",
    };
    Value::Fields(vec![("number", number.into()), ("name", name.into())])
}

fn client(name: Option<&PrincipalName<'_>>, realm: Option<KerberosString<'_>>) -> Value {
    let realm = realm.unwrap_or(KerberosString::new(""));
    name.map_or(Value::Absent, |name| principal(&name.in_realm(realm)))
}

/// The components joined by `/`, and the realm by itself.
fn principal(principal: &Principal) -> Value {
    Value::Fields(vec![
        ("name", principal.name().into()),
        ("name_type", principal.name_type().into()),
        ("realm", principal.realm().into()),
    ])
}
