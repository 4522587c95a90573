//! What the policy says of a claim's time, connection and target, judged beforehand and told afterwards.

use adlib_core::{BindingsState, FileTime, OfferedBindings};

use super::claim::Claim;
use crate::{
    AcceptedTargets, Evidence, MicMode, MicState, Policy, Rejection, ResponseVersion,
    message::{AvFlags, AvId, AvPairs},
};

/// What a claim is accepted on once it is proven. Nothing of it is shown before.
pub(super) struct Terms {
    /// Whether there must be a MIC.
    pub(super) mic: MicMode,
    /// Whether a validation as a guest is accepted.
    pub(super) accept_guest: bool,
    /// A pair of ours that came back as another: changed on the way, unless a MIC says that it was not.
    pub(super) changed: Option<AvId>,
    pub(super) evidence: Result<Evidence, Rejection>,
}

impl Terms {
    /// Judge `claim`, the answer to a challenge that said `sent`.
    pub(super) fn judge(
        claim: &Claim<'_>,
        sent: Option<AvPairs<'_>>,
        policy: &Policy,
        now: FileTime,
        own_bindings: Option<[u8; 16]>,
    ) -> Self {
        Self {
            mic: policy.mic,
            accept_guest: policy.danger_accept_guest,
            changed: changed(sent, claim.av_pairs()),
            evidence: evidence(claim, policy, now, own_bindings),
        }
    }
}

/// The first pair of `sent` that came back with another value.
///
/// The time stamp must come back: a client that was not shown it makes no MIC (MS-NLMP 3.1.5.1.2), so that whoever
/// takes it out of the challenge could change the rest as well.
fn changed(sent: Option<AvPairs<'_>>, back: Option<AvPairs<'_>>) -> Option<AvId> {
    let (sent, back) = (sent?, back?);
    let differs = |id, value| match back.value(id) {
        Some(back) => back != value,
        None => id == AvId::TIMESTAMP,
    };
    sent.iter()
        .find(|pair| pair.id != AvId::FLAGS && differs(pair.id, pair.value))
        .map(|pair| pair.id)
}

fn evidence(
    claim: &Claim<'_>,
    policy: &Policy,
    now: FileTime,
    own_bindings: Option<[u8; 16]>,
) -> Result<Evidence, Rejection> {
    let pairs = claim.av_pairs();
    let flags = pairs.map_or(Ok(None), |pairs| pairs.flags())?;
    let offered = pairs.map_or(Ok(None), |pairs| pairs.channel_bindings())?;
    let target_name = pairs.map_or(Ok(None), |pairs| pairs.target_name())?;
    let mut evidence = Evidence {
        response: ResponseVersion::NtlmV2,
        mic: MicState::Absent,
        bindings: BindingsState::NotChecked,
        target_name: target_name.filter(|name| !name.is_empty()),
        untrusted_target: flags.unwrap_or_default().contains(AvFlags::UNTRUSTED_TARGET),
        clock_difference_s: clock_difference(claim, policy, now)?,
        guest: claim.is_guest(),
    };
    if evidence.guest && !policy.danger_accept_guest {
        return Err(Rejection::Guest);
    }
    // A client that knows of bindings, and says that this connection has none.
    let promised = offered == Some([0; 16]);
    let offered = OfferedBindings {
        hash: offered,
        promised,
    };
    evidence.bindings = offered.compare(policy.bindings, own_bindings)?;
    check_target(&evidence, policy)?;
    Ok(evidence)
}

/// The response's time less ours, if the policy asks and the response has one.
fn clock_difference(claim: &Claim<'_>, policy: &Policy, now: FileTime) -> Result<Option<i64>, Rejection> {
    let (Some(tolerance), Some(response)) = (policy.clock_tolerance, claim.response) else {
        return Ok(None);
    };
    let time = response.time.to_unix().ok_or(Rejection::TimeMissing)?;
    // A clock that shows no time is no measure.
    let now = now.to_unix().ok_or(Rejection::TimeMissing)?;
    let difference_s = time.seconds_after(now);
    if time.abs_diff(now) > tolerance {
        return Err(Rejection::ClockSkew {
            difference_s,
            tolerance,
        });
    }
    Ok(Some(difference_s))
}

/// That the client means one of the services of the policy.
fn check_target(evidence: &Evidence, policy: &Policy) -> Result<(), Rejection> {
    let AcceptedTargets::Only(names) = &policy.targets else {
        return Ok(());
    };
    let target = evidence.target_name.as_ref().ok_or(Rejection::TargetMissing)?;
    let known = names.iter().any(|name| name.eq_ignore_ascii_case(target));
    if !known {
        let target = target.clone();
        return Err(Rejection::TargetMismatch { target });
    }
    if evidence.untrusted_target && !policy.danger_accept_untrusted_targets {
        let target = target.clone();
        return Err(Rejection::UntrustedTarget { target });
    }
    Ok(())
}
