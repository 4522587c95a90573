//! Who may use the directory now: many readers, or one test that changes it.
//!
//! A file lock, because tests are processes; a mark beside it, because a test can die between its change and its reset.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::{fail, script::Script};

const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(50);

/// A hold on the lab; dropped, the next may have it.
#[derive(Debug)]
pub(crate) struct Turn {
    _lock: File,
    mark: PathBuf,
    script: Script,
}

impl Turn {
    /// Waits until nobody changes the lab that `script` runs in `lab_dir`.
    pub(crate) fn to_read(lab_dir: &Path, script: Script) -> Self {
        loop {
            let turn = Self::wait(lab_dir, script, File::try_lock_shared);
            if !turn.is_marked() {
                return turn;
            }
            drop(turn);
            Self::wait(lab_dir, script, File::try_lock).restore_if_marked();
        }
    }

    /// Waits until nobody uses the lab that `script` runs in `lab_dir`, and marks it as changed.
    pub(crate) fn to_change(lab_dir: &Path, script: Script) -> Self {
        let turn = Self::wait(lab_dir, script, File::try_lock);
        turn.restore_if_marked();
        if let Err(error) = fs::write(&turn.mark, "") {
            fail(&format!("{}: {error}", turn.mark.display()));
        }
        turn
    }

    /// Puts the fixtures back after a change. Where that does not work, the mark stays, and the next one does it.
    pub(crate) fn restore(&self) {
        if self.script.reset() {
            self.restored();
        }
    }

    /// Takes the mark away: the directory holds its fixtures again.
    fn restored(&self) {
        drop(fs::remove_file(&self.mark));
    }

    fn is_marked(&self) -> bool {
        self.mark.exists()
    }

    fn restore_if_marked(&self) {
        if self.is_marked() {
            if !self.script.reset() {
                fail("the lab holds what a test left behind; restart it with `cargo xtask lab reset`");
            }
            self.restored();
        }
    }

    fn wait(lab_dir: &Path, script: Script, lock: impl Fn(&File) -> Result<(), TryLockError>) -> Self {
        let path = lab_dir.with_extension("turn");
        let file = match File::create(&path) {
            Ok(file) => file,
            Err(error) => fail(&format!("{}: {error}", path.display())),
        };
        let start = Instant::now();
        while let Err(error) = lock(&file) {
            match error {
                TryLockError::WouldBlock if start.elapsed() < PATIENCE => thread::sleep(PAUSE),
                error => fail(&format!("{}: {error}", path.display())),
            }
        }
        Self {
            _lock: file,
            mark: lab_dir.with_extension("changed"),
            script,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::SAMBA;

    /// A lab directory that is nobody else's.
    fn empty_lab(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("adlib-lab-{name}-{}", std::process::id()))
    }

    #[test]
    fn readers_share_and_a_change_waits_for_them() {
        let dir = empty_lab("share");
        let (one, two) = (Turn::to_read(&dir, SAMBA), Turn::to_read(&dir, SAMBA));
        let file = File::open(dir.with_extension("turn")).unwrap();
        assert!(file.try_lock().is_err());
        drop((one, two));
        assert!(file.try_lock().is_ok());
        fs::remove_file(dir.with_extension("turn")).unwrap();
    }

    #[test]
    fn a_change_is_marked_until_it_is_restored() {
        let dir = empty_lab("mark");
        let turn = Turn::to_change(&dir, SAMBA);
        assert!(turn.is_marked());
        turn.restored();
        assert!(!turn.is_marked());
        drop(turn);
        drop(Turn::to_read(&dir, SAMBA));
        fs::remove_file(dir.with_extension("turn")).unwrap();
    }
}
