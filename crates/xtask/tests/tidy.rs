//! The house rules as a test, so that a plain `cargo test` finds what breaks them.

#[test]
fn the_checkout_keeps_the_house_rules() {
    let findings = xtask::tidy::findings().unwrap();
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}
