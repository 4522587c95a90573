//! `primaryGroupID` (MS-ADTS 3.1.1.1.6): a membership that no group lists.

use adlib_core::Sid;

/// The SID of the primary group of the account `sid`: the same domain, with the RID in `primary_group_id`.
///
/// ```
/// use adlib_schema::ad::primary_group;
///
/// let ada = "S-1-5-21-1-2-3-1104".parse()?;
/// assert_eq!(primary_group(&ada, "513").unwrap().to_string(), "S-1-5-21-1-2-3-513");
/// # Ok::<(), adlib_core::SidParseError>(())
/// ```
#[must_use]
pub fn primary_group(sid: &Sid, primary_group_id: &str) -> Option<Sid> {
    sid.domain()?.with_rid(primary_group_id.parse().ok()?)
}
