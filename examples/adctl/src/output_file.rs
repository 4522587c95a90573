//! Files that a call leaves behind: a plan or a page names everybody, and a cursor has all that was read.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use tempfile::NamedTempFile;

/// Replace `file` at once, readable by its owner only (A63). What is no file, such as a pipe, is written into; a link, such as
/// `/dev/stdout`, stays.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = &fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    if fs::metadata(file).is_ok_and(|known| !known.is_file()) {
        return fs::write(file, bytes);
    }
    let beside = file
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty());
    let mut new = NamedTempFile::new_in(beside.unwrap_or(Path::new(".")))?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}
