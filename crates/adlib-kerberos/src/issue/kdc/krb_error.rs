//! KRB-ERRORs, as a KDC makes them.

use alloc::{
    borrow::ToOwned as _,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use ::der::asn1::AnyRef;
use adlib_core::UnixTime;

use crate::{
    Principal,
    der::{
        self, Application, EtypeInfo2Entry, KerberosString, KerberosTime, KrbErrorBody, KrbErrorMessage,
        Microseconds, Octets, PaData, PrincipalName,
    },
    name_type,
    number::pa_type,
};

/// What goes into a KRB-ERROR.
#[derive(Debug, Clone)]
pub struct KrbErrorBuilder {
    /// `error-code`.
    pub code: i32,
    /// `stime` and `susec`.
    pub server_time: UnixTime,
    /// `realm`.
    pub realm: String,
    /// `crealm`.
    pub client_realm: Option<String>,
    /// `e-data`.
    pub data: Option<Vec<u8>>,
}

impl KrbErrorBuilder {
    /// The error `code` of the KDC of `realm`, without data.
    #[must_use]
    pub fn new(code: i32, realm: &str, server_time: UnixTime) -> Self {
        Self {
            code,
            server_time,
            realm: realm.to_owned(),
            client_realm: None,
            data: None,
        }
    }

    /// Put in that the client must pre-authenticate, by its time and one of the keys described by an encoded
    /// `ETYPE-INFO2`.
    pub fn describe(&mut self, etype_info2: &[u8]) {
        let methods = vec![
            PaData::new(pa_type::ETYPE_INFO2, etype_info2),
            PaData::new(pa_type::ENC_TIMESTAMP, &[]),
        ];
        self.data = Some(der::encode(&methods));
    }

    /// The same with keys of the types `etypes`, all with one `salt` and one set of `parameters`.
    pub fn describe_keys(&mut self, etypes: &[i32], salt: &str, parameters: Option<&[u8]>) {
        let entry = |etype: &i32| EtypeInfo2Entry {
            etype: *etype,
            salt: Some(KerberosString::new(salt)),
            s2kparams: parameters.map(Octets),
        };
        let entries: Vec<EtypeInfo2Entry<'_>> = etypes.iter().map(entry).collect();
        self.describe(&der::encode(&entries));
    }

    /// Put in an NT status, as Windows does (MS-KILE 2.2.1).
    pub fn explain(&mut self, nt_status: u32) {
        let value = [nt_status.to_le_bytes(), [0; 4], 1_u32.to_le_bytes()].concat();
        self.data = Some(der::encode(&PaData::new(pa_type::PW_SALT, &value)));
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let components = vec!["krbtgt".to_string(), self.realm.clone()];
        let service = Principal::new(name_type::SRV_INST, components, self.realm.clone());
        let message: KrbErrorMessage<'_> = Application(KrbErrorBody {
            pvno: der::VERSION,
            msg_type: KrbErrorBody::MESSAGE_TYPE,
            ctime: None,
            cusec: None,
            stime: KerberosTime::from_unix(self.server_time),
            susec: Microseconds(self.server_time.subsec_micros()),
            error_code: self.code,
            crealm: self.client_realm.as_deref().map(KerberosString::new),
            cname: None,
            realm: KerberosString::new(&self.realm),
            sname: PrincipalName::from(&service),
            e_text: None::<AnyRef<'_>>,
            e_data: self.data.as_deref().map(Octets),
        });
        der::encode(&message)
    }
}
