//! Writes the seeds into the corpora: `cargo xtask fuzz --seed`.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (target, name, content) in adlib_fuzz::seed::seeds() {
        let directory = corpora.join(target);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(name), content)?;
    }
    Ok(())
}
