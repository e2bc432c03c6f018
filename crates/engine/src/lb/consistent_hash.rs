//! Consistent hashing: the same request goes to the same host for as long as the hosts stay.
//!
//! Unlike the other policies this one looks at all of a priority's hosts at once, and knows localities only as weights: a host's share is its own
//! weight times its locality's. A locality keeps all of its share while a single host of it is usable, and what a locality without a usable host
//! leaves is shared by all others. Nothing spills by the factor of 1.4.
//!
//! **Source**: Envoy source/extensions/load_balancing_policies/common/thread_aware_lb_impl.cc `normalizeWeights`,
//! ring_hash/ring_hash_lb.cc `RingHashLoadBalancer::Ring`, maglev/maglev_lb.cc `MaglevTable`, v1.40.
//!
//! **DIFFERENCE**: the addresses of a simulation are made up, so a salt may go into their hashes: another arrangement, as another set of addresses would
//! give in Envoy. With a salt of 0 the arrangement is Envoy's.
//!
//! **Not modelled**: `hash_balance_factor`, `use_hostname_for_hashing`, hash keys in metadata, degraded hosts (Envoy's tables do not know
//! them either).

use mesh_failover_sorted::SortedMap;
use twox_hash::XxHash64;

use super::host_set::HostSet;

/// Envoy's `maximum_ring_size`.
const MAX_RING_SIZE: f64 = 8_388_608.0;
/// 2⁶⁴.
const ALL_HASHES: f64 = 18_446_744_073_709_551_616.0;
/// Envoy's `minimum_ring_size` and Maglev's `table_size`, where they are not set.
pub const DEFAULT_RING_SIZE: u64 = 1_024;
/// See [`DEFAULT_RING_SIZE`].
pub const DEFAULT_TABLE_SIZE: u64 = 65_537;

/// Where a hash leads, as positions in [`HostSet::hosts`].
#[derive(Debug, Clone, Default, PartialEq)]
pub enum HashTable {
    /// No host.
    #[default]
    Empty,
    /// Ascending by hash.
    Ring(Vec<(u64, u32)>),
    /// Maglev's table.
    Maglev(Vec<u32>),
}

/// A host's part in a table.
#[derive(Debug, Clone, PartialEq)]
pub struct HashedHost {
    /// Its position in [`HostSet::hosts`].
    pub position: u32,
    /// What places it: its address.
    pub key: String,
    /// Its share; all together are 1.
    pub weight: f64,
}

/// xxHash64, as Envoy hashes addresses and the values of headers. **Source**: Envoy source/common/common/hash.h `HashUtil::xxHash64`.
#[must_use]
pub fn hash(text: &str, seed: u64) -> u64 {
    XxHash64::oneshot(seed, text.as_bytes())
}

impl HashTable {
    /// A ring of at least `minimum_size` places.
    #[must_use]
    pub fn ring(hosts: &[HashedHost], minimum_size: u64, salt: u64) -> Self {
        let least = hosts.iter().map(|host| host.weight).fold(f64::INFINITY, f64::min);
        if !least.is_finite() || least <= 0.0 {
            return Self::Empty;
        }
        let scale = ((least * minimum_size as f64).ceil() / least).min(MAX_RING_SIZE);
        let mut ring = Vec::new();
        let (mut current, mut target) = (0.0, 0.0);
        for host in hosts {
            target += scale * host.weight;
            let mut replica = 0_u64;
            while current < target {
                ring.push((hash(&format!("{}_{replica}", host.key), salt), host.position));
                replica += 1;
                current += 1.0;
            }
        }
        ring.sort_unstable();
        Self::Ring(ring)
    }

    /// Maglev's table of `size` places, a prime.
    #[must_use]
    pub fn maglev(mut hosts: Vec<HashedHost>, size: u64, salt: u64) -> Self {
        let most = hosts.iter().map(|host| host.weight).fold(0.0, f64::max);
        if most <= 0.0 || size < 2 {
            return Self::Empty;
        }
        // The table is filled in this order, so it must not depend on who came first.
        hosts.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let mut entries: Vec<(u32, u64, u64, f64, f64)> = hosts
            .iter()
            .map(|HashedHost { position, key, weight }| {
                let (offset, skip) = (hash(key, salt), hash(key, salt.wrapping_add(1)));
                (*position, offset % size, skip % (size - 1) + 1, *weight, 0.0)
            })
            .collect();
        let mut table = vec![u32::MAX; size as usize];
        let mut filled = 0;
        let mut turn = 0.0;
        while filled < size {
            turn += 1.0;
            for (position, place, skip, weight, target) in &mut entries {
                if filled == size || turn * *weight < *target {
                    continue;
                }
                *target += most;
                // Each host walks through its own permutation of all places.
                while table.get(*place as usize).is_some_and(|taken| *taken != u32::MAX) {
                    *place = (*place + *skip) % size;
                }
                if let Some(free) = table.get_mut(*place as usize) {
                    *free = *position;
                }
                filled += 1;
            }
        }
        Self::Maglev(table)
    }

    /// How many places it has.
    #[must_use]
    pub const fn places(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Ring(ring) => ring.len(),
            Self::Maglev(table) => table.len(),
        }
    }

    /// The part of all hashes that leads to each position that has one, in percent: of a ring the arcs that end at its places, of Maglev's table
    /// its places.
    #[must_use]
    pub fn shares(&self) -> SortedMap<u32, f64> {
        let mut shares = SortedMap::new();
        let mut add = |position: u32, part: f64| *shares.entry(position).or_insert(0.0) += part;
        match self {
            Self::Empty => {}
            Self::Ring(ring) => {
                let last = ring.last().map_or(0, |(at, _)| *at);
                let before = std::iter::once(last).chain(ring.iter().map(|(at, _)| *at));
                for ((at, position), before) in ring.iter().zip(before) {
                    // The first arc goes around; a ring of one place is all of it.
                    let arc = match at.wrapping_sub(before) {
                        0 if ring.len() == 1 => ALL_HASHES,
                        arc => arc as f64,
                    };
                    add(*position, 100.0 * arc / ALL_HASHES);
                }
            }
            Self::Maglev(table) => {
                let place = 100.0 / table.len() as f64;
                let mut counts = SortedMap::new();
                table.iter().for_each(|position| *counts.entry(*position).or_insert(0_u32) += 1);
                counts.into_iter().for_each(|(it, count)| add(it, f64::from(count) * place));
            }
        }
        shares
    }

    /// The host of a hash; `attempt` counts from 0 and leads elsewhere.
    #[must_use]
    pub fn pick(&self, hash: u64, attempt: u32) -> Option<u32> {
        match self {
            Self::Empty => None,
            Self::Ring(ring) => {
                let place = ring.partition_point(|(at, _)| *at < hash) + attempt as usize;
                ring.get(place % ring.len().max(1)).map(|(_, position)| *position)
            }
            Self::Maglev(table) => {
                let hash = hash ^ if attempt == 0 { 0 } else { (!0 - u64::from(attempt)) + 1 };
                table.get((hash % table.len().max(1) as u64) as usize).copied()
            }
        }
    }
}

/// The share of each host, with the key that places it: `normalizeWeights`.
#[must_use]
pub fn normalized_weights(
    hosts: &HostSet,
    panic: bool,
    locality_weighted: bool,
) -> Vec<HashedHost> {
    let mut weights = Vec::new();
    let mut add = |positions: &[u32], share: f64| {
        let weight = |position: &u32| hosts.host(*position).map_or(0.0, |it| f64::from(it.weight));
        let sum: f64 = positions.iter().map(weight).sum();
        for position in positions {
            let key = hosts.host(*position).map_or_else(String::new, |it| it.address.to_string());
            weights.push(HashedHost {
                position: *position,
                key,
                weight: share * weight(position) / sum,
            });
        }
    };
    let localities = hosts.localities();
    let total: u64 = localities.iter().map(|group| u64::from(group.weight)).sum();
    if locality_weighted && total > 0 {
        for group in localities.iter().filter(|group| group.weight > 0) {
            let positions = if panic { &group.all } else { &group.healthy };
            add(positions, f64::from(group.weight) / total as f64);
        }
    } else {
        add(if panic { hosts.all_hosts() } else { hosts.healthy_hosts() }, 1.0);
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn mix(n: u64) -> u64 {
        let z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn hosts(weights: impl IntoIterator<Item = f64>) -> Vec<HashedHost> {
        let host = |(position, weight)| HashedHost {
            position,
            key: format!("10.0.0.{position}:80"),
            weight,
        };
        (0..).zip(weights).map(host).collect()
    }

    fn shares(table: &HashTable, hosts: u32) -> Vec<f64> {
        let mut counts = vec![0.0; hosts as usize];
        for n in 0..100_000_u64 {
            counts[table.pick(mix(n), 0).unwrap() as usize] += 0.001;
        }
        counts
    }

    #[test]
    fn hosts_get_their_weight_of_all_hashes() {
        let weights = [0.5, 0.25, 0.25];
        for (table, within) in [
            (HashTable::ring(&hosts(weights), 4_096, 0), 5.0),
            (HashTable::maglev(hosts(weights), 65_537, 0), 0.6),
        ] {
            for (share, weight) in shares(&table, 3).into_iter().zip(weights) {
                assert!((share - 100.0 * weight).abs() < within, "{share} of {weight}");
            }
        }
    }

    #[test]
    fn shares_are_what_picks_come_to() {
        let hosts = hosts([0.5, 0.25, 0.25]);
        for table in [HashTable::ring(&hosts, 100, 0), HashTable::maglev(hosts.clone(), 101, 0)] {
            let exact = table.shares();
            assert!((exact.values().sum::<f64>() - 100.0).abs() < 1e-9);
            for (position, drawn) in (0..).zip(shares(&table, 3)) {
                assert!((exact[&position] - drawn).abs() < 0.5, "{exact:?} {position} {drawn}");
            }
        }
        assert_eq!(HashTable::Ring(vec![(7, 3)]).shares(), SortedMap::from([(3, 100.0)]));
        assert!(HashTable::Empty.shares().is_empty());
    }

    #[test]
    fn most_hashes_stay_when_a_host_goes() {
        let hosts = hosts([0.1; 10]);
        let less = &hosts[1..];
        let maglev = |hosts: &[HashedHost]| HashTable::maglev(hosts.to_vec(), 65_537, 0);
        for (before, after, moved_at_most) in [
            (HashTable::ring(&hosts, 1_024, 0), HashTable::ring(less, 1_024, 0), 0),
            (maglev(&hosts), maglev(less), 2_500),
        ] {
            let moved = (0..10_000_u64)
                .filter(|n| before.pick(mix(*n), 0) != Some(0))
                .filter(|n| before.pick(mix(*n), 0) != after.pick(mix(*n), 0))
                .count();
            assert!(moved <= moved_at_most, "{moved}");
        }
    }

    /// **Source**: Envoy test/extensions/load_balancing_policies/ring_hash/ring_hash_lb_test.cc `Basic`; test/common/common/hash_test.cc.
    #[test]
    fn places_are_those_of_envoy() {
        assert_eq!(hash("foo", 0), 3_728_699_739_546_630_719);
        let host = |position| HashedHost {
            position,
            key: format!("127.0.0.1:{}", 90 + position),
            weight: 1.0 / 6.0,
        };
        let hosts: Vec<HashedHost> = (0..6).map(host).collect();
        let HashTable::Ring(ring) = HashTable::ring(&hosts, 12, 0) else { panic!("no ring") };
        assert_eq!(
            ring,
            [
                (833_437_586_790_550_860, 4),
                (928_266_305_478_181_108, 2),
                (1_033_482_794_131_418_490, 0),
                (3_551_244_743_356_806_947, 5),
                (3_851_675_632_748_031_481, 3),
                (5_583_722_120_771_150_861, 1),
                (6_311_230_543_546_372_928, 1),
                (7_700_377_290_971_790_572, 3),
                (13_144_177_310_400_110_813, 5),
                (13_444_792_449_719_432_967, 2),
                (15_516_499_411_664_133_160, 4),
                (16_117_243_373_044_804_889, 0),
            ]
        );
    }

    #[test]
    fn without_a_host_nothing_is_picked() {
        assert_eq!(HashTable::ring(&[], 1_024, 0).pick(7, 0), None);
        assert_eq!(HashTable::maglev(Vec::new(), 65_537, 0).pick(7, 0), None);
    }
}
