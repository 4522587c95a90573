//! Attributes whose meaning only Active Directory knows (MS-ADTS).
//!
//! Trust level: values from a server or a file; what is no number is no value.

mod account_expires;
mod group_type;
mod primary_group;
mod service_account;
mod user_account_control;

pub use account_expires::parse as parse_file_time;
pub use group_type::{GroupScope, GroupType};
pub use primary_group::primary_group;
pub use service_account::ServiceAccount;
pub use user_account_control::UserAccountControl;
