//! Parts of a text that the library can read by themselves: the whole text, or of JSON the values one by one.

use std::borrow::Cow;

/// A part of the text that the library can read by itself.
pub(super) struct Chunk<'a> {
    /// Its text.
    pub(super) text: Cow<'a, str>,
    /// Lines before it.
    pub(super) lines: usize,
    /// Characters before it on its first line.
    pub(super) columns: usize,
}

/// The whole text; of JSON the values one by one, because in YAML they cannot follow each other.
pub(super) fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let whole = |text| vec![Chunk { text, lines: 0, columns: 0 }];
    if !text.trim_start().starts_with('{') {
        return whole(Cow::Borrowed(text));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let mut ends = vec![0];
    while let Some(value) = values.next() {
        if value.is_err() {
            return whole(Cow::Borrowed(text));
        }
        ends.push(values.byte_offset());
    }
    // Counted along the way: a file may hold a million values.
    let (mut lines, mut columns) = (0, 0);
    let chunk = |range: &[usize]| {
        let part = &text[range[0]..range[1]];
        let chunk = Chunk { text: without_surrogates(part), lines, columns };
        match part.rsplit_once('\n') {
            Some((before, last)) => {
                lines += before.matches('\n').count() + 1;
                columns = last.chars().count();
            }
            None => columns += part.chars().count(),
        }
        chunk
    };
    ends.windows(2).map(chunk).collect()
}

/// Writes the pairs of escapes by which JSON names characters beyond U+FFFF as the one escape of YAML.
fn without_surrogates(json: &str) -> Cow<'_, str> {
    let escaped = |text: &str| u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let mut written = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(next) = json[at..].find('\\') {
        at += next;
        let pair = escaped(&json[at..]).zip(json.get(at + 6..).and_then(escaped));
        match pair {
            Some((high @ 0xd800..0xdc00, low @ 0xdc00..0xe000)) => {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                written += &json[done..at];
                written += &format!("\\U{code:08x}");
                at += 12;
                done = at;
            }
            // The character behind a backslash is ASCII in valid JSON.
            _ => at += 2,
        }
    }
    if done == 0 { Cow::Borrowed(json) } else { Cow::Owned(written + &json[done..]) }
}
