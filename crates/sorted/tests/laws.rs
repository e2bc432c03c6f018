//! Whatever is done to them, they are what the standard library's trees are.

use std::collections::{BTreeMap, BTreeSet};

use mesh_failover_sorted::{SortedMap, SortedSet};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Insert(u8, u16),
    Remove(u8),
    OrInsert(u8, u16),
    Modify(u8, u16),
    Extend(Vec<(u8, u16)>),
    MakeRoom(Vec<u8>),
    Retain(u8),
    Double,
}

fn step() -> impl Strategy<Value = Step> {
    // Few keys, so that most are there already.
    let key = || 0_u8..24;
    prop_oneof![
        (key(), any::<u16>()).prop_map(|(key, value)| Step::Insert(key, value)),
        key().prop_map(Step::Remove),
        (key(), any::<u16>()).prop_map(|(key, value)| Step::OrInsert(key, value)),
        (key(), any::<u16>()).prop_map(|(key, value)| Step::Modify(key, value)),
        prop::collection::vec((key(), any::<u16>()), 0..12).prop_map(Step::Extend),
        prop::collection::vec(key(), 0..12).prop_map(Step::MakeRoom),
        (1_u8..5).prop_map(Step::Retain),
        Just(Step::Double),
    ]
}

proptest! {
    #[test]
    fn a_map_is_a_tree(steps in prop::collection::vec(step(), 0..40)) {
        let (mut map, mut tree) = (SortedMap::new(), BTreeMap::new());
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    prop_assert_eq!(map.insert(key, value), tree.insert(key, value));
                }
                Step::Remove(key) => prop_assert_eq!(map.remove(&key), tree.remove(&key)),
                Step::OrInsert(key, value) => {
                    prop_assert_eq!(map.entry(key).or_insert(value), tree.entry(key).or_insert(value));
                }
                Step::Modify(key, value) => {
                    let ours = map.entry(key).and_modify(|it| *it ^= value).or_default();
                    prop_assert_eq!(ours, tree.entry(key).and_modify(|it| *it ^= value).or_default());
                }
                Step::Extend(pairs) => {
                    map.extend(pairs.clone());
                    tree.extend(pairs);
                }
                Step::MakeRoom(keys) => {
                    map.make_room(keys.clone());
                    for key in keys { tree.entry(key).or_default(); }
                }
                Step::Retain(divisor) => {
                    map.retain(|key, value| { *value /= 2; key % divisor == 0 });
                    tree.retain(|key, value| { *value /= 2; key % divisor == 0 });
                }
                Step::Double => {
                    for (_, value) in &mut map { *value = value.wrapping_mul(2); }
                    for value in tree.values_mut() { *value = value.wrapping_mul(2); }
                }
            }
            prop_assert!(map.iter().eq(tree.iter()));
            prop_assert!(map.iter().rev().eq(tree.iter().rev()));
            prop_assert_eq!((map.len(), map.is_empty()), (tree.len(), tree.is_empty()));
            prop_assert_eq!(map.first_key_value(), tree.first_key_value());
            prop_assert_eq!(map.last_key_value(), tree.last_key_value());
            for key in 0..24 {
                prop_assert_eq!(map.get(&key), tree.get(&key));
                prop_assert_eq!(map.contains_key(&key), tree.contains_key(&key));
            }
        }
        prop_assert!(map.keys().eq(tree.keys()) && map.values().eq(tree.values()));
        let text = serde_json::to_string(&tree).expect("JSON");
        prop_assert_eq!(&serde_json::to_string(&map).expect("JSON"), &text);
        prop_assert_eq!(&serde_json::from_str::<SortedMap<u8, u16>>(&text).expect("a map"), &map);
        prop_assert_eq!(format!("{map:?}"), format!("{tree:?}"));
        prop_assert!(map.into_iter().eq(tree));
    }

    #[test]
    fn a_set_is_a_tree(steps in prop::collection::vec((0_u8..24, any::<bool>()), 0..60), more in prop::collection::vec(0_u8..24, 0..12)) {
        let (mut set, mut tree) = (SortedSet::new(), BTreeSet::new());
        for (item, put) in steps {
            if put {
                prop_assert_eq!(set.insert(item), tree.insert(item));
            } else {
                prop_assert_eq!(set.remove(&item), tree.remove(&item));
            }
        }
        set.extend(more.clone());
        tree.extend(more);
        prop_assert!(set.iter().eq(tree.iter()) && set.iter().rev().eq(tree.iter().rev()));
        prop_assert_eq!((set.first(), set.last(), set.len()), (tree.first(), tree.last(), tree.len()));
        for item in 0..24 {
            prop_assert_eq!(set.contains(&item), tree.contains(&item));
        }
        prop_assert_eq!(serde_json::to_string(&set).expect("JSON"), serde_json::to_string(&tree).expect("JSON"));
        prop_assert!(set.into_iter().eq(tree));
    }

    #[test]
    fn collecting_takes_any_order(pairs in prop::collection::vec((0_u8..64, any::<u16>()), 0..80)) {
        let map: SortedMap<_, _> = pairs.iter().copied().collect();
        let tree: BTreeMap<_, _> = pairs.iter().copied().collect();
        prop_assert!(map.iter().eq(tree.iter()));
    }
}
