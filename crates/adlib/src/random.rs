//! Random numbers: some spread load and protect nothing, some must not be guessed.

#[cfg(any(feature = "directory", feature = "sync"))]
use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

#[cfg(any(feature = "directory", feature = "sync"))]
/// A number from 0 to `limit`, both included.
pub(crate) fn up_to(limit: u32) -> u32 {
    let number = RandomState::new().build_hasher().finish();
    let scaled = (u128::from(number) * (u128::from(limit) + 1)) >> 64;
    u32::try_from(scaled).unwrap_or(limit)
}

/// Bytes that nobody can guess, from the operating system.
///
/// # Errors
/// `Configuration` when the system has none.
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
pub(crate) fn secret<const N: usize>() -> Result<[u8; N], crate::Error> {
    let mut bytes = [0; N];
    let filled = getrandom::fill(&mut bytes);
    filled
        .map_err(|error| crate::Error::Configuration(format!("the system has no random numbers: {error}")))?;
    Ok(bytes)
}

/// Bytes that nobody can guess, as many as are wanted. The first ones, of which keys are made, are drawn beforehand,
/// where a failure can be told; later ones only hide that messages are alike.
///
/// # Errors
/// `Configuration` when the system has none.
#[cfg(feature = "kerberos")]
pub(crate) fn stream() -> Result<impl FnMut(&mut [u8]) + Send + 'static, crate::Error> {
    let mut drawn = secret::<256>()?.into_iter();
    Ok(move |bytes: &mut [u8]| {
        if drawn.len() >= bytes.len() {
            bytes.iter_mut().zip(&mut drawn).for_each(|(to, from)| *to = from);
        } else if let Err(error) = getrandom::fill(bytes) {
            tracing::error!(%error, "the system has no random numbers any more");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(feature = "directory", feature = "sync"))]
    #[test]
    fn stays_within_the_limit_and_moves() {
        for limit in [0, 1, 7, u32::MAX] {
            assert!((0..100).all(|_| up_to(limit) <= limit));
        }
        assert!((0..100).any(|_| up_to(1) == 0) && (0..100).any(|_| up_to(1) == 1));
    }

    #[cfg(feature = "kerberos")]
    #[test]
    fn a_stream_repeats_nothing() {
        let mut stream = stream().unwrap();
        let drawn: std::collections::BTreeSet<[u8; 16]> = (0..40)
            .map(|_| {
                let mut bytes = [0; 16];
                stream(&mut bytes);
                bytes
            })
            .collect();
        assert_eq!(drawn.len(), 40);
    }
}
