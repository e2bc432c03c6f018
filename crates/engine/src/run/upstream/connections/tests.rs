//! Pools of a worker or two with few connections.

use super::*;

const HOST: HostId = HostId(0);

fn connections(most: u32, pending: u32, http: HttpProtocolOptions) -> Connections {
    let circuit_breakers = CircuitBreakers {
        max_connections: most,
        max_pending_requests: pending,
        ..CircuitBreakers::UNLIMITED
    };
    let mut connections = Connections::of(&circuit_breakers, &http, 2);
    connections.add_host();
    connections.add_host();
    connections
}

fn http1(most: u32, pending: u32) -> Connections {
    connections(most, pending, HttpProtocolOptions::default())
}

fn http2(most: u32, pending: u32, streams: u32) -> Connections {
    let max_concurrent_streams = Some(streams);
    let http = HttpProtocolOptions { http2: true, max_concurrent_streams, ..Default::default() };
    connections(most, pending, http)
}

#[test]
fn who_finds_no_connection_waits_for_one_of_its_pool() {
    let mut connections = http1(2, 1);
    assert_eq!(connections.take(0, HOST, true), Connection::New);
    assert_eq!(connections.take(0, HOST, true), Connection::New);
    assert_eq!(connections.take(0, HOST, true), Connection::Awaited);
    connections.wait(0, HOST, 7);
    assert_eq!(connections.take(0, HOST, true), Connection::Overflow);
    assert_eq!(connections.next_service(0, HOST), None);
    connections.give_back(0, HOST, Afterwards::Usable);
    assert_eq!(connections.next_service(0, HOST), Some(Service::Stream(7)));
    assert_eq!(connections.next_service(0, HOST), None);
    connections.give_back(0, HOST, Afterwards::Usable);
    assert_eq!(connections.take(0, HOST, true), Connection::Reused);
}

#[test]
fn a_pool_without_a_connection_always_gets_one() {
    let mut connections = http1(1, 5);
    assert_eq!(connections.take(0, HOST, true), Connection::New);
    assert_eq!(connections.take(1, HOST, true), Connection::New);
    assert_eq!(connections.take(0, HostId(1), true), Connection::New);
    assert_eq!(connections.take(0, HOST, true), Connection::Awaited);
    connections.wait(0, HOST, 3);
    // A connection that breaks makes room for a new one.
    connections.give_back(0, HOST, Afterwards::Reset);
    assert_eq!(connections.next_service(0, HOST), Some(Service::Connect));
    connections.connected(0, HOST);
    assert_eq!(connections.next_service(0, HOST), Some(Service::Stream(3)));
}

#[test]
fn a_host_that_left_frees_what_it_held() {
    for mut connections in [http1(2, 5), http2(2, 5, 2)] {
        for _ in 0..2 {
            connections.take(0, HOST, true);
        }
        connections.give_back(0, HOST, Afterwards::Usable);
        connections.remove_host(HOST);
        connections.give_back(0, HOST, Afterwards::Usable);
        assert_eq!(connections.open, 0);
    }
}

#[test]
fn whoever_waits_fails_with_the_first_connection_that_does() {
    let mut connections = http1(u32::MAX, u32::MAX);
    for slot in 0..3 {
        assert_eq!(connections.take(0, HOST, false), Connection::Awaited);
        connections.wait(0, HOST, slot);
        assert_eq!(connections.next_service(0, HOST), Some(Service::Connect));
        connections.begin_connecting(0, HOST);
        assert_eq!(connections.next_service(0, HOST), None);
    }
    connections.end_connecting(0, HOST);
    assert_eq!(connections.purge(0, HOST), [0, 1, 2]);
    // Two others are still being made, enough for two.
    for (slot, service) in [(3, None), (4, None), (5, Some(Service::Connect))] {
        assert_eq!(connections.take(0, HOST, false), Connection::Awaited);
        connections.wait(0, HOST, slot);
        assert_eq!(connections.next_service(0, HOST), service);
    }
    connections.give_up(0, HOST, 4);
    assert_eq!((connections.pending, connections.open), (2, 2));
}

#[test]
fn an_ejected_hosts_connections_end_with_what_they_have() {
    for (mut connections, busy) in [(http1(9, 9), 3), (http2(9, 9, 2), 2)] {
        for _ in 0..3 {
            connections.take(0, HOST, true);
        }
        connections.drain(HOST);
        assert_eq!(connections.open, busy);
        assert_eq!(connections.take(0, HOST, true), Connection::New);
        for _ in 0..3 {
            connections.give_back(0, HOST, Afterwards::Usable);
        }
        assert_eq!(connections.open, 1);
        connections.give_back(0, HOST, Afterwards::Usable);
        assert_eq!(connections.take(0, HOST, true), Connection::Reused);
    }
}

#[test]
fn connections_that_nobody_waits_for_are_given_up_with_their_host() {
    let mut connections = http1(9, 9);
    connections.wait(0, HOST, 1);
    let time = connections.begin_connecting(0, HOST);
    connections.drain(HOST);
    assert!(connections.is_connecting(0, HOST, time), "somebody waits");
    connections.give_up(0, HOST, 1);
    connections.drain(HOST);
    assert!(!connections.is_connecting(0, HOST, time));
    assert_eq!(connections.open, 0);
}

#[test]
fn streams_of_a_connection_are_shared() {
    let mut connections = http2(2, 9, 2);
    let taken: Vec<_> = (0..5).map(|_| connections.take(0, HOST, true)).collect();
    use Connection::{Awaited, New, Reused};
    assert_eq!(taken, [New, Reused, New, Reused, Awaited]);
    connections.wait(0, HOST, 8);
    assert_eq!(connections.next_service(0, HOST), None);
    // Over HTTP/2 a request that is given up leaves its connection as it was.
    connections.give_back(0, HOST, Afterwards::Reset);
    assert_eq!(connections.next_service(0, HOST), Some(Service::Stream(8)));
    // A cut takes all streams of all connections.
    connections.cut(HOST);
    for _ in 0..4 {
        connections.give_back(0, HOST, Afterwards::Reset);
    }
    assert_eq!(connections.open, 0);
    assert_eq!(connections.take(0, HOST, true), New);
}

#[test]
fn a_connection_for_one_request_is_not_used_again() {
    let max_requests_per_connection = Some(1);
    let http = HttpProtocolOptions { max_requests_per_connection, ..Default::default() };
    let mut connections = connections(u32::MAX, u32::MAX, http);
    assert_eq!(connections.take(0, HOST, true), Connection::New);
    connections.give_back(0, HOST, Afterwards::Usable);
    assert_eq!(connections.take(0, HOST, true), Connection::New);
    assert_eq!(connections.open, 1);
}
