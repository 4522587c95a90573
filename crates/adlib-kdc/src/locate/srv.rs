//! The order of SRV records (RFC 2782, "Usage rules").

use super::endpoint::is_host_name;
use super::{Endpoint, MAX_ENDPOINTS, SrvRecord};

/// The best [`MAX_ENDPOINTS`] usable targets, in the order in which to try them, each once.
pub(super) fn endpoints(records: Vec<SrvRecord>, random: &mut dyn FnMut(u32) -> u32) -> Vec<Endpoint> {
    let usable = records.into_iter().filter_map(usable).collect();
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for record in Order::new(usable, random) {
        let known = endpoints
            .iter()
            .any(|endpoint| endpoint.host == record.target && endpoint.port == record.port);
        if !known {
            endpoints.push(Endpoint::new(record.target, record.port));
        }
        if endpoints.len() == MAX_ENDPOINTS {
            break;
        }
    }
    endpoints
}

/// The record with its target in one spelling, if that is a host: `.` says "not here".
fn usable(mut record: SrvRecord) -> Option<SrvRecord> {
    record.target.make_ascii_lowercase();
    if record.target.ends_with('.') {
        record.target.pop();
    }
    (record.port != 0 && is_host_name(&record.target)).then_some(record)
}

/// Records as they are drawn: by priority, then at random by weight.
struct Order<'a> {
    left: Vec<SrvRecord>,
    random: &'a mut dyn FnMut(u32) -> u32,
}

impl<'a> Order<'a> {
    fn new(mut left: Vec<SrvRecord>, random: &'a mut dyn FnMut(u32) -> u32) -> Self {
        // Weight 0 first: it is drawn only when the number drawn is 0.
        left.sort_by_key(|record| (record.priority, record.weight != 0));
        Self { left, random }
    }

    /// Where the next record is, among those of the lowest priority.
    fn draw(&mut self) -> Option<usize> {
        let priority = self.left.first()?.priority;
        let class = || self.left.iter().take_while(|record| record.priority == priority);
        let total = class().fold(0_u32, |sum, record| sum.saturating_add(record.weight.into()));
        let drawn = (self.random)(total).min(total);
        let mut sum = 0_u32;
        class().position(|record| {
            sum = sum.saturating_add(record.weight.into());
            sum >= drawn
        })
    }
}

impl Iterator for Order<'_> {
    type Item = SrvRecord;

    fn next(&mut self) -> Option<SrvRecord> {
        self.draw().map(|at| self.left.remove(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(priority: u16, weight: u16, target: &str) -> SrvRecord {
        SrvRecord {
            priority,
            weight,
            port: 88,
            target: target.to_owned(),
        }
    }

    fn order(records: &[SrvRecord], random: &mut dyn FnMut(u32) -> u32) -> Vec<String> {
        let endpoints = endpoints(records.to_vec(), random);
        endpoints.into_iter().map(|endpoint| endpoint.host).collect()
    }

    /// R4
    #[test]
    fn the_number_drawn_chooses_by_running_sum() {
        let records = [
            record(0, 60, "big"),
            record(0, 20, "middle"),
            record(0, 0, "idle"),
        ];
        assert_eq!(order(&records, &mut |_| 0), ["idle", "big", "middle"]);
        assert_eq!(order(&records, &mut |_| 60), ["big", "middle", "idle"]);
        assert_eq!(
            order(&records, &mut |total| total),
            ["middle", "big", "idle"],
            "the last number belongs to the last record"
        );
    }

    /// R4: three to one, within a generous margin.
    #[test]
    fn weights_are_shares() {
        let records = [record(0, 75, "a"), record(0, 25, "b")];
        let mut state = 1_u64;
        let mut random = |max: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            u32::try_from((state >> 33) % (u64::from(max) + 1)).unwrap()
        };
        let first = (0..10_000)
            .filter(|_| order(&records, &mut random)[0] == "a")
            .count();
        assert!((7_000..8_000).contains(&first), "{first}");
    }

    /// A54
    #[test]
    fn a54_duplicates_and_things_that_are_no_hosts_are_left_out() {
        let records = [
            record(0, 1, "DC1.corp.example.com."),
            record(0, 1, "dc1.corp.example.com"),
            record(0, 1, "dc1 .corp.example.com"),
            record(0, 1, "."),
            record(0, 1, ".."),
            SrvRecord {
                port: 0,
                ..record(0, 1, "dc2.corp.example.com")
            },
        ];
        assert_eq!(order(&records, &mut |_| 0), ["dc1.corp.example.com"]);
    }

    proptest! {
        /// R4, A54: whatever the weights and the numbers drawn, a lower priority never comes later.
        #[test]
        fn priority_rules(
            records in proptest::collection::vec((0_u16..4, any::<u16>()), 0..40),
            drawn in any::<u32>(),
        ) {
            let records: Vec<_> = records
                .iter()
                .enumerate()
                .map(|(n, (priority, weight))| record(*priority, *weight, &format!("h{n}p{priority}")))
                .collect();
            let hosts = order(&records, &mut |_| drawn);
            prop_assert_eq!(hosts.len(), records.len().min(MAX_ENDPOINTS));
            let priorities: Vec<_> = hosts.iter().map(|host| host.chars().last()).collect();
            prop_assert!(priorities.is_sorted());
        }
    }
}
