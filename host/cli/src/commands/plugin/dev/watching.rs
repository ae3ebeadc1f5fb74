//! Word of changes in a project's folder.

use crate::failure::{Failure, Result};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use posthouse_kit::sources::is_source;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::{Instant, timeout};

/// A change counts once nothing has happened for so long: editors write in several steps.
const REST: Duration = Duration::from_millis(150);

/// Even when it does not come to rest, a change counts after this.
const REST_MAX: Duration = Duration::from_secs(2);

/// Watches the sources of one project. What builds leave behind is not watched: it can be tens of thousands of files.
pub(super) struct Watching {
    watcher: RecommendedWatcher,
    dir: PathBuf,
    folders: BTreeSet<PathBuf>,
    news: Receiver<notify::Result<()>>,
}

impl Watching {
    /// # Errors
    /// The system cannot watch the folder.
    pub fn start(dir: &Path) -> Result<Self> {
        // The system names files by their real path.
        let dir = dir.canonicalize()?;
        // One waiting word stands for any number of changes.
        let (sender, news) = mpsc::channel(1);
        let root = dir.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let word = match event {
                Ok(event) if !matters(&event, &root) => return,
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            let _ = sender.try_send(word);
        })?;
        let mut watching = Self { watcher, dir, folders: BTreeSet::new(), news };
        watching.watcher.watch(&watching.dir, RecursiveMode::NonRecursive)?;
        watching.add_folders()?;
        Ok(watching)
    }

    /// Waits for the next change, and until the folder has come to rest.
    ///
    /// # Errors
    /// The folder is gone, or can no longer be watched.
    pub async fn next(&mut self) -> Result<()> {
        self.word().await?;
        let end = Instant::now() + REST_MAX;
        while Instant::now() < end {
            match timeout(REST, self.news.recv()).await {
                Ok(Some(word)) => word?,
                Ok(None) | Err(_) => break,
            }
        }
        if !self.dir.is_dir() {
            return Err(Failure::new(format!("{} is gone", self.dir.display())));
        }
        self.add_folders()
    }

    async fn word(&mut self) -> Result<()> {
        match self.news.recv().await {
            Some(word) => Ok(word?),
            None => Err(Failure::new("the watcher ended")),
        }
    }

    /// Folders of sources at the top of the project, those made since too.
    fn add_folders(&mut self) -> Result<()> {
        self.folders.retain(|folder| folder.is_dir());
        for entry in std::fs::read_dir(&self.dir)?.flatten() {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && is_source(Path::new(&entry.file_name())) && !self.folders.contains(&path) {
                self.watcher.watch(&path, RecursiveMode::Recursive)?;
                self.folders.insert(path);
            }
        }
        Ok(())
    }
}

/// Whether a source may have changed. That somebody read one is no change.
fn matters(event: &Event, dir: &Path) -> bool {
    let written = notify::event::AccessKind::Close(notify::event::AccessMode::Write);
    let read = matches!(event.kind, notify::EventKind::Access(kind) if kind != written);
    !read && event.paths.iter().any(|path| is_source(path.strip_prefix(dir).unwrap_or(path)))
}
