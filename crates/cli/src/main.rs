//! `mesh-failover`: arguments and printing; everything else is the core's.

fn main() {}
