//! Country packs: levels, grades, schemes, subjects and a calendar, as data.
//!
//! A pack is a TOML file built into the server. It is loaded once into a new school's tables,
//! where the school edits it; no code asks which pack a school came from.

use chrono::NaiveDate;
use hillview_shared::ApiError;
use hillview_shared::grading::{Band, Rounding, Scheme};
use hillview_shared::subjects::OfferingMode;
use serde::Deserialize;

use crate::error::Error;

mod load;

pub use load::load;

const PACKS: &[(&str, &str)] = &[("ke-cbe", include_str!("ke-cbe.toml"))];

/// A pack as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// IANA name, such as `Africa/Nairobi`: by it the server knows the school's day.
    pub time_zone: String,
    pub locale: String,
    #[serde(rename = "scheme")]
    pub schemes: Vec<PackScheme>,
    pub calendar: PackCalendar,
    #[serde(rename = "level")]
    pub levels: Vec<PackLevel>,
    pub subjects: PackSubjects,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackScheme {
    pub code: String,
    pub rounding: Rounding,
    /// Code, label, lower bound in percent, points.
    pub bands: Vec<(String, String, i32, i32)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackCalendar {
    pub name: String,
    pub starts: NaiveDate,
    pub ends: NaiveDate,
    /// Name, first and last day.
    pub terms: Vec<(String, NaiveDate, NaiveDate)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackLevel {
    pub code: String,
    pub name: String,
    pub score_scheme: String,
    pub level_scheme: String,
    /// Code, name, and what class names begin with.
    pub grades: Vec<(String, String, String)>,
    /// Subject codes; `KIS|KSL` is a group of which each student takes one.
    pub offerings: Vec<String>,
    #[serde(default)]
    pub electives: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackSubjects {
    /// Code, name, short name, further names.
    pub list: Vec<(String, String, String, Vec<String>)>,
}

/// A subject as a level teaches it.
#[derive(Debug, PartialEq, Eq)]
pub struct PackOffering<'a> {
    pub subject: &'a str,
    pub mode: OfferingMode,
    pub group: Option<&'a str>,
    pub by_default: bool,
}

impl Pack {
    /// Reads and checks a built-in pack.
    pub fn named(name: &str) -> Result<Self, Error> {
        let known = || {
            PACKS
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (_, text) = PACKS
            .iter()
            .find(|(pack, _)| *pack == name)
            .ok_or_else(|| {
                ApiError::invalid("unknown-pack", format!("there is no pack {name:?}"))
                    .hint(format!("the packs are {}", known()))
            })?;
        let pack: Self =
            toml::from_str(text).map_err(|error| Error::fault("read a pack", error))?;
        for scheme in &pack.schemes {
            scheme
                .scheme()
                .check()
                .map_err(|why| Error::fault("check a pack", why))?;
        }
        pack.time_zone
            .parse::<chrono_tz::Tz>()
            .map_err(|error| Error::fault("read the time zone of a pack", error.to_string()))?;
        Ok(pack)
    }
}

impl PackScheme {
    pub fn scheme(&self) -> Scheme {
        let band = |(code, label, lower, points): &(String, String, i32, i32)| Band {
            code: code.clone(),
            label: label.clone(),
            lower: lower * 100,
            points: points * 100,
        };
        Scheme {
            code: self.code.clone(),
            rounding: self.rounding,
            bands: self.bands.iter().map(band).collect(),
        }
    }
}

impl PackLevel {
    /// The offerings of each grade of the level, in the order of the pack.
    pub fn offerings(&self) -> Vec<PackOffering<'_>> {
        let mut all = Vec::new();
        for entry in &self.offerings {
            let group = entry.contains('|').then_some(entry.as_str());
            let mode = if group.is_some() {
                OfferingMode::Variant
            } else {
                OfferingMode::Core
            };
            for (place, subject) in entry.split('|').enumerate() {
                all.push(PackOffering {
                    subject,
                    mode,
                    group,
                    by_default: place == 0,
                });
            }
        }
        let mode = OfferingMode::Elective;
        all.extend(self.electives.iter().map(|subject| PackOffering {
            subject,
            mode,
            group: None,
            by_default: false,
        }));
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hillview_shared::text::fold;

    use super::*;

    #[test]
    fn every_pack_can_be_read_and_names_only_what_it_defines() {
        for (name, _) in PACKS {
            let pack = Pack::named(name).unwrap();
            let subjects: HashSet<&str> = pack.subjects.list.iter().map(|s| s.0.as_str()).collect();
            let names: HashSet<&str> = pack.subjects.list.iter().map(|s| s.1.as_str()).collect();
            assert_eq!(subjects.len(), names.len(), "a subject is listed twice");
            let schemes: HashSet<&str> = pack.schemes.iter().map(|s| s.code.as_str()).collect();
            for level in &pack.levels {
                assert!(
                    schemes.contains(level.score_scheme.as_str()),
                    "{}",
                    level.code
                );
                assert!(
                    schemes.contains(level.level_scheme.as_str()),
                    "{}",
                    level.code
                );
                let mut known_here = HashSet::new();
                for offering in level.offerings() {
                    assert!(subjects.contains(offering.subject), "{}", offering.subject);
                    assert!(
                        known_here.insert(offering.subject),
                        "{} twice",
                        offering.subject
                    );
                }
            }
        }
    }

    #[test]
    fn the_kenyan_pack_has_the_rationalised_numbers_of_subjects() {
        let pack = Pack::named("ke-cbe").unwrap();
        let taken = |level: &str| {
            let level = pack.levels.iter().find(|l| l.code == level).unwrap();
            level.offerings().iter().filter(|o| o.by_default).count()
        };
        assert_eq!(
            (
                taken("lower-primary"),
                taken("upper-primary"),
                taken("junior"),
                taken("senior")
            ),
            (7, 8, 9, 4)
        );
    }

    #[test]
    fn within_a_level_no_name_stands_for_two_subjects() {
        let pack = Pack::named("ke-cbe").unwrap();
        for level in &pack.levels {
            let mut seen: HashSet<(String, &str)> = HashSet::new();
            let mut spellings: HashSet<String> = HashSet::new();
            for offering in level.offerings() {
                let (code, name, _, aliases) = pack
                    .subjects
                    .list
                    .iter()
                    .find(|s| s.0 == offering.subject)
                    .unwrap();
                for text in [code, name].into_iter().chain(aliases) {
                    if seen.insert((fold(text), code)) {
                        assert!(spellings.insert(fold(text)), "{text} in {}", level.code);
                    }
                }
            }
        }
    }

    #[test]
    fn an_unknown_pack_is_named_with_those_there_are() {
        assert!(Pack::named("mars").is_err());
    }
}
