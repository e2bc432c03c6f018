//! Whatever a gateway is said to have printed: no panic, and the same answer for the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mesh_failover_core::live::read_dumps;
use mesh_failover_core::manifest::Source;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let sources = [Source { name: "dump.json", text: &text }];
    assert_eq!(read_dumps(&sources), read_dumps(&sources));
});
