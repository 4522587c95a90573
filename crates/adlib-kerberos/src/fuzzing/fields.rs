//! The fields of each message.

use alloc::vec;

use super::element::{Decoded, Element};
use crate::der::{
    ApRepBody, ApReqBody, AuthenticatorBody, AuthorizationDatum, Checksum, EncKdcRepPart, EncKrbCredPartBody,
    EncTicketPartBody, EncryptedData, EncryptionKey, HostAddress, KdcRepBody, KrbCredBody, KrbCredInfo,
    KrbErrorBody, LastReqEntry, PaData, PrincipalName, TicketBody, TransitedEncoding,
};

macro_rules! fields {
    ($($type:ty { $($field:ident),* })*) => {
        $(impl Decoded for $type {
            fn element(&self) -> Element {
                Element::Fields(vec![$((stringify!($field), self.$field.element())),*])
            }
        })*
    };
}

fields! {
    PrincipalName<'_> { name_type, name_string }
    EncryptedData<'_> { etype, kvno, cipher }
    EncryptionKey<'_> { keytype, keyvalue }
    Checksum<'_> { cksumtype, checksum }
    HostAddress<'_> { addr_type, address }
    AuthorizationDatum<'_> { ad_type, ad_data }
    PaData<'_> { padata_type, padata_value }
    LastReqEntry { lr_type, lr_value }
    TransitedEncoding<'_> { tr_type, contents }
    TicketBody<'_> { tkt_vno, realm, sname, enc_part }
    ApReqBody<'_> { pvno, msg_type, ap_options, ticket, authenticator }
    ApRepBody<'_> { pvno, msg_type, enc_part }
    KdcRepBody<'_> { pvno, msg_type, padata, crealm, cname, ticket, enc_part }
    KrbCredBody<'_> { pvno, msg_type, tickets, enc_part }
    KrbErrorBody<'_> {
        pvno, msg_type, ctime, cusec, stime, susec, error_code, crealm, cname, realm, sname, e_text, e_data
    }
    AuthenticatorBody<'_> {
        authenticator_vno, crealm, cname, cksum, cusec, ctime, subkey, seq_number, authorization_data
    }
    EncTicketPartBody<'_> {
        flags, key, crealm, cname, transited, authtime, starttime, endtime, renew_till, caddr, authorization_data
    }
    EncKdcRepPart<'_> {
        key, last_req, nonce, key_expiration, flags, authtime, starttime, endtime, renew_till, srealm, sname, caddr,
        encrypted_pa_data
    }
    EncKrbCredPartBody<'_> { ticket_info, nonce, timestamp, usec, s_address, r_address }
    KrbCredInfo<'_> {
        key, prealm, pname, flags, authtime, starttime, endtime, renew_till, srealm, sname, caddr
    }
}
