//! Sorting, compiled once: the standard library compiles its merge sort anew for every type that is sorted, 4 kB each.
//! These sort positions, and each type brings no more than how two of it compare and how they change places.

use std::cmp::Ordering;

/// Sorts stably, as [`slice::sort_by`].
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let order = order(items.len(), &by_position(items, &compare));
    arrange(order, &mut |one, other| items.swap(one, other));
}

/// Sorts stably, as [`slice::sort_by_key`].
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |one, other| key(one).cmp(&key(other)));
}

/// Where the key is, or where it would be; `compare` compares an item with it.
///
/// The last item first: most of what is sorted is filled in order. One place compares: the standard library's search is written out larger
/// for every type.
#[inline]
pub(crate) fn search<T>(items: &[T], compare: impl Fn(&T) -> Ordering) -> Result<usize, usize> {
    let (mut from, mut to) = (0, items.len());
    let mut middle = to.saturating_sub(1);
    while let Some(item) = items.get(middle).filter(|_| from < to) {
        match compare(item) {
            Ordering::Equal => return Ok(middle),
            Ordering::Less => from = middle + 1,
            Ordering::Greater => to = middle,
        }
        middle = from + (to - from) / 2;
    }
    Err(from)
}

/// Sorts, and leaves the last of those that are equal.
pub(crate) fn sort_unique<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let found = unique_order(items.len(), &by_position(items, &compare));
    if let Some((order, kept)) = found {
        arrange(order, &mut |one, other| items.swap(one, other));
        items.truncate(kept);
    }
}

fn by_position<T>(
    items: &[T],
    compare: &impl Fn(&T, &T) -> Ordering,
) -> impl Fn(usize, usize) -> Ordering {
    |one, other| match (items.get(one), items.get(other)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    }
}

type Compare<'a> = dyn Fn(usize, usize) -> Ordering + 'a;

/// The positions in their order.
fn order(count: usize, compare: &Compare<'_>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|one, other| compare(*one, *other));
    order
}

/// The positions in their order, the last of equal ones before all the others; and how many come before them. Nothing where all is
/// as it should be.
fn unique_order(count: usize, compare: &Compare<'_>) -> Option<(Vec<usize>, usize)> {
    if (1..count).all(|next| compare(next - 1, next).is_lt()) {
        return None;
    }
    let order = order(count, compare);
    let mut rest = order.iter().copied().skip(1);
    let is_last = |at: &usize| rest.next().is_none_or(|next| compare(*at, next).is_lt());
    let (mut kept, others): (Vec<_>, Vec<_>) = order.iter().copied().partition(is_last);
    let count = kept.len();
    kept.extend(others);
    Some((kept, count))
}

/// Puts what stands at `order[n]` at `n`, for every `n`, by changing places.
fn arrange(mut order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        let mut place = start;
        // Around the circle of those who take each other's places.
        while let Some(from) = order.get_mut(place).map(|from| std::mem::replace(from, place)) {
            if from == place || from == start {
                break;
            }
            swap(place, from);
            place = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equal_ones_keep_their_order(items in prop::collection::vec((0_u8..8, any::<u8>()), 0..40)) {
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            let mut sorted = items;
            sort_by_key(&mut sorted, |item| item.0);
            prop_assert_eq!(sorted, expected);
        }
    }
}
