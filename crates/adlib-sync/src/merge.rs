//! Sources become one snapshot: one user a name, the first source's values first (R29).

use crate::{Rejection, Snapshot, SnapshotBuilder, Sources, SyncOptions};

/// Merge what was read into one snapshot.
///
/// # Errors
/// `Incomplete` when a source was not read to its end; `UnknownScope` when the scope names what no source has.
pub fn merge<'a>(sources: impl Into<Sources<'a>>, options: &SyncOptions) -> Result<Snapshot, Rejection> {
    let mut builder = SnapshotBuilder::new(options);
    for (source, read) in sources.into().iter() {
        builder.begin(source);
        read.found.iter().for_each(|found| builder.found(found));
        read.warnings.iter().for_each(|warning| builder.warn(warning));
        read.groups.iter().for_each(|group| builder.group(group));
        read.units.iter().for_each(|unit| builder.unit(&unit.dn));
        for (index, user) in read.users.iter().enumerate() {
            builder.user(user, read.memberships.groups_of(index).iter().copied());
        }
        builder.end(&read.completeness);
    }
    builder.finish()
}
