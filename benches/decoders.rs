//! What it costs to read what a peer sent, before any of it is verified.

use std::{error::Error, hint::black_box};

use adlib_benches::{Row, time};
use adlib_instructions::{keytab, negotiation, pac, ticket};
use adlib_kerberos::{
    EncryptionType, Keytab, UnverifiedApReq,
    pac::{PacRejection, UnverifiedPac},
};
use adlib_spnego::{Mechanism, Negotiation};
use picky_asn1_der::from_bytes;
use picky_krb::gss_api::{ApplicationTag0, GssApiNegInit};

fn main() -> Result<(), Box<dyn Error>> {
    ap_req()?;
    spnego()?;
    for (name, groups) in [
        ("decode/a PAC with 20 groups, to its end", 20),
        ("decode/a PAC with 1,000 groups, to its end", 1000),
    ] {
        let pac = pac(groups);
        let read = || -> Result<_, PacRejection> {
            Ok(UnverifiedPac::decode(black_box(&pac))?.unverified_content()?)
        };
        assert_eq!(read()?.groups().len(), groups as usize);
        alone(name, read);
    }
    let file = keytab(1000);
    assert_eq!(Keytab::decode(&file)?.entries().len(), 1000);
    // The keys of each usage are derived here, once, and not with every ticket.
    alone("decode/a keytab of 1,000 keys", || {
        Keytab::decode(black_box(&file))
    });
    Ok(())
}

/// Ours keeps to DER and looks at the versions; so do the peers. All of them borrow or copy as they please.
fn ap_req() -> Result<(), Box<dyn Error>> {
    let message = ticket(EncryptionType::Aes256Sha1).message;
    UnverifiedApReq::decode(&message)?;
    from_bytes::<picky_krb::messages::ApReq>(&message)?;
    let rasn = |message: &[u8]| rasn::der::decode::<rasn_kerberos::ApReq>(message);
    rasn(&message).map_err(|error| error.to_string())?;
    let row = Row {
        name: "decode/an AP-REQ; picky-krb",
        bars: &[],
    };
    beside(
        row,
        || UnverifiedApReq::decode(black_box(&message)),
        || from_bytes::<picky_krb::messages::ApReq>(black_box(&message)),
    );
    let row = Row {
        name: "decode/an AP-REQ; rasn-kerberos",
        bars: &[],
    };
    beside(
        row,
        || UnverifiedApReq::decode(black_box(&message)),
        || rasn(black_box(&message)),
    );
    Ok(())
}

/// Ours also chooses the mechanism, and finds that the token in it is one of Kerberos.
fn spnego() -> Result<(), Box<dyn Error>> {
    let token = negotiation();
    let step = || Negotiation::new(&[Mechanism::Kerberos, Mechanism::Ntlm]).receive(black_box(&token));
    drop(step().map_err(|refused| refused.rejection)?);
    from_bytes::<ApplicationTag0<GssApiNegInit>>(&token)?;
    let row = Row {
        name: "spnego/first step; picky-krb, which only decodes",
        bars: &[],
    };
    beside(row, step, || {
        from_bytes::<ApplicationTag0<GssApiNegInit>>(black_box(&token))
    });
    Ok(())
}

fn alone<A>(name: &'static str, mut ours: impl FnMut() -> A) {
    let row = Row { name, bars: &[] };
    row.measure_batches(&mut |calls| time(calls, &mut ours), None, None);
}

fn beside<A, B>(row: Row, mut ours: impl FnMut() -> A, mut peer: impl FnMut() -> B) {
    row.measure_batches(
        &mut |calls| time(calls, &mut ours),
        Some(&mut |calls| time(calls, &mut peer)),
        None,
    );
}
