//! Schedules of CronJobs: five fields as `robfig/cron` reads them (`ParseStandard`), and how far apart their moments are.

use crate::plural::plural;

/// How far apart the moments of a schedule are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Gaps {
    /// Least seconds between two; `None` if there is no such moment.
    pub(super) least: Option<i64>,
    /// Whether all are that far apart.
    pub(super) is_regular: bool,
}

/// Descriptors, and the fields that they stand for.
const DESCRIPTORS: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Time zones without a summer time.
const WITHOUT_CHANGES: &[&str] = &["UTC", "Etc/UTC", "GMT", "Etc/GMT"];

const MINUTES_OF_A_DAY: i64 = 24 * 60;

/// After so many days the calendar repeats itself, days of the week included: 400 years.
const CYCLE: i64 = 146_097;

/// A field: the values that it allows, and whether it is a `*`.
#[derive(Clone, Copy)]
struct Field {
    values: u64,
    is_any: bool,
}

impl Field {
    fn allows(self, value: i64) -> bool {
        self.values >> value & 1 == 1
    }
}

/// The gaps of a schedule; the error says what is wrong with it.
pub(super) fn read(text: &str, time_zone: Option<&str>) -> Result<Gaps, String> {
    if text.contains("TZ=") {
        return Err("a time zone inside of it".into());
    }
    if let Some(duration) = text.strip_prefix("@every ") {
        let seconds = go_duration(duration).ok_or_else(|| format!("`{duration}` is not a duration"))?;
        // Parts of seconds do not count, and less than a second is one (`cron.Every`).
        return Ok(Gaps { least: Some(seconds.max(1)), is_regular: true });
    }
    let fields = match DESCRIPTORS.iter().find(|(name, _)| *name == text) {
        Some((_, fields)) => fields,
        None => text,
    };
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return Err(plural(fields.len() as i64, "field"));
    };
    let minutes = field(minute, 0, 59, &[], 0)?;
    let hours = field(hour, 0, 23, &[], 0)?;
    let days = [field(day, 1, 31, &[], 0)?, field(month, 1, 12, MONTHS, 1)?, field(weekday, 0, 6, DAYS, 0)?];
    let gaps = gaps(minutes, hours, days);
    let changes = time_zone.is_some_and(|zone| !WITHOUT_CHANGES.contains(&zone));
    if !changes || (0..24).all(|hour| hours.allows(hour)) {
        return Ok(gaps);
    }
    // Twice a year an hour is left out or comes twice.
    let least = gaps.least.map(|seconds| if seconds > 3600 { seconds - 3600 } else { seconds.min(60) });
    Ok(Gaps { least, is_regular: false })
}

/// Whole seconds of a duration of Go, such as `1h30m`, `1.5h` or `-5m` (`time.ParseDuration`).
fn go_duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, i128); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total: i128 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|one: char| !one.is_ascii_digit() && one != '.')?;
        let (number, behind) = rest.split_at(end);
        let until = behind.find(|one: char| one.is_ascii_digit() || one == '.').unwrap_or(behind.len());
        let (_, factor) = UNITS.iter().find(|(unit, _)| *unit == &behind[..until])?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: String = fraction.chars().take(12).collect();
        let value = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let parts = value(&digits)?.checked_mul(*factor)? / 10i128.pow(digits.len() as u32);
        total = total.checked_add(value(whole)?.checked_mul(*factor)?)?.checked_add(parts)?;
        rest = &behind[until..];
    }
    // Go counts nanoseconds in 64 bits.
    let nanoseconds = i64::try_from(total).ok()?;
    Some(sign * (nanoseconds / 1_000_000_000))
}

/// A field: items separated by commas.
fn field(text: &str, least: i64, most: i64, names: &[&str], first: i64) -> Result<Field, String> {
    let wrong = || format!("`{text}` where numbers from {least} to {most} are meant");
    let number = |word: &str| {
        let name =
            names.iter().zip(first..).find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, number)| number);
        let is_plain = !word.is_empty() && word.bytes().all(|one| one.is_ascii_digit());
        let number = name.or_else(|| word.parse().ok().filter(|_| is_plain));
        number.filter(|number| (least..=most).contains(number)).ok_or_else(wrong)
    };
    let mut field = Field { values: 0, is_any: false };
    for item in text.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => {
                let step = step.parse::<usize>().ok().filter(|&step| step > 0);
                (range, Some(step.ok_or_else(|| format!("`{item}` without a step above 0"))?))
            }
            None => (item, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if ["*", "?"].contains(&range) => {
                field.is_any |= step.is_none_or(|step| step == 1);
                (least, most)
            }
            Some((from, to)) => (number(from)?, number(to)?),
            None if step.is_some() => (number(range)?, most),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(format!("`{item}` ends before it begins"));
        }
        field.values |= (from..=to).step_by(step.unwrap_or(1)).fold(0, |values, value| values | 1 << value);
    }
    Ok(field)
}

/// The gaps between all moments of 400 years; `days` are days of the month, months and days of the week.
fn gaps(minutes: Field, hours: Field, days: [Field; 3]) -> Gaps {
    let moments: Vec<i64> =
        (0..MINUTES_OF_A_DAY).filter(|moment| hours.allows(moment / 60) && minutes.allows(moment % 60)).collect();
    let (Some(&first), Some(&last)) = (moments.first(), moments.last()) else {
        return Gaps { least: None, is_regular: true };
    };
    let within = moments.windows(2).map(|pair| pair[1] - pair[0]);
    let (mut least, mut most) = within.fold((i64::MAX, 0), |(least, most), gap| (gap.min(least), gap.max(most)));
    let matching = matching_days(days);
    let Some(&start) = matching.first() else { return Gaps { least: None, is_regular: true } };
    for (day, next) in matching.iter().zip(matching.iter().skip(1).copied().chain([start + CYCLE])) {
        let gap = (next - day) * MINUTES_OF_A_DAY - last + first;
        (least, most) = (least.min(gap), most.max(gap));
    }
    Gaps { least: Some(least * 60), is_regular: least == most }
}

/// The days of a cycle, which begins with the first of January 2000, a Saturday.
fn matching_days([days, months, weekdays]: [Field; 3]) -> Vec<i64> {
    let mut matching = Vec::new();
    let (mut day, mut month, mut year) = (1, 1, 2000);
    for index in 0..CYCLE {
        let (of_month, of_week) = (days.allows(day), weekdays.allows((index + 6) % 7));
        // Both are asked only if one of them allows every day.
        let is_meant = if days.is_any || weekdays.is_any { of_month && of_week } else { of_month || of_week };
        if months.allows(month) && is_meant {
            matching.push(index);
        }
        day += 1;
        if day > length_of(month, year) {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
    matching
}

fn length_of(month: i64, year: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    fn gaps_of(text: &str) -> (Option<i64>, bool) {
        let gaps = read(text, None).unwrap_or_else(|error| panic!("{text}: {error}"));
        (gaps.least, gaps.is_regular)
    }

    #[test]
    fn schedules_whose_moments_are_equally_far_apart_are_regular() {
        for (text, seconds) in [
            ("* * * * *", 60),
            ("*/5 * * * *", 300),
            ("3-59/10 * * * *", 600),
            ("0,30 * * * *", 1800),
            ("17 * * * *", HOUR),
            ("0 */6 * * *", 6 * HOUR),
            ("30 2 * * *", 24 * HOUR),
            ("0 0 * * SUN", 168 * HOUR),
            ("0 0 ? jan-dec ?", 24 * HOUR),
            ("@hourly", HOUR),
            ("@weekly", 168 * HOUR),
            ("@every 90s", 90),
            ("@every 1.5h", 5400),
            ("@every 1h30m", 5400),
            ("@every 100ms", 1),
            ("@every -5m", 1),
        ] {
            assert_eq!(gaps_of(text), (Some(seconds), true), "{text}");
        }
    }

    #[test]
    fn of_the_others_the_least_gap_counts() {
        for (text, seconds) in [
            ("*/7 * * * *", 240),       // 56 and 0
            ("0 9 * * 1-5", 24 * HOUR), // but 72 hours from Friday to Monday
            ("0 9-17 * * *", HOUR),
            ("0 0 1 * *", 28 * 24 * HOUR), // February
            ("0 0 29 2 *", (3 * 365 + 366) * 24 * HOUR),
            ("0 0 1,15 * 3", 24 * HOUR), // a Wednesday, or the 1st or 15th
            ("0 0 */2 * *", 24 * HOUR),  // the 31st and the 1st
            ("@yearly", 365 * 24 * HOUR),
        ] {
            assert_eq!(gaps_of(text), (Some(seconds), false), "{text}");
        }
        assert_eq!(gaps_of("0 0 31 2 *").0, None, "there is no such day");
        assert_eq!(gaps_of("0 0 */1 * 0"), (Some(168 * HOUR), true), "every day and Sunday: both count");
    }

    #[test]
    fn summer_time_moves_moments_by_an_hour() {
        let gaps_in = |text: &str, zone: &str| {
            let gaps = read(text, Some(zone)).expect("a schedule");
            (gaps.least, gaps.is_regular)
        };
        assert_eq!(gaps_in("30 2 * * *", "Europe/Berlin"), (Some(23 * HOUR), false));
        assert_eq!(gaps_in("30 2 * * *", "Etc/UTC"), (Some(24 * HOUR), true));
        assert_eq!(gaps_in("*/5 * * * *", "Europe/Berlin"), (Some(300), true));
    }

    #[test]
    fn what_the_api_server_refuses_is_refused() {
        for text in [
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "x * * * *",
            "+1 * * * *",
            "1-2-3 * * * *",
            ", * * * *",
            "@never",
            "@every 1",
            "@every ",
            "@every 1.5.5s",
            "@every 5 m",
            "@every 5d",
            "TZ=UTC 0 0 * * *",
        ] {
            assert!(read(text, None).is_err(), "{text}");
        }
    }
}
