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
    for entry in LdifReader::new(file) {
        builder.entry(&entry.map_err(|error| failed(&error))?);
        at.entries += 1;
        if at.entries.is_multiple_of(PROGRESS_EVERY) {
            progress(&at);
        }
    }
    progress(&at);
    builder.end();
    Ok(())
}
