//! What another decoder makes of a message, in the words of ours.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

use adlib_kerberos::fuzzing::{Element, Message};
use kerberos_asn1::{
    ApRep, ApReq, AsRep, Asn1Object, Authenticator, AuthorizationDataEntry, Checksum, EncAsRepPart,
    EncKrbCredPart, EncTgsRepPart, EncTicketPart, EncryptedData, EncryptionKey, HostAddress, KerberosFlags,
    KerberosTime, KrbCred, KrbCredInfo, KrbError, LastReqEntry, PaData, PrincipalName, TgsRep, Ticket,
    TransitedEncoding,
};

/// What it made of a message, and how it writes the same.
pub(super) struct Foreign {
    pub(super) element: Element,
    pub(super) encoded: Vec<u8>,
}

/// What `kerberos_asn1` makes of `bytes`; `None` when it refuses them, panics, or leaves some of them.
pub(super) fn decode(message: Message, bytes: &[u8]) -> Option<Foreign> {
    let read = AssertUnwindSafe(|| match message {
        Message::ApReq => read::<ApReq>(bytes),
        Message::ApRep => read::<ApRep>(bytes),
        Message::Ticket => read::<Ticket>(bytes),
        Message::AsRep => read::<AsRep>(bytes),
        Message::TgsRep => read::<TgsRep>(bytes),
        Message::KrbError => read::<KrbError>(bytes),
        Message::KrbCred => read::<KrbCred>(bytes),
        Message::Authenticator => read::<Authenticator>(bytes),
        Message::EncTicketPart => read::<EncTicketPart>(bytes),
        Message::EncAsRepPart => read::<EncAsRepPart>(bytes),
        Message::EncTgsRepPart => read::<EncTgsRepPart>(bytes),
        Message::EncKrbCredPart => read::<EncKrbCredPart>(bytes),
    });
    quietly(|| panic::catch_unwind(read)).ok().flatten()
}

fn read<T: Asn1Object + Foreigner>(bytes: &[u8]) -> Option<Foreign> {
    let (rest, message) = T::parse(bytes).ok()?;
    rest.is_empty().then(|| Foreign {
        element: message.element(),
        encoded: message.build(),
    })
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic without anybody hearing of it: the engine's hook would end the process.
fn quietly<T>(run: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    QUIET.set(true);
    let result = run();
    QUIET.set(false);
    result
}

/// What can be shown as an [`Element`].
trait Foreigner {
    fn element(&self) -> Element;
}

impl Foreigner for i32 {
    fn element(&self) -> Element {
        Element::Number((*self).into())
    }
}

impl Foreigner for u32 {
    /// It takes the four octets of a signed number for those of one without a sign.
    fn element(&self) -> Element {
        Element::Number(self.cast_signed().into())
    }
}

impl Foreigner for String {
    fn element(&self) -> Element {
        Element::Text(self.clone())
    }
}

impl Foreigner for Vec<u8> {
    fn element(&self) -> Element {
        Element::Bytes(self.clone())
    }
}

impl Foreigner for KerberosFlags {
    fn element(&self) -> Element {
        Element::Number(self.flags.into())
    }
}

impl Foreigner for KerberosTime {
    fn element(&self) -> Element {
        Element::Number(self.time.time.timestamp())
    }
}

impl<T: Foreigner> Foreigner for Option<T> {
    fn element(&self) -> Element {
        self.as_ref().map_or(Element::Absent, Foreigner::element)
    }
}

impl<T: Foreigner> Foreigner for Vec<T> {
    fn element(&self) -> Element {
        Element::List(self.iter().map(Foreigner::element).collect())
    }
}

macro_rules! fields {
    ($($type:ty { $($field:ident),* })*) => {
        $(impl Foreigner for $type {
            fn element(&self) -> Element {
                Element::Fields(vec![$((stringify!($field), self.$field.element())),*])
            }
        })*
    };
}

fields! {
    PrincipalName { name_type, name_string }
    EncryptedData { etype, kvno, cipher }
    EncryptionKey { keytype, keyvalue }
    Checksum { cksumtype, checksum }
    HostAddress { addr_type, address }
    AuthorizationDataEntry { ad_type, ad_data }
    PaData { padata_type, padata_value }
    LastReqEntry { lr_type, lr_value }
    TransitedEncoding { tr_type, contents }
    Ticket { tkt_vno, realm, sname, enc_part }
    ApReq { pvno, msg_type, ap_options, ticket, authenticator }
    ApRep { pvno, msg_type, enc_part }
    AsRep { pvno, msg_type, padata, crealm, cname, ticket, enc_part }
    TgsRep { pvno, msg_type, padata, crealm, cname, ticket, enc_part }
    KrbCred { pvno, msg_type, tickets, enc_part }
    KrbError {
        pvno, msg_type, ctime, cusec, stime, susec, error_code, crealm, cname, realm, sname, e_text, e_data
    }
    Authenticator {
        authenticator_vno, crealm, cname, cksum, cusec, ctime, subkey, seq_number, authorization_data
    }
    EncTicketPart {
        flags, key, crealm, cname, transited, authtime, starttime, endtime, renew_till, caddr, authorization_data
    }
    EncAsRepPart {
        key, last_req, nonce, key_expiration, flags, authtime, starttime, endtime, renew_till, srealm, sname, caddr,
        encrypted_pa_data
    }
    EncTgsRepPart {
        key, last_req, nonce, key_expiration, flags, authtime, starttime, endtime, renew_till, srealm, sname, caddr,
        encrypted_pa_data
    }
    EncKrbCredPart { ticket_info, nonce, timestamp, usec, s_address, r_address }
    KrbCredInfo {
        key, prealm, pname, flags, authtime, starttime, endtime, renew_till, srealm, sname, caddr
    }
}
