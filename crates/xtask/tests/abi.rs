//! The filters' interface to Envoy and their size, as built by `cargo xtask filter`.
//!
//! An import that Envoy does not have fails only when the module is loaded, and an export too many costs
//! every request, so both lists are kept in `tests/abi/` and a change shows in a review.

use std::fs;

use xtask::filter::{self, BUDGET_BYTES, interface};
use xtask::workspace;

#[test]
fn modules_import_and_export_what_the_snapshots_say_and_keep_the_budget() {
    let update = std::env::var_os("UPDATE_ABI").is_some();
    for name in filter::all().unwrap() {
        let module = fs::read(filter::build(&name).unwrap()).unwrap();
        let found = interface::of(&module).unwrap();
        let snapshot = workspace::root().join(format!("tests/abi/{name}.txt"));
        if update {
            fs::write(&snapshot, &found).unwrap();
        }
        let expected = fs::read_to_string(&snapshot).unwrap_or_default();
        assert!(
            found == expected,
            "the interface of `{name}` changed; if that is meant, run the test with UPDATE_ABI=1\n\
             expected:\n{expected}\nfound:\n{found}",
        );
        assert!(module.len() as u64 <= BUDGET_BYTES, "`{name}` has {} bytes", module.len());
    }
}

#[test]
fn modules_hold_no_path_of_the_machine_that_built_them() {
    let home = std::env::home_dir().unwrap();
    let root = workspace::root().to_string_lossy();
    for name in filter::all().unwrap() {
        let module = fs::read(filter::build(&name).unwrap()).unwrap();
        let text = String::from_utf8_lossy(&module);
        for folder in [home.to_string_lossy(), root.clone(), "/registry/src/".into()] {
            assert!(!text.contains(folder.as_ref()), "`{name}` holds `{folder}`");
        }
    }
}
