//! Keeping a user in a region: what tells users apart, and which region is theirs.
//!
//! A user's key is a header's value, a cookie's, or the address of the connection. The same key gets the same region as long as that is
//! there, by [`super::rendezvous`]. A new user with cookies gets one whose region is drawn by the weights of that moment: under
//! `drain.affinity: keep` these are not the weights by which known users are placed.

use super::config::AffinitySource;
use super::rendezvous;

/// What to read of a request before a region is chosen for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKey<'a> {
    /// The value of this header; for cookies the header `cookie` as it stands.
    Header(&'a str),
    /// The downstream's remote address, with or without a port.
    SourceAddress,
}

/// A new cookie's value: 16 hexadecimal digits.
pub type CookieValue = [u8; 16];

/// Draws tried for a new user. With 64 the share of a region that takes a tenth of what it had is off by less than a thousandth.
const MOST_DRAWS: u32 = 64;

impl AffinitySource {
    pub(super) fn wanted(&self) -> UserKey<'_> {
        match self {
            Self::Header(name) => UserKey::Header(name),
            Self::Cookie(_) => UserKey::Header("cookie"),
            Self::SourceAddress => UserKey::SourceAddress,
        }
    }

    pub(super) const fn is_cookie(&self) -> bool {
        matches!(self, Self::Cookie(_))
    }

    /// The hash of what tells the user apart, if the request says it.
    pub(super) fn key(&self, value: &[u8]) -> Option<u64> {
        let value = match self {
            Self::Header(_) => value,
            Self::Cookie(cookie) => cookie_value(value, cookie.name.as_bytes())?,
            Self::SourceAddress => without_port(value),
        };
        (!value.is_empty()).then(|| rendezvous::hash(value))
    }

    /// The `set-cookie` for a new user; `None` where users are not told apart by cookies.
    pub(super) fn set_cookie(&self, value: &CookieValue) -> Option<String> {
        let Self::Cookie(cookie) = self else { return None };
        let mut text = cookie.name.clone();
        text.push('=');
        text.push_str(std::str::from_utf8(value).ok()?);
        text.push_str("; Path=");
        text.push_str(cookie.path.as_deref().unwrap_or("/"));
        if let Some(ttl) = cookie.ttl {
            text.push_str("; Max-Age=");
            text.push_str(&ttl.0.as_secs().to_string());
        }
        let default = ["HttpOnly".to_owned(), "SameSite=Lax".to_owned()];
        for attribute in cookie.attributes.as_deref().unwrap_or(&default) {
            text.push_str("; ");
            text.push_str(attribute);
        }
        Some(text)
    }
}

/// A cookie for a new user and the region it leads to. Weights by region: for known users, and for new ones.
pub(super) fn draw(
    mut random: impl FnMut() -> u64,
    regions: impl Iterator<Item = (u64, u64, u64)> + Clone,
) -> Option<(CookieValue, u32)> {
    let mut last = None;
    for _ in 0..MOST_DRAWS {
        let value = hexadecimal(random());
        let placed = regions.clone().map(|(name, known, _)| (name, known));
        let region = rendezvous::winner(rendezvous::hash(&value), placed)?;
        let (_, known, new) = regions.clone().nth(region as usize)?;
        if new > 0 {
            last = Some((value, region));
        }
        // Taken as often as the weight for new users is of that for known ones.
        if random() % known.max(1) < new {
            break;
        }
    }
    last
}

fn hexadecimal(number: u64) -> CookieValue {
    let mut text = [b'0'; 16];
    for (digit, shift) in text.iter_mut().zip((0..64).step_by(4).rev()) {
        let nibble = (number >> shift & 0xf) as u8;
        *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    }
    text
}

/// **Source**: RFC 6265 §4.2.1; of a name given twice the first counts.
fn cookie_value<'a>(header: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    header.split(|byte| *byte == b';').find_map(|pair| {
        let value = pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"=")?;
        Some(value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value))
    })
}

/// `10.0.0.1:1234` and `[::1]:1234` without the port.
fn without_port(address: &[u8]) -> &[u8] {
    let bare = |end: usize| address.get(..end).unwrap_or(address);
    match address.iter().rposition(|byte| *byte == b':') {
        Some(colon) if address.starts_with(b"[") || !bare(colon).contains(&b':') => bare(colon),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let value = |header: &str| cookie_value(header.as_bytes(), b"r").map(<[u8]>::to_vec);
        assert_eq!(value("a=1; r=x; b=2"), Some(b"x".to_vec()));
        assert_eq!(value("rr=1;r=\"x\""), Some(b"x".to_vec()));
        assert_eq!(value("ar=1; b=r=2"), None);
        assert_eq!(value(""), None);
    }

    #[test]
    fn ports_are_not_part_of_an_address() {
        let bare = |address: &'static str| std::str::from_utf8(without_port(address.as_bytes()));
        assert_eq!(bare("10.0.0.1:80"), Ok("10.0.0.1"));
        assert_eq!(bare("[::1]:80"), Ok("[::1]"));
        assert_eq!(bare("::1"), Ok("::1"));
        assert_eq!(bare("10.0.0.1"), Ok("10.0.0.1"));
    }
}
