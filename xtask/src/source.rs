//! The Rust sources of the project.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// The Rust files below `directory` with their text, in order of name.
pub(crate) fn rust_files(directory: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut entries: Vec<_> = fs::read_dir(directory)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "target" {
                files.extend(rust_files(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            files.push((path, text));
        }
    }
    Ok(files)
}
