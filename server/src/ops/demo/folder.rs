//! A private folder that goes when it is no longer needed.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

pub struct Folder(PathBuf);

impl Folder {
    /// Makes a folder that nobody else may enter. Its path is short: a socket in it has to fit.
    pub fn make() -> anyhow::Result<Self> {
        let name = format!("hillview-demo-{:08x}", rand::random::<u32>());
        let path = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "the demonstration's folder stays");
        }
    }
}
