//! Values as JSON text as serde_json writes them, with the standard library's numbers: the same text for every number that has one nearest of the
//! shortest. Of a number half-way between two (2178216446477846.25) serde_json ends with the even digit, the standard library with the larger.
//!
//! serde_json and serde_yaml write floats with a table each that no compression makes smaller; a page waits for them.

mod writer;

use serde::Serialize;

pub(crate) use writer::NoJson;
use writer::Writer;

/// A value as JSON, in one line.
///
/// # Errors
/// If the value has no JSON, as a map whose keys are no texts.
pub(crate) fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, NoJson> {
    let mut writer = Writer::default();
    value.serialize(&mut writer)?;
    Ok(writer.text)
}

/// The same for what has been read from JSON, which always has some. Its own `Display` is serde_json's way to write numbers.
pub(crate) fn of(value: &serde_json::Value) -> String {
    to_string(value).unwrap_or_default()
}

/// A finite number in as few digits as tell it from all others.
pub(crate) fn float(value: f64) -> String {
    // Of small numbers alone the standard library begins to write the exponent elsewhere than others do.
    if (1e-5..1e-4).contains(&value.abs()) { format!("{value}") } else { format!("{value:?}") }
}

/// Whether a number's text is another library's, or as short and as near.
#[cfg(test)]
pub(crate) fn is_written_as(number: f64, text: &str, other: &str) -> bool {
    // Half-way, the exact number is a last 5 longer.
    let exact = format!("{:.60}", number.abs());
    let cut = exact.trim_end_matches('0').strip_suffix('5');
    let is_half_way = cut.is_some_and(|cut| cut.len() == text.trim_start_matches('-').len());
    let is_as_good = text.len() == other.len() && text.parse() == Ok(number);
    text == other || is_half_way && is_as_good
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_between_two_texts_is_read_back() {
        for (whole, part) in
            [(2178216446477846.0, 0.25), (-639242236623604.0, -0.25), (91922590302372.0, 0.625)]
        {
            let number = whole + part;
            assert_eq!(to_string(&number).unwrap().parse(), Ok(number));
        }
    }

    proptest! {
        #[test]
        fn writes_numbers_as_serde_json_does(bits: u64, small in -1e-3..1e-3, whole: i32) {
            // The numbers with two nearest texts come seldom; both are read back as what they were.
            for number in [f64::from_bits(bits), small, small / 10.0, f64::from(whole), f64::from(whole) * 1e10, 1e16] {
                prop_assert!(is_written_as(number, &to_string(&number).unwrap(), &serde_json::to_string(&number).unwrap()));
            }
        }
    }

    #[test]
    fn writes_texts_and_structures_as_serde_json_does() {
        let value = serde_json::json!({"a": [1, -2.5, null, true], "ü\n\"": {"b": "\u{1}é"}});
        assert_eq!(to_string(&value).unwrap(), serde_json::to_string(&value).unwrap());
    }
}
