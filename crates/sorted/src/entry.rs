//! A key's place in a map.

/// The place of one key, full or empty; a [`std::collections::btree_map::Entry`].
pub struct Entry<'a, K, V> {
    pub(crate) pairs: &'a mut Vec<(K, V)>,
    /// Where the key is, or where it would be.
    pub(crate) place: Result<usize, usize>,
    pub(crate) key: K,
}

impl<'a, K, V> Entry<'a, K, V> {
    /// What is there, after an empty place was filled with `value`.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// What is there, after an empty place was filled with the default.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// What is there, after an empty place was filled with what `value` returns.
    #[expect(
        clippy::indexing_slicing,
        reason = "the place was found in these pairs, or is filled here"
    )]
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'a mut V {
        let position = match self.place {
            Ok(position) => position,
            Err(position) => {
                self.pairs.insert(position, (self.key, value()));
                position
            }
        };
        &mut self.pairs[position].1
    }

    /// Changes what is there, if something is.
    #[must_use]
    pub fn and_modify(self, change: impl FnOnce(&mut V)) -> Self {
        if let Some((_, value)) = self.place.ok().and_then(|position| self.pairs.get_mut(position))
        {
            change(value);
        }
        self
    }
}
