//! The names of groups, which change so seldom that not every sign-in has to ask for them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use adlib_core::Sid;
use tokio::time::Instant;

/// For how long a name is taken for granted. A profile goes by it (R12), so a renamed group counts as before until then.
const LIFETIME: Duration = Duration::from_secs(300);
/// How many are remembered: SIDs come from controllers, of any domain.
const LIMIT: usize = 20_000;

/// `domain\name` by SID, or that no configured domain knows it.
#[derive(Debug, Default)]
pub(crate) struct GroupNames(Mutex<HashMap<Sid, Known>>);

#[derive(Debug)]
struct Known {
    name: Option<String>,
    until: Instant,
}

impl GroupNames {
    /// The names among `sids` that are known, and the SIDs that have to be asked for.
    pub(super) fn split(&self, sids: &[Sid]) -> (BTreeMap<Sid, String>, Vec<Sid>) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (mut names, mut unknown) = (BTreeMap::new(), Vec::new());
        for sid in sids {
            match known.get(sid).filter(|known| known.until > now) {
                Some(known) => names.extend(known.name.clone().map(|name| (*sid, name))),
                None => unknown.push(*sid),
            }
        }
        (names, unknown)
    }

    /// Remember what came of asking for `asked`.
    pub(super) fn remember(&self, asked: &[Sid], names: &BTreeMap<Sid, String>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if known.len() + asked.len() > LIMIT {
            known.retain(|_, known| known.until > now);
        }
        if known.len() + asked.len() > LIMIT {
            known.clear();
        }
        let until = now + LIFETIME;
        let answer = |sid: &Sid| {
            let name = names.get(sid).cloned();
            (*sid, Known { name, until })
        };
        known.extend(asked.iter().take(LIMIT).map(answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sid(rid: u32) -> Sid {
        format!("S-1-5-21-1-2-3-{rid}").parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn names_are_asked_for_once_in_a_while() {
        let groups = GroupNames::default();
        let (one, two) = (sid(1), sid(2));
        assert_eq!(groups.split(&[one, two]), (BTreeMap::new(), vec![one, two]));
        let names = BTreeMap::from([(one, "corp\\one".to_owned())]);
        groups.remember(&[one, two], &names);
        assert_eq!(
            groups.split(&[one, two]),
            (names, vec![]),
            "also that there is none"
        );
        tokio::time::advance(LIFETIME).await;
        assert_eq!(groups.split(&[one, two]).1, [one, two]);
    }

    /// A20: whoever makes tickets must not make memory grow.
    #[tokio::test(start_paused = true)]
    async fn a20_what_is_remembered_is_bounded() {
        let groups = GroupNames::default();
        for start in 0..5 {
            let some: Vec<Sid> = (0..15_000).map(|rid| sid(start * 15_000 + rid)).collect();
            groups.remember(&some, &BTreeMap::new());
        }
        assert!(groups.0.lock().unwrap().len() <= LIMIT);
    }
}
