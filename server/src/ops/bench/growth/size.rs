//! How large a school is, and whether there is time and room for it.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;

/// Students for each teacher, rounded: 10,000 have 3,000.
const STUDENTS_OF_TEN_TEACHERS: usize = 33;
/// What a mark takes on the disk with its line of history, indexes and journals, and some more.
const BYTES_OF_MARK: u64 = 700;

/// The size of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchoolSize {
    pub students: usize,
    pub marks: u64,
}

impl FromStr for SchoolSize {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (students, marks) = text
            .split_once(':')
            .with_context(|| format!("{text:?} is not STUDENTS:MARKS, such as 1000:20000"))?;
        let number = |text: &str| {
            let number = text.parse::<u32>().ok().filter(|number| *number > 0);
            number.with_context(|| format!("{text:?} is no number above 0"))
        };
        Ok(Self {
            students: usize::try_from(number(students)?)?,
            marks: number(marks)?.into(),
        })
    }
}

impl SchoolSize {
    pub fn teachers(self) -> usize {
        (self.students * 10 / STUDENTS_OF_TEN_TEACHERS).max(1)
    }

    /// Why it is left out, as far as time goes: nearly all of a step is making the school.
    pub fn does_not_fit(self, before: Self, took: Duration, left: Duration) -> Option<String> {
        let times = u32::try_from(self.marks.div_ceil(before.marks)).unwrap_or(u32::MAX);
        let takes = took.saturating_mul(times);
        (takes > left).then(|| {
            format!(
                "it would take about {} s, and {} s are left",
                takes.as_secs(),
                left.as_secs()
            )
        })
    }

    /// Why it is left out, as far as the disk goes on which this folder is.
    pub fn does_not_fit_on(self, folder: &Path) -> anyhow::Result<Option<String>> {
        let disk = rustix::fs::statvfs(folder).context("cannot tell how full the disk is")?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let needs = self.marks.saturating_mul(BYTES_OF_MARK);
        Ok((needs > free).then(|| {
            format!(
                "it would take about {} MB of the disk, and {} MB are free",
                needs / 1_000_000,
                free / 1_000_000
            )
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_students_and_marks() {
        let size: SchoolSize = "10000:1800000".parse().unwrap();
        assert_eq!((size.students, size.marks), (10_000, 1_800_000));
        assert_eq!(size.teachers(), 3_030);
        for wrong in [
            "",
            "1000",
            "1000:",
            "a:1",
            "1:-1",
            "0:1",
            "1:0",
            "1:99999999999",
        ] {
            assert!(wrong.parse::<SchoolSize>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_size_that_would_take_too_long_is_left_out() {
        let [small, large] = [1_000, 10_000].map(|marks| SchoolSize { students: 1, marks });
        let seconds = Duration::from_secs;
        let fits = large.does_not_fit(small, seconds(6), seconds(60));
        assert_eq!(fits, None);
        let why = large.does_not_fit(small, seconds(7), seconds(60)).unwrap();
        assert_eq!(why, "it would take about 70 s, and 60 s are left");
    }

    #[test]
    fn a_size_that_no_disk_holds_is_left_out() {
        let size = |marks| SchoolSize { students: 1, marks };
        let folder = std::env::temp_dir();
        assert!(size(u64::MAX).does_not_fit_on(&folder).unwrap().is_some());
        assert_eq!(size(1).does_not_fit_on(&folder).unwrap(), None);
    }
}
