//! The JSON files of a folder, and what is read out of them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// What was measured, by the name of its file: `login-sqlite`, `growth-mariadb`.
pub struct Records {
    by_name: BTreeMap<String, Value>,
    /// Their folder, as a page beside it names it; nothing where the page is in it.
    pub folder: String,
}

impl Records {
    /// The records of a folder, for a page.
    pub fn read(folder: &Path, page: &Path) -> anyhow::Result<Self> {
        let mut records = BTreeMap::new();
        let files = std::fs::read_dir(folder)
            .with_context(|| format!("cannot read the folder {}", folder.display()))?;
        for file in files {
            let path = file?.path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let text = std::fs::read_to_string(&path)?;
            let record = serde_json::from_str(&text)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            records.insert(name.into_owned(), record);
        }
        let beside = page
            .parent()
            .and_then(|around| folder.strip_prefix(around).ok());
        let named = beside.unwrap_or(folder).display().to_string();
        Ok(Self {
            by_name: records,
            folder: if named.is_empty() { named } else { named + "/" },
        })
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.by_name.get(name)
    }

    pub fn all(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.by_name
            .iter()
            .map(|(name, record)| (name.as_str(), record))
    }
}

/// The number at a path such as `login/p50`.
pub fn number(at: &Value, path: &str) -> Option<f64> {
    find(at, path)?.as_f64()
}

/// The rows of the list at a path; none when there is no such list.
pub fn rows<'a>(at: &'a Value, path: &str) -> Vec<&'a Value> {
    let rows = find(at, path).and_then(Value::as_array);
    rows.into_iter().flatten().collect()
}

/// The value at a path; the empty path is the value itself.
pub fn find<'a>(at: &'a Value, path: &str) -> Option<&'a Value> {
    match path {
        "" => Some(at),
        path => at.pointer(&format!("/{path}")),
    }
}
