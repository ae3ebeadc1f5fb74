//! A package in memory: checked, and what it holds.

use crate::archive;
use crate::component;
use crate::digest::{Digest, listing};
use crate::error::{PackageError, size};
use crate::limits::{ENTRIES, FILE_BYTES, UNPACKED_BYTES};
use crate::manifest::Manifest;
use crate::name::{COMPONENT, FIXTURES, Kind, LICENCE, MANIFEST, README, SCHEMA, SIGNATURES, kind};
use crate::settings::{SettingsProblem, SettingsSchema};
use crate::signing;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// A plugin package. Whoever has one knows that its files are those a package has, within their limits, that its
/// manifest is sound and that its schema is one; not that its component runs or that anybody signed it.
#[derive(Clone)]
pub struct Package {
    /// By name; sorted, which makes the listing canonical.
    files: BTreeMap<String, Arc<[u8]>>,
    manifest: Manifest,
    component: Arc<[u8]>,
    schema: Option<Arc<SettingsSchema>>,
    readme: Arc<str>,
    licence: Arc<str>,
    listing: String,
}

impl Package {
    /// Reads a package file. It uses memory for the unpacked files only, at most 128 MiB.
    ///
    /// # Errors
    /// When the file is over a limit of [`limits`](crate::limits), is damaged, could be read in two ways, or
    /// holds anything that is not sound: see [`PackageError`].
    pub fn read(bytes: &[u8]) -> Result<Self, PackageError> {
        if bytes.len() as u64 > FILE_BYTES {
            return Err(PackageError::too_large("the package", FILE_BYTES));
        }
        let entries = archive::entries(bytes).map_err(PackageError::Archive)?;
        // All that is declared is checked before anything is unpacked, and unpacking stops at what was declared.
        let mut names = Names::default();
        for entry in &entries {
            names.add(entry.name, u64::from(entry.size))?;
        }
        let mut files = BTreeMap::new();
        for entry in &entries {
            let content = entry.unpack().map_err(|problem| PackageError::file(entry.name, problem))?;
            files.insert(entry.name.to_owned(), content.into());
        }
        Self::checked(files)
    }

    /// The package as a file. The same files give the same bytes on every system, as long as it is written by
    /// the same version of Posthouse; the [digest](Self::digest) stays the same whatever writes it.
    ///
    /// # Errors
    /// When the file would be larger than 64 MiB.
    pub fn write(&self) -> Result<Vec<u8>, PackageError> {
        let files = self.files.iter().map(|(name, content)| (name.as_str(), &content[..]));
        let bytes = archive::write(files).map_err(PackageError::Archive)?;
        if bytes.len() as u64 > FILE_BYTES {
            return Err(PackageError::too_large("the package", FILE_BYTES));
        }
        Ok(bytes)
    }

    /// Checks files that have been unpacked, and makes a package of them.
    fn checked(files: BTreeMap<String, Arc<[u8]>>) -> Result<Self, PackageError> {
        let mut names = Names::default();
        for (name, content) in &files {
            names.add(name, content.len() as u64)?;
        }
        let file = |name: &'static str, todo: &'static str| files.get(name).ok_or(PackageError::Missing { name, todo });
        let manifest = text(MANIFEST, file(MANIFEST, "write one; docs/packages.md has an example with every key")?)?;
        let manifest = Manifest::parse(manifest)?;
        let component = Arc::clone(file(COMPONENT, "build the plugin and give its component")?);
        if let Some(problem) = component::problem(&component) {
            return Err(PackageError::file(COMPONENT, problem));
        }
        let readme = text(README, file(README, "say in it what the plugin does and what has to be set up")?)?.into();
        let licence = text(LICENCE, file(LICENCE, "put the text of the plugin's licence into it")?)?.into();
        let schema = match files.get(SCHEMA) {
            None => None,
            Some(bytes) => {
                let schema = SettingsSchema::parse(text(SCHEMA, bytes)?);
                Some(Arc::new(schema.map_err(|problem| PackageError::file(SCHEMA, problem))?))
            }
        };
        for (name, bytes) in &files {
            if let Ok(Kind::Signature(id)) = kind(name) {
                let sound = signing::signature_problem(text(name, bytes)?, id);
                sound.map_or(Ok(()), |problem| Err(PackageError::file(name, problem)))?;
            }
        }
        let listed = files.iter().filter(|(name, _)| !name.starts_with(SIGNATURES));
        let listing = listing(listed.map(|(name, content)| (name.as_str(), &content[..])));
        Ok(Self { manifest, component, schema, readme, licence, listing, files })
    }

    /// What the plugin is and asks for.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The component's bytes.
    #[must_use]
    pub fn component(&self) -> &Arc<[u8]> {
        &self.component
    }

    /// What settings the plugin takes, when it says so.
    #[must_use]
    pub fn schema(&self) -> Option<&SettingsSchema> {
        self.schema.as_deref()
    }

    /// The text for people, Markdown. From outside: never show it as markup without cleaning it.
    #[must_use]
    pub fn readme(&self) -> &str {
        &self.readme
    }

    /// The licence's text.
    #[must_use]
    pub fn licence(&self) -> &str {
        &self.licence
    }

    /// The test fixtures with their names beneath `fixtures/`, sorted by name.
    pub fn fixtures(&self) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        self.files.iter().filter_map(|(name, content)| Some((name.strip_prefix(FIXTURES)?, content)))
    }

    /// The signatures, each with the id of the key that it says it was made with, sorted by it. Nothing is said
    /// about whether they are good: see [`verify`](Self::verify).
    pub fn signatures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(name, content)| match kind(name) {
            Ok(Kind::Signature(id)) => Some((id, std::str::from_utf8(content).ok()?)),
            _ => None,
        })
    }

    /// All files with their names, sorted by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        self.files.iter().map(|(name, content)| (name.as_str(), content))
    }

    /// The listing that is hashed and signed: a first line `posthouse-package-1`, then for every file but the
    /// signatures, sorted by name, its SHA-256, its size in bytes and its name, with two spaces between.
    #[must_use]
    pub fn listing(&self) -> &str {
        &self.listing
    }

    /// What this package is: the SHA-256 of its [listing](Self::listing). Packing it again or signing it does
    /// not change it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.listing.as_bytes())
    }

    /// Whether the plugin takes these settings. A package without a schema takes any.
    ///
    /// # Errors
    /// Everything that is wrong, at most 50 problems, each with its place in the settings.
    pub fn validate_settings(&self, settings: &serde_json::Value) -> Result<(), Vec<SettingsProblem>> {
        self.schema.as_ref().map_or(Ok(()), |schema| schema.validate(settings))
    }

    /// The same package with this signature, in place of one by the same key.
    pub(crate) fn with_signature(&self, key_id: &str, signature: &str) -> Result<Self, PackageError> {
        let mut files = self.files.clone();
        files.insert(format!("{SIGNATURES}{key_id}.minisig"), signature.as_bytes().into());
        Self::checked(files)
    }
}

/// Two packages are equal when all their files are, signatures included.
impl PartialEq for Package {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl Eq for Package {}

impl fmt::Debug for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Package")
            .field("id", &self.manifest.id)
            .field("version", &self.manifest.version)
            .field("digest", &self.digest())
            .field("files", &self.files.keys())
            .finish_non_exhaustive()
    }
}

/// Puts a package together from files in memory.
#[derive(Clone, Debug, Default)]
pub struct PackageBuilder {
    files: BTreeMap<String, Arc<[u8]>>,
}

impl PackageBuilder {
    /// With nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The manifest as text, `plugin.toml`.
    #[must_use]
    pub fn manifest(self, text: impl Into<String>) -> Self {
        self.file(MANIFEST, text.into().into_bytes())
    }

    /// The component's bytes.
    #[must_use]
    pub fn component(self, bytes: impl Into<Arc<[u8]>>) -> Self {
        self.file(COMPONENT, bytes)
    }

    /// The JSON Schema of the settings, as text.
    #[must_use]
    pub fn schema(self, text: impl Into<String>) -> Self {
        self.file(SCHEMA, text.into().into_bytes())
    }

    /// The text for people, Markdown.
    #[must_use]
    pub fn readme(self, text: impl Into<String>) -> Self {
        self.file(README, text.into().into_bytes())
    }

    /// The licence's text.
    #[must_use]
    pub fn licence(self, text: impl Into<String>) -> Self {
        self.file(LICENCE, text.into().into_bytes())
    }

    /// A test fixture, by its name beneath `fixtures/`.
    #[must_use]
    pub fn fixture(self, name: &str, content: impl Into<Arc<[u8]>>) -> Self {
        self.file(&format!("{FIXTURES}{name}"), content)
    }

    /// Any file, by its whole name in the package. It takes the place of one of the same name.
    #[must_use]
    pub fn file(mut self, name: &str, content: impl Into<Arc<[u8]>>) -> Self {
        self.files.insert(name.to_owned(), content.into());
        self
    }

    /// The package.
    ///
    /// # Errors
    /// As [`Package::read`], except for what concerns the archive.
    pub fn build(self) -> Result<Package, PackageError> {
        Package::checked(self.files)
    }
}

/// The names of a package's files, as they come in.
#[derive(Default)]
struct Names {
    /// In lower case: a system that does not tell cases apart would take two for one.
    seen: BTreeSet<String>,
    unpacked: u64,
}

impl Names {
    /// Notes one more file, with its size in bytes.
    fn add(&mut self, name: &str, bytes: u64) -> Result<(), PackageError> {
        let kind = kind(name).map_err(|problem| PackageError::file(name, problem))?;
        if bytes > kind.limit() {
            return Err(PackageError::too_large(name, kind.limit()));
        }
        self.unpacked = self.unpacked.saturating_add(bytes);
        if self.unpacked > UNPACKED_BYTES {
            return Err(PackageError::too_large("the sum of all files, unpacked,", UNPACKED_BYTES));
        }
        let lower = name.to_ascii_lowercase();
        let below = format!("{lower}/");
        let beneath = self.seen.range(below.clone()..).next().is_some_and(|next| next.starts_with(&below));
        let above = lower.match_indices('/').any(|(at, _)| self.seen.contains(&lower[..at]));
        if beneath || above {
            return Err(PackageError::file(name, "one name is a file and a folder at once: rename one of them"));
        }
        if !self.seen.insert(lower) {
            return Err(PackageError::file(name, "two files have this name (cases count as one): rename one of them"));
        }
        if self.seen.len() > ENTRIES {
            return Err(PackageError::TooLarge { what: "the package".into(), limit: format!("{ENTRIES} files") });
        }
        Ok(())
    }
}

/// A file that is text.
fn text<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, PackageError> {
    std::str::from_utf8(bytes)
        .map_err(|e| PackageError::file(name, format!("byte {} is not UTF-8: save it as UTF-8", e.valid_up_to() + 1)))
}

/// Reads a file of a project that may have at most so many bytes.
pub(crate) fn read_bounded(path: &std::path::Path, limit: u64) -> Result<Vec<u8>, PackageError> {
    use std::io::Read as _;
    let folder_error = |problem: String| PackageError::Folder { path: path.display().to_string(), problem };
    let file = std::fs::File::open(path).map_err(|e| folder_error(format!("cannot be read: {e}")))?;
    let mut bytes = Vec::new();
    // One byte more tells that there is more.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| folder_error(format!("cannot be read: {e}")))?;
    if bytes.len() as u64 > limit {
        return Err(folder_error(format!("is over the limit of {}: make it smaller", size(limit))));
    }
    Ok(bytes)
}
