//! Keys that a mapping has more than once.
//!
//! Found by sorting, when the mapping is whole: a text may have a million keys in any order.

use std::borrow::Borrow;

use mesh_failover_sorted::SortedMap;

use super::Entry;

/// Each key once: where it is first, with what it has last, as Go's lenient decoders do. `again` hears of each that is given again,
/// with the one that it replaces.
pub(super) fn last_of_each<E: Borrow<Entry>>(
    entries: Vec<E>,
    mut again: impl FnMut(&Entry, &Entry),
) -> Vec<E> {
    let Some(firsts) = firsts(&entries) else { return entries };
    let mut kept: Vec<Option<E>> = Vec::with_capacity(entries.len());
    for (entry, first) in entries.into_iter().zip(firsts) {
        match kept.get_mut(first) {
            Some(earlier) => {
                if let Some(earlier) = earlier {
                    again((*earlier).borrow(), entry.borrow());
                }
                *earlier = Some(entry);
                kept.push(None);
            }
            None => kept.push(Some(entry)),
        }
    }
    kept.into_iter().flatten().collect()
}

/// Each key once: the first.
pub(super) fn first_of_each(entries: Vec<Entry>) -> Vec<Entry> {
    let Some(firsts) = firsts(&entries) else { return entries };
    let places = firsts.into_iter().zip(0..);
    let kept = entries.into_iter().zip(places).filter(|(_, (first, place))| first == place);
    kept.map(|(entry, _)| entry).collect()
}

/// For each entry the place of the first with its key; `None` where all keys differ.
fn firsts<E: Borrow<Entry>>(entries: &[E]) -> Option<Vec<usize>> {
    let keys = || entries.iter().map(|entry| entry.borrow().key.as_str());
    let places: SortedMap<&str, usize> = keys().zip(0..entries.len()).rev().collect();
    let first = |(key, place)| places.get(key).copied().unwrap_or(place);
    (places.len() < entries.len()).then(|| keys().zip(0..).map(first).collect())
}
