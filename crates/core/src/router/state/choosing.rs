//! From a request to a region.

use super::super::affinity::{CookieValue, UserKey, draw};
use super::super::config::{AffinitySource, AllRegionsOut};
use super::super::destination::Destination;
use super::super::metrics::Metric;
use super::super::outcome::Action;
use super::super::record::RegionState;
use super::super::rendezvous;
use super::super::rescue::{Refusal, Replay, RequestHead, Rescue};
use super::super::window::Counts;
use super::{Choice, Router};
use crate::time::MonotonicTime;

/// A destination that a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DestinationId(u32);

/// What must be read of a request before its region is chosen. Nothing, unless configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wants<'a> {
    /// The header that says where the client is.
    pub client_region: Option<&'a str>,
    /// What tells users apart.
    pub user: Option<UserKey<'a>>,
    /// The header that says that a gateway has routed the request already. It must be set on every request that is routed.
    pub hops: Option<&'a str>,
}

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The value of [`Wants::client_region`].
    pub client_region: Option<&'a [u8]>,
    /// The value of [`Wants::user`].
    pub user: Option<&'a [u8]>,
    /// Whether there is a value of [`Wants::hops`].
    pub hopped: bool,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// It is left alone: Istio decides.
    Native,
    /// It goes to a region.
    Region(Route<'a>),
    /// It is answered with 503, for this reason.
    Fail(&'static str),
}

/// A region for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    /// The region.
    pub choice: Choice,
    /// Its name.
    pub region: &'a str,
    /// For a new user: see [`Router::set_cookie`].
    pub cookie: Option<CookieValue>,
}

/// Neither is retried by Envoy nor rescued: there is nobody else.
const ALL_OUT: &str = "no region is usable";
const LOOP: &str = "a gateway sent it here, and this region has no usable host";

impl Router {
    /// The region for a request that Envoy would send to this cluster, if nothing else is known of it; `None`: leave it alone.
    ///
    /// Every cluster of the destination is meant, those of its regions included: a client that has steered itself into one gets a
    /// region by policy like everybody else. Does not allocate once the cluster is known.
    pub fn choose(&mut self, cluster: &[u8]) -> Option<(Choice, &str)> {
        let id = self.find(cluster)?;
        match self.decide(id, &Facts::default()) {
            Decision::Region(route) => Some((route.choice, route.region)),
            Decision::Native | Decision::Fail(_) => None,
        }
    }

    /// The destination that this cluster belongs to; `None`: leave the request alone.
    pub fn find(&mut self, cluster: &[u8]) -> Option<DestinationId> {
        let place = self.by_cluster.partition_point(|(name, _)| **name < *cluster);
        let index = match self.by_cluster.get(place) {
            Some((name, index)) if **name == *cluster => *index,
            _ => self.learn(cluster, place)?,
        };
        Some(DestinationId(index))
    }

    /// A region of a destination by its name.
    #[must_use]
    pub fn choice_named(&self, id: DestinationId, region: &str) -> Option<Choice> {
        self.regions().find(|it| it.destination == id.0 && self.region(*it) == Some(region))
    }

    /// What must be read of a request to this destination.
    #[must_use]
    pub fn wants(&self, id: DestinationId) -> Wants<'_> {
        let policy = self.destinations.get(id.0 as usize).map(|known| &known.policy);
        let affinity = policy.and_then(|policy| policy.affinity.as_ref());
        Wants {
            client_region: self.config.client_region.as_ref().map(|it| it.header.as_str()),
            user: affinity.map(AffinitySource::wanted),
            hops: self.config.hops_header.as_deref(),
        }
    }

    /// What becomes of a request to this destination. Does not allocate.
    pub fn decide(&mut self, id: DestinationId, facts: &Facts<'_>) -> Decision<'_> {
        let Self { destinations, config, random, .. } = self;
        let Some(destination) = destinations.get_mut(id.0 as usize) else {
            return Decision::Native;
        };
        let from = config.client_region.as_ref().zip(facts.client_region);
        let from = from.and_then(|(client, value)| client.region(std::str::from_utf8(value).ok()?));
        let plan = destination.plan_from(from).filter(|_| !destination.broken);
        let Some(plan) = plan else {
            destination.tally.count(Metric::Native);
            return Decision::Native;
        };
        if let Some(budget) = &mut destination.budget {
            budget.count(Counts { requests: 1, ..Counts::default() });
        }
        let picked = if facts.hopped {
            stay(destination)
        } else {
            pick(destination, plan, facts.user, random)
        };
        let (region, cookie) = match picked {
            Ok(Some(picked)) => picked,
            Ok(None) => {
                destination.tally.count(Metric::Native);
                return Decision::Native;
            }
            Err(reason) => {
                destination.tally.count(Metric::Failed);
                return Decision::Fail(reason);
            }
        };
        let choice = Choice { destination: id.0, region, plan };
        match destination.region_mut(region) {
            Some(known) => {
                known.tally.count(Metric::Requests);
                Decision::Region(Route { choice, region: &known.name, cookie })
            }
            None => Decision::Native,
        }
    }

    /// The `set-cookie` for a new user.
    #[must_use]
    pub fn set_cookie(&self, choice: Choice, value: &CookieValue) -> Option<String> {
        self.destination(choice)?.policy.affinity.as_ref()?.set_cookie(value)
    }

    /// Whether [`Router::admit`] must be asked about a request.
    #[must_use]
    pub fn may_rescue(&self, choice: Choice) -> bool {
        self.destination(choice).is_some_and(|known| known.policy.rescue.is_some())
    }

    /// Whether and how a request may be tried again.
    #[must_use]
    pub fn admit(&self, choice: Choice, head: &RequestHead<'_>) -> Rescue {
        let policy = self.destination(choice).and_then(|known| known.policy.rescue.as_ref());
        policy.map_or_else(Rescue::default, |policy| {
            Rescue::admit(&policy.methods, policy.max_body_bytes, head)
        })
    }

    /// A second try for a request that failed at `choice`. `unreached`: Envoy gave it to no upstream.
    ///
    /// # Errors
    /// Why there is none.
    pub fn rescue(
        &mut self,
        choice: Choice,
        rescue: &mut Rescue,
        unreached: bool,
        now: MonotonicTime,
    ) -> Result<Replay, Refusal> {
        let found = self.second_try(choice, rescue, unreached, now);
        match &found {
            Ok(replay) => {
                self.count(choice, Metric::RescueTried);
                self.count(replay.choice, Metric::Requests);
            }
            Err(Refusal::NotConfigured) => {}
            Err(Refusal::NotRepeatable) => self.count(choice, Metric::RescueNotRepeatable),
            Err(Refusal::OverBudget) => self.count(choice, Metric::RescueOverBudget),
            Err(Refusal::NoRegion) => self.count(choice, Metric::RescueNoRegion),
        }
        found
    }

    fn second_try(
        &mut self,
        choice: Choice,
        rescue: &mut Rescue,
        unreached: bool,
        now: MonotonicTime,
    ) -> Result<Replay, Refusal> {
        let destination = self.destination_mut(choice).ok_or(Refusal::NoRegion)?;
        let (Some(policy), Some(budget)) = (&destination.policy.rescue, &mut destination.budget)
        else {
            return Err(Refusal::NotConfigured);
        };
        if !rescue.may_repeat(unreached) {
            return Err(Refusal::NotRepeatable);
        }
        budget.advance(now);
        let lately = budget.sum();
        let allowed = u64::from(lately.requests) * u64::from(policy.percent) / 100;
        if u64::from(lately.errors) >= allowed.max(u64::from(policy.floor)) {
            return Err(Refusal::OverBudget);
        }
        let (timeout, max_response_bytes) = (policy.timeout, policy.max_response_bytes);
        let region =
            destination.second(choice.plan, choice.region, now).ok_or(Refusal::NoRegion)?;
        rescue.spend();
        if let Some(budget) = &mut destination.budget {
            budget.count(Counts { errors: 1, ..Counts::default() });
        }
        Ok(Replay { choice: Choice { region, ..choice }, timeout, max_response_bytes })
    }

    /// Looks a cluster up that has not been seen before. Clusters without a policy are not remembered: there may be many.
    fn learn(&mut self, cluster: &[u8], place: usize) -> Option<u32> {
        let mut parts = std::str::from_utf8(cluster).ok()?.split('|');
        let (direction, port) = (parts.next()?, parts.next()?.parse::<u16>().ok()?);
        let (subset, host) = (parts.next()?, parts.next()?);
        if direction != "outbound" || parts.next().is_some() {
            return None;
        }
        let host = self.config.owner(host, port, subset)?.host.clone();
        let index = self.ensure_destination(&host, port, self.shared.written_at)?;
        // Nobody may have looked at it yet: then a missing subset is better found now than by the request.
        let known = self.destinations.get(index as usize)?;
        for (region, _) in known.regions().filter(|(_, region)| region.record.is_unverified()) {
            let choice = Choice { destination: index, region, plan: 0 };
            self.actions.push_back(Action::CheckUsable(choice));
        }
        self.by_cluster.insert(place, (cluster.into(), index));
        Some(index)
    }
}

type Picked = Result<Option<(u32, Option<CookieValue>)>, &'static str>;

/// A region by policy.
fn pick(destination: &mut Destination, plan: u32, user: Option<&[u8]>, random: &mut u64) -> Picked {
    let Some(known) = destination.plan(plan) else { return Ok(None) };
    if destination.is_native(known) {
        return Ok(None);
    }
    if known.all_out && destination.policy.all_regions_out == AllRegionsOut::Fail {
        return Err(ALL_OUT);
    }
    let Some(affinity) = &destination.policy.affinity else {
        let plan = destination.plan_mut(plan);
        return Ok(plan.and_then(|plan| plan.wheel.turn()).map(|region| (region, None)));
    };
    let names = destination.regions.iter().map(|region| region.hash);
    if let Some(key) = user.and_then(|value| affinity.key(value)) {
        return Ok(rendezvous::winner(key, names.zip(known.kept())).map(|region| (region, None)));
    }
    if affinity.is_cookie() {
        let weights = known.kept().zip(known.wheel.weights());
        let regions = names.zip(weights).map(|(name, (kept, new))| (name, kept, new));
        let drawn = draw(|| Router::next_random(random), regions);
        return Ok(drawn.map(|(value, region)| (region, Some(value))));
    }
    let plan = destination.plan_mut(plan);
    Ok(plan.and_then(|plan| plan.wheel.turn()).map(|region| (region, None)))
}

/// This gateway's own region: another gateway has chosen it, and routing it again could go round for ever.
fn stay(destination: &Destination) -> Picked {
    let Some(index) = destination.policy.own_region else { return Ok(None) };
    match destination.region(index).map(|region| region.record.state) {
        Some(RegionState::NoUsableHost | RegionState::NoCluster) | None => Err(LOOP),
        Some(_) => Ok(Some((index, None))),
    }
}
