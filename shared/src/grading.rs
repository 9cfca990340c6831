//! Grading schemes: which level a score reaches. Exact, in integers.

use serde::{Deserialize, Serialize};

use crate::marks::Score;
use crate::words::words;

words! {
    /// How a percentage is rounded before it is banded.
    Rounding {
        /// Not at all: 89.99 is below 90.
        None = "none",
        /// Half up to whole percents.
        Whole = "whole",
        /// Half up to one decimal.
        Tenth = "tenth",
    }
}

/// A grading scale: ordered bands by inclusive lower bound, from the highest to the lowest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheme {
    /// Its short name, such as `ke-cbe-8`.
    pub code: String,
    /// How percentages are rounded first.
    pub rounding: Rounding,
    /// The bands, highest lower bound first; the last one starts at 0.
    pub bands: Vec<Band>,
}

/// One row of a scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sql", derive(sqlx::FromRow))]
pub struct Band {
    /// `EE1`.
    pub code: String,
    /// `Exceeding expectation`.
    pub label: String,
    /// The inclusive lower bound, in hundredths of a percent: 0 to 10,000.
    pub lower: i32,
    /// The points, in hundredths.
    pub points: i32,
}

impl Scheme {
    /// The band of a score out of `out_of`. `None` only when `out_of` is not positive, the score
    /// lies outside 0 to `out_of`, or the scheme is not [valid](Self::check).
    pub fn band(&self, score: Score, out_of: Score) -> Option<&Band> {
        if out_of.0 <= 0 || score.0 < 0 || score > out_of {
            return None;
        }
        // score ÷ out-of in hundredths of a percent is score × 10,000 ÷ out-of; kept as a
        // fraction, because a rounded 89.995 must not reach 90.
        let (part, whole) = (i64::from(score.0) * 10_000, i64::from(out_of.0));
        let step = match self.rounding {
            Rounding::None => None,
            Rounding::Whole => Some(100),
            Rounding::Tenth => Some(10),
        };
        let (part, whole) = match step {
            None => (part, whole),
            Some(step) => ((2 * part + whole * step) / (2 * whole * step) * step, 1),
        };
        self.bands
            .iter()
            .find(|band| part >= i64::from(band.lower) * whole)
    }

    /// The band of a code, in any case, or of a whole number of points.
    pub fn band_named(&self, text: &str) -> Option<&Band> {
        self.bands.iter().find(|band| {
            band.code.eq_ignore_ascii_case(text)
                || text
                    .parse::<i32>()
                    .is_ok_and(|points| points.checked_mul(100) == Some(band.points))
        })
    }

    /// The codes, for messages: `EE, ME, AE, BE`.
    pub fn codes(&self) -> String {
        self.bands
            .iter()
            .map(|band| band.code.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Whether every value from 0.00 to 100.00 falls in exactly one band and codes are unique.
    ///
    /// # Errors
    /// With the rule that is broken.
    pub fn check(&self) -> Result<(), String> {
        let bounds: Vec<i32> = self.bands.iter().map(|band| band.lower).collect();
        if bounds.last() != Some(&0) {
            return Err(format!(
                "scheme {}: the last band must start at 0",
                self.code
            ));
        }
        if !bounds.is_sorted_by(|a, b| a > b) || bounds.first().is_some_and(|first| *first > 10_000)
        {
            return Err(format!(
                "scheme {}: bands must fall from at most 100 to 0",
                self.code
            ));
        }
        let mut codes: Vec<&str> = self.bands.iter().map(|band| band.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        if codes.len() != self.bands.len() {
            return Err(format!(
                "scheme {}: two bands have the same code",
                self.code
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn scheme(code: &str, rounding: Rounding, bands: &[(&str, i32, i32)]) -> Scheme {
        let band = |(code, lower, points): &(&str, i32, i32)| Band {
            code: (*code).into(),
            label: String::new(),
            lower: lower * 100,
            points: points * 100,
        };
        Scheme {
            code: code.into(),
            rounding,
            bands: bands.iter().map(band).collect(),
        }
    }

    fn ke_cbe_8(rounding: Rounding) -> Scheme {
        let bands = [
            ("EE1", 90, 8),
            ("EE2", 75, 7),
            ("ME1", 58, 6),
            ("ME2", 41, 5),
            ("AE1", 31, 4),
            ("AE2", 21, 3),
            ("BE1", 11, 2),
            ("BE2", 0, 1),
        ];
        scheme("ke-cbe-8", rounding, &bands)
    }

    pub(crate) fn ke_cbe_4() -> Scheme {
        scheme(
            "ke-cbe-4",
            Rounding::None,
            &[("EE", 75, 4), ("ME", 41, 3), ("AE", 21, 2), ("BE", 0, 1)],
        )
    }

    #[test]
    fn the_cases_of_the_kenyan_scheme() {
        let code = |rounding, hundredths| {
            ke_cbe_8(rounding)
                .band(Score(hundredths), Score::whole(100))
                .unwrap()
                .code
                .clone()
        };
        for (percent, band) in [
            (9000, "EE1"),
            (8999, "EE2"),
            (7500, "EE2"),
            (7460, "ME1"),
            (5800, "ME1"),
            (5790, "ME2"),
            (4100, "ME2"),
            (3100, "AE1"),
            (2100, "AE2"),
            (1100, "BE1"),
            (1000, "BE2"),
            (0, "BE2"),
        ] {
            assert_eq!(code(Rounding::None, percent), band, "{percent}");
        }
        assert_eq!(code(Rounding::Whole, 7460), "EE2");
        assert_eq!(code(Rounding::Whole, 7450), "EE2");
        assert_eq!(code(Rounding::Whole, 7440), "ME1");
        assert_eq!(code(Rounding::Tenth, 7495), "EE2");
        assert_eq!(code(Rounding::Tenth, 7494), "ME1");
    }

    #[test]
    fn a_fraction_just_below_a_bound_stays_below() {
        // 119.99 of 133.33 is 89.994…, which two rounded decimals would lift to 89.99 or 90.
        let scheme = ke_cbe_8(Rounding::None);
        assert_eq!(
            scheme.band(Score(11_999), Score(13_333)).unwrap().code,
            "EE2"
        );
    }

    #[test]
    fn every_hundredth_falls_in_exactly_one_band() {
        for scheme in [
            ke_cbe_8(Rounding::None),
            ke_cbe_8(Rounding::Whole),
            ke_cbe_4(),
        ] {
            scheme.check().unwrap();
            for hundredths in 0..=10_000 {
                assert!(
                    scheme.band(Score(hundredths), Score::whole(100)).is_some(),
                    "{hundredths}"
                );
            }
        }
    }

    #[test]
    fn broken_schemes_are_named() {
        for bands in [
            &[("A", 50, 2), ("B", 10, 1)][..],
            &[("A", 50, 2), ("B", 60, 1), ("C", 0, 0)],
            &[("A", 50, 2), ("A", 0, 1)],
            &[],
        ] {
            assert!(scheme("x", Rounding::None, bands).check().is_err());
        }
    }
}
