//! One step of a bind, the simple bind (RFC 4513 5.1), and what a refusal means.

use adlib_core::Password;

use crate::{
    Connection, Error, ServerMessage,
    connection::Loan,
    transport::{
        Authentication, BindAnswer, BindResult, Carrier, End, FrameError, PolicyError, decode_bind_answer,
        encode_bind,
    },
};

pub(crate) const SUCCESS: u32 = 0;
const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
const INVALID_CREDENTIALS: u32 = 49;
const UNWILLING_TO_PERFORM: u32 = 53;
/// `SEC_E_BAD_BINDINGS`
const BAD_BINDINGS: u32 = 0x8009_0346;

/// Why a server refuses a name and a password.
///
/// Active Directory tells the reason in its message, as a Windows error in hexadecimal behind `data` (MS-ADTS
/// 5.1.1.5, MS-ERREF 2.2). Where a server tells nothing, it is `WrongPassword`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// `data 52e`: the password is wrong; or nobody has this name, on a server that does not tell.
    #[error("wrong password, or no such user")]
    WrongPassword,
    /// `data 525`: nobody has this name.
    #[error("no such user")]
    UnknownUser,
    /// `data 52f`: a restriction on the account, such as membership in Protected Users.
    #[error("the account is restricted")]
    AccountRestriction,
    /// `data 530`: not at this hour.
    #[error("the account may not be used at this hour")]
    LogonHours,
    /// `data 531`: not from this computer.
    #[error("the account may not be used from this computer")]
    Workstation,
    /// `data 532`: the password is too old.
    #[error("the password has expired")]
    PasswordExpired,
    /// `data 533`: an administrator disabled the account.
    #[error("the account is disabled")]
    Disabled,
    /// `data 701`: the account's end date is past.
    #[error("the account has expired")]
    AccountExpired,
    /// `data 773`: the password must be changed first.
    #[error("the password must be changed before the first use")]
    MustChangePassword,
    /// `data 775`: too many wrong passwords.
    #[error("the account is locked out")]
    Locked,
    /// `data 418`: the domain takes no NTLM, whoever it is.
    #[error("the domain takes no NTLM")]
    NtlmBlocked,
    /// Another Windows error, or another LDAP result code.
    #[error("refused for reason {0:#x}")]
    Other(u32),
}

impl Rejection {
    /// The reason in a message of Active Directory.
    fn from_message(message: &ServerMessage) -> Self {
        match windows_error(message) {
            None | Some(0x52e) => Self::WrongPassword,
            Some(0x418) => Self::NtlmBlocked,
            Some(0x525) => Self::UnknownUser,
            Some(0x52f) => Self::AccountRestriction,
            Some(0x530) => Self::LogonHours,
            Some(0x531) => Self::Workstation,
            Some(0x532) => Self::PasswordExpired,
            Some(0x533) => Self::Disabled,
            Some(0x701) => Self::AccountExpired,
            Some(0x773) => Self::MustChangePassword,
            Some(0x775) => Self::Locked,
            Some(other) => Self::Other(other),
        }
    }
}

impl Rejection {
    /// The reason in a message of eDirectory, `NDS error: .. (-220)`, or of 389 DS.
    fn told_elsewhere(message: &ServerMessage) -> Option<Self> {
        let text = message.as_str();
        if text.starts_with("Account inactivated") {
            return Some(Self::Disabled);
        }
        let (_, behind) = text.split_once("NDS error")?;
        let (_, number) = behind.split_once("(-")?;
        Some(match number.split_once(')')?.0 {
            "197" => Self::Locked,
            "218" => Self::LogonHours,
            "219" => Self::Workstation,
            "220" => Self::Disabled,
            "222" | "223" => Self::PasswordExpired,
            "601" => Self::UnknownUser,
            _ => Self::WrongPassword,
        })
    }
}

/// The number behind `data` in `.., comment: AcceptSecurityContext error, data 52e, v4563`.
fn windows_error(message: &ServerMessage) -> Option<u32> {
    let (_, behind) = message.as_str().split_once(", data ")?;
    let end = behind
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(behind.len());
    behind
        .split_at_checked(end)
        .and_then(|(digits, _)| u32::from_str_radix(digits, 16).ok())
}

impl Connection {
    /// Bind as `name`: a DN, or on Active Directory a UPN or `DOMAIN\account`.
    ///
    /// A refusal leaves the connection anonymous (RFC 4511 4.2.1). An account whose password must be changed first is
    /// refused too, although some servers let it in to do so.
    ///
    /// # Errors
    /// `EmptyName`, `EmptyPassword`, `PasswordInTheClear` and `BoundAlready` without asking the server; `BindRefused`
    /// with the reason; `StrongerAuthRequired`, `UnwillingToPerform`, `ChannelBindingRefused` and `Refused`, which say
    /// nothing about the password; `Timeout`, `Protocol`, `Lost`.
    pub async fn bind_simple(&self, name: &str, password: &Password) -> Result<(), Error> {
        if name.is_empty() {
            return Err(Error::EmptyName);
        }
        if password.is_empty() {
            return Err(Error::EmptyPassword);
        }
        if self.carrier == Carrier::Sasl {
            return Err(Error::PasswordInTheClear {
                endpoint: self.endpoint().to_owned(),
            });
        }
        self.in_time("the bind", self.ask_simple(name, password)).await
    }

    async fn ask_simple(&self, name: &str, password: &Password) -> Result<(), Error> {
        let password = password.expose();
        let mut loan = self.borrow_unlayered().await?;
        let answer = self
            .ask_bind(&mut loan, &Authentication::Simple { name, password })
            .await?;
        loan.give_back();
        match (answer.code, answer.policy) {
            (_, Some(policy)) => {
                // 389 DS calls an account that is disabled locked as well.
                let told = Rejection::told_elsewhere(&answer.message);
                let rejection = told.unwrap_or_else(|| policy.into());
                Err(self.bind_rejected(name, rejection, answer.message))
            }
            (SUCCESS, None) => Ok(()),
            (code, None) => Err(self.bind_refused(name, code, answer.message)),
        }
    }

    /// The server's side, for a bind that no session of an earlier one is in the way of.
    ///
    /// # Errors
    /// `BoundAlready`, `Protocol`, `Lost`.
    pub(crate) async fn borrow_unlayered(&self) -> Result<Loan<'_>, Error> {
        let mut loan = self.borrow().await?;
        loan.wire.settle().await.map_err(|end| self.ends(end))?;
        if self.is_layered() {
            loan.give_back();
            return Err(Error::BoundAlready {
                endpoint: self.endpoint().to_owned(),
            });
        }
        Ok(loan)
    }

    /// One step of a bind.
    ///
    /// # Errors
    /// `Protocol`, `Lost`.
    pub(crate) async fn ask_bind(
        &self,
        loan: &mut Loan<'_>,
        authentication: &Authentication<'_>,
    ) -> Result<BindResult, Error> {
        let id = self.next_bind_id();
        let failed = |error: FrameError| self.ended(error.into());
        let request = encode_bind(id, authentication);
        loan.wire.server.send(request.expose()).await.map_err(failed)?;
        let answer = loan.wire.server.next().await.map_err(failed)?;
        let answer = answer.ok_or_else(|| self.ended(End::Closed))?;
        match decode_bind_answer(answer, id) {
            Ok(BindAnswer::Result(result)) => Ok(result),
            Ok(BindAnswer::Disconnection(code, message)) => Err(self.ended(End::Disconnected(code, message))),
            Err(violation) => Err(self.violated(violation)),
        }
    }

    /// What a result code that is no success says of a bind as `name`.
    pub(crate) fn bind_refused(&self, name: &str, code: u32, message: ServerMessage) -> Error {
        let rejection = match (code, Rejection::told_elsewhere(&message)) {
            (INVALID_CREDENTIALS | UNWILLING_TO_PERFORM, Some(rejection)) => rejection,
            (INVALID_CREDENTIALS, None) => Rejection::from_message(&message),
            (INAPPROPRIATE_AUTHENTICATION, _) => Rejection::Other(code),
            _ => return self.refused("bind", code, message),
        };
        if rejection == Rejection::Other(BAD_BINDINGS) {
            let endpoint = self.endpoint().to_owned();
            return Error::ChannelBindingRefused { endpoint, message };
        }
        self.bind_rejected(name, rejection, message)
    }

    fn bind_rejected(&self, name: &str, rejection: Rejection, message: ServerMessage) -> Error {
        Error::BindRefused {
            endpoint: self.endpoint().to_owned(),
            name: name.to_owned(),
            rejection,
            message,
        }
    }
}

impl From<PolicyError> for Rejection {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::PasswordExpired => Self::PasswordExpired,
            PolicyError::AccountLocked => Self::Locked,
            PolicyError::ChangeAfterReset => Self::MustChangePassword,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(data: &str) -> Rejection {
        let text = format!(
            "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {data}, v3839"
        );
        Rejection::from_message(&ServerMessage::new(&text))
    }

    /// R9
    #[test]
    fn r9_the_reason_that_active_directory_gives() {
        let reasons = [
            ("418", Rejection::NtlmBlocked),
            ("525", Rejection::UnknownUser),
            ("52e", Rejection::WrongPassword),
            ("52f", Rejection::AccountRestriction),
            ("530", Rejection::LogonHours),
            ("531", Rejection::Workstation),
            ("532", Rejection::PasswordExpired),
            ("533", Rejection::Disabled),
            ("701", Rejection::AccountExpired),
            ("773", Rejection::MustChangePassword),
            ("775", Rejection::Locked),
            ("80090346", Rejection::Other(BAD_BINDINGS)),
            ("57", Rejection::Other(0x57)),
        ];
        for (data, reason) in reasons {
            assert_eq!(rejection(data), reason, "{data}");
        }
    }

    /// R39: eDirectory's and 389 DS's own words.
    #[test]
    fn r39_the_reason_that_other_servers_give() {
        let told = |text: &str| Rejection::told_elsewhere(&ServerMessage::new(text));
        let nds = |number: &str| told(&format!("NDS error: log account ({number})"));
        assert_eq!(nds("-197"), Some(Rejection::Locked));
        assert_eq!(nds("-220"), Some(Rejection::Disabled));
        assert_eq!(nds("-222"), Some(Rejection::PasswordExpired));
        assert_eq!(
            told("NDS error: failed authentication (-669)"),
            Some(Rejection::WrongPassword)
        );
        let inactivated = "Account inactivated. Contact system administrator.";
        assert_eq!(told(inactivated), Some(Rejection::Disabled));
        assert_eq!(
            told("unauthenticated bind (DN with no password) disallowed"),
            None
        );
    }

    #[test]
    fn a_message_without_a_reason_is_a_wrong_password() {
        for text in [
            "",
            "INVALID CREDENTIALS",
            "error, data ",
            "error, data zz",
            "error, data fffffffff",
        ] {
            assert_eq!(
                Rejection::from_message(&ServerMessage::new(text)),
                Rejection::WrongPassword,
                "{text}"
            );
        }
    }
}
