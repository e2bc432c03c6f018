//! Ordered maps and sets as sorted vectors.
//!
//! The standard library's trees are compiled anew for every pair of types, and a page waits for that code: 159 kB for
//! what the core keeps in maps. These have the same names for the same things and are compiled to a search and a move.
//!
//! Looking up takes as many comparisons as in a tree; so does collecting, whatever the order. Inserting one by one costs a move of everything behind: nothing
//! when keys come in ascending order, too much for thousands that come in any.

mod entry;
mod map;
mod serialized;
mod set;
mod sort;

pub use entry::Entry;
pub use map::{Iter, IterMut, SortedMap};
pub use set::SortedSet;
pub use sort::{sort_by, sort_by_key};
