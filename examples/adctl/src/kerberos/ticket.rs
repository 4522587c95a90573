//! `adctl kerberos ticket`

use adlib::{
    UnixTime,
    kerberos::{TicketReport, UnverifiedTicket},
};
use serde_json::json;

use super::{arguments::Opened, pac};
use crate::{
    input,
    outcome::{Outcome, Stopped},
    refusal::{self, Refusal},
    rows::Rows,
    token,
};

pub(super) fn report(arguments: &Opened) -> Result<Outcome, Stopped> {
    let key = input::key("--key", &arguments.key)?;
    let controllers = arguments.kdc_key.as_deref();
    let controllers = controllers.map(|key| input::key("--kdc-key", key)).transpose()?;
    let bytes = token::bytes(input::read(&arguments.file)?);
    let report =
        UnverifiedTicket::decode(&bytes).and_then(|ticket| ticket.report(&key, controllers.as_ref()));
    Ok(match report {
        Ok(report) => outcome(&report),
        Err(rejection) => Refusal::from(rejection).outcome(),
    })
}

fn outcome(report: &TicketReport) -> Outcome {
    let refusal = report.rejection.as_ref().map(Refusal::from);
    let pac = match (&report.pac, &refusal) {
        (Some(pac), _) => pac::report_json(pac),
        (None, None) => pac::json("absent", None, &[]),
        (None, Some(_)) => pac::json("refused", None, &[]),
    };
    let (client, service) = (&report.client, &report.service);
    let time = |time: UnixTime| time.to_string();
    let beside = json!({
        "client": client.name(),
        "client_realm": client.realm(),
        "service": service.name(),
        "service_realm": service.realm(),
        "ticket_etype": report.ticket_etype.number(),
        "session_etype": report.session_etype,
        "kvno": report.kvno,
        "flags": format!("{:#010x}", report.flags),
        "auth_time": time(report.auth_time),
        "start_time": report.start_time.map(time),
        "end_time": time(report.end_time),
        "renew_until": report.renew_until.map(time),
        "pac": pac,
    });
    refusal::outcome(refusal.as_ref(), beside, rows(report))
}

fn rows(report: &TicketReport) -> Rows {
    let mut rows = Rows::default();
    rows.add("client", Some(&report.client));
    rows.add("service", Some(&report.service));
    rows.add("ticket", Some(report.ticket_etype));
    rows.add("session key", Some(format_args!("type {}", report.session_etype)));
    rows.add("key version", report.kvno);
    rows.add("flags", Some(format_args!("{:#010x}", report.flags)));
    rows.add("signed in", Some(report.auth_time));
    rows.add("valid from", report.start_time);
    rows.add("valid until", Some(report.end_time));
    rows.add("renewable until", report.renew_until);
    if let Some(pac) = &report.pac {
        pac::report_rows(&mut rows, pac);
    }
    rows.add(
        "PAC",
        (report.pac.is_none() && report.rejection.is_none()).then_some("absent"),
    );
    rows
}
