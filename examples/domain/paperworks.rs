//! Paperworks and its subsidiary, which nobody has: their users stand in `data/*.ldif`, and this is their controller.

use std::sync::Arc;

use adlib::{
    Authenticator, AuthenticatorBuilder, Clock, Directory, DirectoryRead, Keytab, SystemClock,
    kdc::{AccountSecret, ApReqToken, BoxFuture, Rejection, TicketError, TicketRequest, TicketSource},
    kerberos::{
        EncryptionType, KeytabEntry, Principal, ServiceKey, SessionKey,
        issue::{ApReqBuilder, PacBuilder, TicketBuilder},
    },
    schema::record::User,
};

use super::Result;

/// The application, as the domain knows it.
pub const SERVICE: &str = "HTTP/app.paperworks.example";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data");

/// A controller in memory: it knows the users and their password, and issues tickets for [`SERVICE`].
pub struct Paperworks {
    directory: DirectoryRead,
    principal: Principal,
    /// The application's key, which its keytab has too.
    service: ServiceKey,
    /// The controllers' own key, which signs PACs.
    controllers: ServiceKey,
}

/// The directory of the company and of its subsidiary.
#[must_use]
pub fn companies() -> Directory {
    Directory::from_ldif([format!("{DATA}/company.ldif"), format!("{DATA}/subsidiary.ldif")])
}

impl Paperworks {
    /// The controller, with keys of its own.
    ///
    /// # Errors
    /// When the data cannot be read, or the system gives no random numbers.
    pub async fn new() -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            directory: companies().read().await?,
            principal: format!("{SERVICE}@PAPERWORKS.EXAMPLE").parse()?,
            service: ServiceKey::new(EncryptionType::Aes256Sha1, random_bytes::<32>()?)?,
            controllers: ServiceKey::new(EncryptionType::Aes256Sha1, random_bytes::<32>()?)?,
        }))
    }

    /// What signs its users in. Only the last two lines differ from an application's: here is no network.
    #[must_use]
    pub fn authenticator(self: &Arc<Self>) -> AuthenticatorBuilder {
        Authenticator::builder()
            .directory(companies())
            .service(SERVICE)
            .keytab(self.keytab())
            .tickets(self.clone())
            .other_kdcs(["127.0.0.1"])
    }

    /// The application's keytab, as `ktpass` or `samba-tool` would have made it.
    #[must_use]
    pub fn keytab(&self) -> Keytab {
        Keytab::new(vec![KeytabEntry {
            principal: self.principal.clone(),
            kvno: 1,
            key: self.service.clone(),
            timestamp: SystemClock.now(),
        }])
    }

    /// What the machine of `account` sends to [`SERVICE`]: a ticket, and the proof that it is whose it is.
    ///
    /// # Errors
    /// When there is no such account, or the system gives no random numbers.
    pub fn token(&self, account: &str) -> Result<Vec<u8>> {
        let place = self.find(|user| user.account == account);
        self.issue(place.ok_or("no such account")?)
    }

    /// The place of a user in the directory.
    fn find(&self, is_it: impl Fn(&User) -> bool) -> Option<usize> {
        self.directory.users.iter().position(is_it)
    }

    fn issue(&self, place: usize) -> Result<Vec<u8>> {
        let user = self.directory.users.get(place).ok_or("no such user")?;
        let sid = user.sid.ok_or("an account without a SID")?;
        let (domain, rid) = sid.domain().zip(sid.rid()).ok_or("a SID of no domain")?;
        let random = &mut |bytes: &mut [u8]| getrandom::fill(bytes).unwrap_or_default();
        let now = SystemClock.now();
        let client = Principal::user(&user.account, user.domain.to_uppercase());
        let pac = PacBuilder::new(&client, now, &user.domain, domain, rid, &self.groups_of(place));
        let session_key = SessionKey::new(EncryptionType::Aes256Sha1, random_bytes::<32>()?)?;
        let ticket = TicketBuilder::new(client, self.principal.clone(), session_key, now)
            .with_pac(pac.sign(&self.service, &self.controllers))
            .encrypt(&self.service, random);
        Ok(ApReqBuilder::new(&ticket, now).encrypt_token(random)?)
    }

    /// The groups of a user, by the last part of their SIDs.
    fn groups_of(&self, place: usize) -> Vec<u32> {
        let groups = self.directory.memberships.groups_of(place).iter();
        let groups = groups.filter_map(|group| self.directory.groups.get(*group));
        groups.filter_map(|group| group.sid?.rid()).collect()
    }

    /// What a controller says to a name and a password.
    fn answer(&self, request: &TicketRequest<'_>) -> Result<Vec<u8>, TicketError> {
        let is_asked =
            |user: &User| user.account == request.account && user.domain.eq_ignore_ascii_case(request.realm);
        let place = self.find(is_asked).ok_or(Rejection::UnknownPrincipal)?;
        match request.secret {
            AccountSecret::Password(password) if password.expose() == PASSWORD => {}
            _ => return Err(Rejection::WrongPassword.into()),
        }
        let state = self.directory.users.get(place).map(|user| user.state);
        match state.unwrap_or_default() {
            state if !state.enabled || state.locked_since.is_some() => Err(Rejection::Revoked.into()),
            state if state.must_change_password => Err(Rejection::KeyExpired.into()),
            _ => self.issue(place).map_err(|_| TicketError::NoRandom),
        }
    }
}

impl TicketSource for Paperworks {
    fn service_ticket<'a>(
        &'a self,
        request: TicketRequest<'a>,
    ) -> BoxFuture<'a, Result<ApReqToken, TicketError>> {
        let answer = self.answer(&request).map(ApReqToken::new);
        Box::pin(std::future::ready(answer))
    }
}

/// Bytes that nobody can guess.
///
/// # Errors
/// When the system gives none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
