//! A directory from LDIF files.

use std::{fs::File, path::Path};

use adlib_schema::{
    Mapper,
    ldif::LdifReader,
    read::{DirectoryRead, ReadBuilder},
};

use super::Progress;
use crate::Error;

/// How many entries pass between two words about progress.
const PROGRESS_EVERY: usize = 500;

pub(super) fn read<P: AsRef<Path>>(
    files: &[P],
    mapper: Mapper,
    mut progress: impl FnMut(&Progress),
) -> Result<DirectoryRead, Error> {
    let mut builder = ReadBuilder::new(mapper);
    for file in files {
        read_file(file.as_ref(), &mut builder, &mut progress)?;
    }
    Ok(builder.finish())
}

fn read_file(
    path: &Path,
    builder: &mut ReadBuilder,
    progress: &mut impl FnMut(&Progress),
) -> Result<(), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::File(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| failed(&error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut at = Progress {
        domain: name.into_owned(),
        entries: 0,
    };
    builder.begin(&at.domain);
    let mut reader = LdifReader::new(file);
    for entry in reader.by_ref() {
        builder.entry(&entry.map_err(|error| failed(&error))?);
        at.entries += 1;
        if at.entries.is_multiple_of(PROGRESS_EVERY) {
            progress(&at);
        }
    }
    progress(&at);
    builder.referred(reader.referrals());
    builder.end();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use adlib_schema::{Preset, Schema};

    /// R27: what a file says to be on other servers is missing, but for the other partitions of a forest.
    #[test]
    fn r27_a_file_with_a_referral_is_not_complete() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.ldif");
        let text = "dn: uid=ada,dc=example\nuid: ada\nsAMAccountName: ada\nobjectClass: user\n\
                    objectCategory: CN=Person,CN=Schema\nsAMAccountType: 805306368\n\n\
                    # Referral\nref: ldap://other.example/ou=far,dc=example\n";
        std::fs::write(&file, text).unwrap();
        for (preset, complete) in [(Preset::OpenLdap, false), (Preset::ActiveDirectory, true)] {
            let read = read(&[&file], Mapper::new(Schema::of(preset)), |_| {}).unwrap();
            assert_eq!(read.users.len(), 1);
            assert_eq!(read.completeness.complete().is_some(), complete, "{preset}");
        }
    }
}
