//! Where the scenario's request goes, as Envoy matches it.
//!
//! All requests of a scenario look alike, so the route is found once for each translation and not once a request.
//!
//! **Source**: Envoy source/common/router/config_impl.cc, v1.40: the most specific domain takes the request (exact, then `*.suffix`, then
//! `prefix.*`, then `*`), then the first route of it that matches.
//!
//! **Not modelled**: regular expressions; a route that needs one is an error, not a guess.

use mesh_failover_sorted::SortedMap;

use super::SimError;
use crate::lb::consistent_hash;
use crate::manifest::Traffic;
use crate::route::{
    HashPolicy, HeaderMatcher, Listener, PathMatch, Route, RouteAction, StringMatch, VirtualHost,
};

/// What Envoy sees of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    port: Option<u16>,
    host: Option<String>,
    path: String,
    /// Lower-case names, pseudo headers included.
    headers: SortedMap<String, String>,
}

impl Request {
    pub(super) fn new(traffic: &Traffic) -> Self {
        let header = |(name, value): (&String, &String)| (name.to_ascii_lowercase(), value.clone());
        let mut headers: SortedMap<String, String> =
            SortedMap::from_iter(traffic.headers.iter().map(header));
        let method = traffic.method.clone().unwrap_or_else(|| "GET".to_owned());
        headers.insert(":method".to_owned(), method);
        headers.insert(":scheme".to_owned(), "http".to_owned());
        let host = traffic.host.as_ref().map(|host| host.to_ascii_lowercase());
        headers.extend(host.clone().map(|host| (":authority".to_owned(), host)));
        let path = traffic.path.clone().unwrap_or_else(|| "/".to_owned());
        Self { port: traffic.port, host, path, headers }
    }

    /// The same request with another value of a header.
    pub(super) fn with_header(&self, name: &str, value: &str) -> Self {
        let mut request = self.clone();
        request.headers.insert(name.to_owned(), value.to_owned());
        request
    }

    /// All its headers, the path among them.
    pub(super) fn all_headers(&self) -> SortedMap<String, String> {
        let mut headers = self.headers.clone();
        headers.insert(":path".to_owned(), self.path.clone());
        headers
    }

    /// A header's value; `name` in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The action of the route that takes it; `None`: no route (404).
    pub(super) fn route<'a>(
        &self,
        listeners: &'a [Listener],
    ) -> Result<Option<&'a RouteAction>, SimError> {
        let listener = match self.port {
            Some(port) => listeners.iter().find(|listener| listener.port == port),
            None => listeners.first(),
        };
        let Some(virtual_host) = listener.and_then(|listener| self.virtual_host(listener)) else {
            return Ok(None);
        };
        for route in &virtual_host.routes {
            if self.fits(route)? {
                return Ok(Some(&route.action));
            }
        }
        Ok(None)
    }

    /// Without a host of its own the request takes the first virtual host.
    fn virtual_host<'a>(&self, listener: &'a Listener) -> Option<&'a VirtualHost> {
        let Some(host) = &self.host else { return listener.virtual_hosts.first() };
        let host = host.split(':').next().unwrap_or(host);
        let candidates = listener.virtual_hosts.iter().flat_map(|virtual_host| {
            virtual_host.domains.iter().map(move |domain| (virtual_host, domain))
        });
        candidates
            .filter_map(|(virtual_host, domain)| Some((specificity(domain, host)?, virtual_host)))
            .max_by_key(|(specificity, _)| *specificity)
            .map(|(_, virtual_host)| virtual_host)
    }

    fn fits(&self, route: &Route) -> Result<bool, SimError> {
        let matcher = &route.matcher;
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        if !path_fits(&matcher.path, matcher.ignore_case, path)? {
            return Ok(false);
        }
        for header in &matcher.headers {
            if !self.header_fits(header)? {
                return Ok(false);
            }
        }
        for parameter in &matcher.query_parameters {
            let value = query
                .split('&')
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .find(|(name, _)| *name == parameter.name)
                .map(|(_, value)| value);
            if !string_fits(&parameter.value, value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What consistent hashing goes by; `None`: every request has another hash. A scenario's requests look alike but come from clients of their own,
    /// each with its own address and without cookies.
    ///
    /// **Source**: Envoy source/common/http/hash_policy.cc `HashPolicyImpl::generateHash`, v1.40.
    pub(super) fn hash(&self, policies: &[HashPolicy]) -> Option<u64> {
        let query = self.path.split_once('?').map_or("", |(_, query)| query);
        let mut hash = None;
        for policy in policies {
            let value = match policy {
                HashPolicy::SourceIp => return None,
                HashPolicy::Header(name) => self.headers.get(&name.to_ascii_lowercase()).cloned(),
                HashPolicy::Cookie { name, .. } => {
                    let cookies = self.headers.get("cookie").map_or("", String::as_str);
                    let cookies = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
                    let value = cookies.into_iter().find(|(known, _)| known == name);
                    // Envoy makes a cookie for a client that has none.
                    Some(value.map(|(_, value)| value.to_owned())?)
                }
                HashPolicy::QueryParameter(name) => query
                    .split('&')
                    .filter_map(|pair| pair.split_once('='))
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| value.to_owned()),
            };
            // `HashPolicyImpl::generateHash` turns what it has before it adds another.
            if let Some(new) = value.map(|value| consistent_hash::hash(&value, 0)) {
                hash = Some(hash.map_or(new, |known: u64| known.rotate_left(1) ^ new));
            }
        }
        hash
    }

    fn header_fits(&self, matcher: &HeaderMatcher) -> Result<bool, SimError> {
        let value = self.headers.get(&matcher.name).map(String::as_str);
        Ok(string_fits(&matcher.value, value)? != matcher.invert)
    }
}

/// How well a domain fits; `None`: not at all.
fn specificity(domain: &str, host: &str) -> Option<(u8, usize)> {
    if domain == "*" {
        Some((0, 0))
    } else if let Some(suffix) = domain.strip_prefix('*') {
        (host.ends_with(suffix) && host.len() > suffix.len()).then_some((2, domain.len()))
    } else if let Some(prefix) = domain.strip_suffix('*') {
        (host.starts_with(prefix) && host.len() > prefix.len()).then_some((1, domain.len()))
    } else {
        (domain == host).then_some((3, 0))
    }
}

fn path_fits(matcher: &PathMatch, ignore_case: bool, path: &str) -> Result<bool, SimError> {
    let fold = |text: &str| if ignore_case { text.to_ascii_lowercase() } else { text.to_owned() };
    match matcher {
        PathMatch::Exact(exact) => Ok(fold(path) == fold(exact)),
        PathMatch::Prefix(prefix) => Ok(fold(path).starts_with(&fold(prefix))),
        PathMatch::PathSeparatedPrefix(prefix) => {
            let rest = fold(path).strip_prefix(&fold(prefix)).map(str::to_owned);
            Ok(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        }
        PathMatch::Regex(regex) => Err(SimError::Regex(regex.clone())),
    }
}

fn string_fits(matcher: &StringMatch, value: Option<&str>) -> Result<bool, SimError> {
    let Some(value) = value else { return Ok(false) };
    match matcher {
        StringMatch::Present => Ok(true),
        StringMatch::Exact(exact) => Ok(value == exact),
        StringMatch::Prefix(prefix) => Ok(value.starts_with(prefix)),
        StringMatch::Regex(regex) => Err(SimError::Regex(regex.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direct(status: u16, domains: &[&str], path: PathMatch) -> VirtualHost {
        let action = RouteAction::DirectResponse { status, body: None };
        let matcher = crate::route::RouteMatch { path, ..Default::default() };
        VirtualHost {
            name: String::new(),
            domains: domains.iter().map(|&domain| domain.to_owned()).collect(),
            require_tls: false,
            routes: vec![Route { name: String::new(), matcher, action, place: None }],
        }
    }

    fn check(host: Option<&str>, path: &str, expect: Option<u16>) {
        let any = PathMatch::default;
        let listener = Listener {
            port: 80,
            bind: None,
            route_name: "http.80".to_owned(),
            tls: None,
            virtual_hosts: vec![
                direct(1, &["*"], any()),
                direct(2, &["*.example.com"], any()),
                direct(3, &["shop.example.com"], PathMatch::Prefix("/cart".to_owned())),
            ],
        };
        let traffic = Traffic {
            host: host.map(str::to_owned),
            path: Some(path.to_owned()),
            ..Traffic::default()
        };
        let listeners = [listener];
        let status = match Request::new(&traffic).route(&listeners).unwrap() {
            Some(RouteAction::DirectResponse { status, .. }) => Some(*status),
            _ => None,
        };
        assert_eq!(status, expect, "{host:?} {path}");
    }

    #[test]
    fn the_most_specific_domain_takes_the_request() {
        check(None, "/", Some(1));
        check(Some("other.org"), "/", Some(1));
        check(Some("a.example.com"), "/", Some(2));
        check(Some("SHOP.example.com:80"), "/cart/1?x=y", Some(3));
        check(Some("shop.example.com"), "/", None);
    }
}
