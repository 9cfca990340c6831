//! How numbers are written.
#![expect(
    clippy::float_arithmetic,
    reason = "figures of a measurement are rounded for the eye; no mark is among them"
)]

/// What a number in JSON counts, and so how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// As it is.
    Count,
    /// Microseconds, shown as milliseconds.
    Micros,
    /// Milliseconds, shown as seconds.
    Millis,
    /// KiB, shown as MiB.
    Kibibytes,
    /// Bytes, shown as bytes below ten thousand, else as MB or GB.
    Bytes,
    /// Hundredths, shown in percent.
    Percent,
    /// Thousandths, shown in percent.
    Permille,
}

impl Unit {
    /// The numbers with their unit behind the last.
    pub fn show(self, numbers: &[f64]) -> String {
        let most = numbers.iter().copied().fold(0.0, f64::max);
        let (by, unit) = match self {
            Self::Count => (1.0, ""),
            Self::Micros => (1e3, " ms"),
            Self::Millis => (1e3, " s"),
            Self::Kibibytes => (1024.0, " MiB"),
            Self::Bytes if most < 1e4 => (1.0, " B"),
            Self::Bytes if most < 1e6 => (1e3, " kB"),
            Self::Bytes if most < 1e9 => (1e6, " MB"),
            Self::Bytes => (1e9, " GB"),
            Self::Percent => (1.0, " %"),
            Self::Permille => (10.0, " %"),
        };
        let numbers = numbers.iter().map(|number| round(number / by));
        numbers.collect::<Vec<_>>().join(", ") + unit
    }
}

/// Three digits that count, and the thousands apart.
pub fn round(number: f64) -> String {
    let decimals = match number.abs() {
        none if none < 0.0005 => 0,
        small if small < 1.0 => 2,
        some if some < 100.0 && some.fract() != 0.0 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut apart = String::new();
    for (place, digit) in whole.char_indices() {
        let follow = whole.len() - place;
        if place > 0 && follow.is_multiple_of(3) && !whole[..place].ends_with('-') {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_name_their_unit() {
        let shown = [
            (Unit::Count, &[1160.0][..], "1,160"),
            (Unit::Count, &[1_800_000.0], "1,800,000"),
            (Unit::Count, &[999.0], "999"),
            (Unit::Count, &[0.0], "0"),
            (
                Unit::Micros,
                &[1290.0, 5130.0, 118_400.0],
                "1.3, 5.1, 118 ms",
            ),
            (Unit::Micros, &[420.0], "0.42 ms"),
            (Unit::Millis, &[25_800.0], "25.8 s"),
            (Unit::Kibibytes, &[72_704.0], "71 MiB"),
            (Unit::Bytes, &[1_893.0], "1,893 B"),
            (Unit::Bytes, &[9_400_000.0], "9.4 MB"),
            (Unit::Permille, &[734.0], "73.4 %"),
        ];
        for (unit, numbers, text) in shown {
            assert_eq!(unit.show(numbers), text);
        }
    }
}
