//! Which paper somebody means, by the names that people use: on a column of a file, in a call.

use hillview_shared::text::fold;

use crate::db::imports::marks::SheetHead;
use crate::db::sheets::Named;

/// A paper under its names. The only paper of a subject has an empty code and name.
#[derive(Clone, Debug)]
pub struct PaperNames {
    pub subject_code: String,
    pub subject: String,
    pub subject_short: String,
    /// Folded, between bars.
    pub aliases: String,
    pub code: String,
    pub name: String,
}

/// What a heading means among the papers of a class.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The paper at this place.
    Paper(usize),
    /// A subject with several papers, at these places.
    Several(Vec<usize>),
    Nothing,
}

impl PaperNames {
    /// `English / Grammar`, or `Mathematics` where there is one paper.
    pub fn label(&self) -> String {
        match self.name.as_str() {
            "" => self.subject.clone(),
            name => format!("{} / {name}", self.subject),
        }
    }

    fn subject_keys(&self) -> impl Iterator<Item = String> {
        [&self.subject_code, &self.subject, &self.subject_short]
            .into_iter()
            .map(String::as_str)
            .chain(self.aliases.split('|'))
            .map(key)
            .filter(|key| !key.is_empty())
    }

    fn paper_keys(&self) -> impl Iterator<Item = String> {
        [&self.code, &self.name]
            .into_iter()
            .map(|name| key(name))
            .filter(|key| !key.is_empty())
    }

    /// Whether a key is the subject and the paper together, or the subject where it has one paper.
    fn is_whole(&self, wanted: &str) -> bool {
        if self.code.is_empty() && self.name.is_empty() {
            return self.subject_keys().any(|subject| subject == wanted);
        }
        self.subject_keys().any(|subject| {
            wanted
                .strip_prefix(&subject)
                .is_some_and(|paper| self.paper_keys().any(|known| known == paper))
        })
    }
}

impl From<&SheetHead> for PaperNames {
    fn from(head: &SheetHead) -> Self {
        Self {
            subject_code: head.subject_code.clone(),
            subject: head.subject.clone(),
            subject_short: head.subject_short.clone(),
            aliases: head.aliases.clone(),
            code: head.paper_code.clone(),
            name: head.paper_name.clone(),
        }
    }
}

impl From<&Named> for PaperNames {
    fn from(sheet: &Named) -> Self {
        Self {
            subject_code: sheet.subject_code.clone(),
            subject: sheet.subject.clone(),
            subject_short: sheet.subject_short.clone(),
            aliases: sheet.aliases.clone(),
            code: sheet.paper_code.clone(),
            name: sheet.paper_name.clone(),
        }
    }
}

/// A name without case, punctuation and space: `Adm. No` and `admission_no` become alike to
/// their kind. `and` goes, because people write `&` for it.
pub fn key(name: &str) -> String {
    fold(name)
        .split(' ')
        .filter(|word| *word != "and" && *word != "na")
        .collect()
}

/// Finds the paper that is meant: subject and paper together (`ENG/GRAM`), a subject that has one
/// paper, or a paper's own name where only one paper has it.
pub fn meaning(papers: &[PaperNames], heading: &str) -> Meaning {
    let wanted = key(heading);
    if wanted.is_empty() {
        return Meaning::Nothing;
    }
    let places = |is: &dyn Fn(&PaperNames) -> bool| -> Vec<usize> {
        let fitting = papers.iter().enumerate().filter(|(_, paper)| is(paper));
        fitting.map(|(place, _)| place).collect()
    };
    // A code or name outranks an alias: Science may be one subject's name and another's alias.
    let exact = places(&|paper| {
        let whole = [&paper.subject_code, &paper.subject].map(|name| key(name));
        paper.code.is_empty() && whole.contains(&wanted)
    });
    if let [only] = exact[..] {
        return Meaning::Paper(only);
    }
    let whole = places(&|paper| paper.is_whole(&wanted));
    let subject = places(&|paper| paper.subject_keys().any(|subject| subject == wanted));
    let own = places(&|paper| paper.paper_keys().any(|paper| paper == wanted));
    match (&whole[..], &subject[..], &own[..]) {
        ([only], _, _) | ([], [], [only]) | ([], [only], _) => Meaning::Paper(*only),
        ([], [], []) => Meaning::Nothing,
        (several @ [_, ..], _, _) | ([], several @ [_, ..], _) | ([], [], several) => {
            Meaning::Several(several.to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(names: [&str; 6]) -> PaperNames {
        let [subject_code, subject, subject_short, aliases, code, name] = names.map(str::to_owned);
        PaperNames {
            subject_code,
            subject,
            subject_short,
            aliases,
            code,
            name,
        }
    }

    #[test]
    fn headings_find_their_paper() {
        let papers = [
            paper(["ENG", "English", "English", "engl", "GRAM", "Grammar"]),
            paper(["ENG", "English", "English", "engl", "COMP", "Composition"]),
            paper([
                "MAT",
                "Mathematics",
                "Maths",
                "math|core mathematics",
                "",
                "",
            ]),
            paper(["SCT", "Science & Technology", "Sci Tech", "science", "", ""]),
            paper(["CHE", "Chemistry", "Chemistry", "", "1", "Paper 1"]),
            paper(["CHE", "Chemistry", "Chemistry", "", "2", "Paper 2"]),
            paper(["BIO", "Biology", "Biology", "", "1", "Paper 1"]),
        ];
        for (heading, meant) in [
            ("English / Grammar", Meaning::Paper(0)),
            ("ENG/GRAM", Meaning::Paper(0)),
            ("eng gram", Meaning::Paper(0)),
            ("Engl-Composition", Meaning::Paper(1)),
            ("Composition", Meaning::Paper(1)),
            ("COMP", Meaning::Paper(1)),
            ("English", Meaning::Several(vec![0, 1])),
            ("English (Grammar)", Meaning::Paper(0)),
            ("Paper 1", Meaning::Several(vec![4, 6])),
            ("MATHS", Meaning::Paper(2)),
            ("Math.", Meaning::Paper(2)),
            ("Science and Technology", Meaning::Paper(3)),
            ("Science", Meaning::Paper(3)),
            ("Chem Paper 2", Meaning::Nothing),
            ("Chemistry Paper 2", Meaning::Paper(5)),
            ("CHE/1", Meaning::Paper(4)),
            ("Biology", Meaning::Paper(6)),
            ("French", Meaning::Nothing),
            ("", Meaning::Nothing),
        ] {
            assert_eq!(meaning(&papers, heading), meant, "{heading:?}");
        }
    }

    #[test]
    fn a_name_outranks_an_alias() {
        let papers = [
            paper(["SCT", "Science & Technology", "Sci Tech", "science", "", ""]),
            paper(["SCI", "Science", "Science", "", "", ""]),
        ];
        assert_eq!(meaning(&papers, "Science"), Meaning::Paper(1));
    }
}
