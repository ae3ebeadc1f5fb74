//! The plugin API's promise, held by a check: a released version never changes, and what grows in `wit/next` only adds
//! functions, interfaces and worlds, so that a component built for any release runs on every later host.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use wit_parser::{Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, WorldItem};

/// What stands for each released folder in `wit/released.txt`: its version and the SHA-256 of its files.
const RELEASED: &str = "released.txt";
/// Where the next version grows.
const NEXT: &str = "next";

/// Checks the folder `wit` of a checkout; says what was checked.
///
/// # Errors
/// Names every file and every item that breaks the promise.
pub fn check(wit: &Path) -> Result<String> {
    let released = read_released(wit)?;
    let mut faults = Vec::new();
    for entry in fs::read_dir(wit).with_context(|| format!("cannot read {}", wit.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != NEXT && !released.contains_key(&name) {
            faults.push(format!("wit/{name} is no released version: run `cargo xtask api release {name}`"));
        }
    }
    for (version, digest) in &released {
        let found = digest_of(&wit.join(version))?;
        if found != *digest {
            faults.push(format!(
                "wit/{version} was released and must never change, but it did (it is {found}, it was {digest}): take the change \
                 back, and make it in wit/{NEXT}"
            ));
        }
    }
    let mut line: Vec<&str> = released.keys().map(String::as_str).collect();
    line.sort_by_key(|version| numbers(version));
    line.push(NEXT);
    for two in line.windows(2) {
        let (old, new) = (Shape::read(&wit.join(two[0]))?, Shape::read(&wit.join(two[1]))?);
        faults.extend(old.broken_by(&new).into_iter().map(|fault| format!("wit/{} → wit/{}: {fault}", two[0], two[1])));
    }
    if faults.is_empty() {
        return Ok(format!("{} released, wit/{NEXT} only adds to it", released.len()));
    }
    bail!("{}", faults.join("\n"))
}

/// Makes `wit/next` the released version of this number.
///
/// # Errors
/// When it is released already, is not what `wit/next` says it is, or the check fails.
pub fn release(wit: &Path, version: &str) -> Result<()> {
    check(wit)?;
    let mut released = read_released(wit)?;
    if released.contains_key(version) {
        bail!("{version} is released already: a released version never changes");
    }
    let next = wit.join(NEXT);
    let shape = Shape::read(&next)?;
    if shape.version != format!("{version}.0") {
        bail!("wit/{NEXT} is version {}, not {version}.0: set it in wit/{NEXT}/package.wit", shape.version);
    }
    let folder = wit.join(version);
    fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, bytes) in files_of(&next)? {
        fs::write(folder.join(name), bytes)?;
    }
    released.insert(version.to_owned(), digest_of(&folder)?);
    let lines: String = released.iter().map(|(version, digest)| format!("{version} {digest}\n")).collect();
    fs::write(wit.join(RELEASED), lines)?;
    Ok(())
}

fn read_released(wit: &Path) -> Result<BTreeMap<String, String>> {
    let path = wit.join(RELEASED);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .map(|line| {
            let (version, digest) =
                line.split_once(' ').with_context(|| format!("{RELEASED}: `{line}` is no entry"))?;
            Ok((version.to_owned(), digest.to_owned()))
        })
        .collect()
}

/// `1.10` after `1.9`.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}

fn files_of(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        files.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), fs::read(&path)?);
    }
    Ok(files)
}

fn digest_of(folder: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for (name, bytes) in files_of(folder)? {
        hash.update(format!("{name} {}\n", bytes.len()));
        hash.update(bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A version of the API as text that can be compared, without comments.
struct Shape {
    version: String,
    /// Interface → type → what it is.
    types: BTreeMap<String, BTreeMap<String, String>>,
    /// Interface → function → its signature.
    functions: BTreeMap<String, BTreeMap<String, String>>,
    /// World → what it imports and exports.
    worlds: BTreeMap<String, BTreeMap<String, String>>,
}

impl Shape {
    fn read(folder: &Path) -> Result<Self> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let package = &resolve.packages[package];
        let version = package.name.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut shape = Self { version, types: BTreeMap::new(), functions: BTreeMap::new(), worlds: BTreeMap::new() };
        for (name, id) in &package.interfaces {
            let interface = &resolve.interfaces[*id];
            let types = interface.types.iter().map(|(name, id)| (name.clone(), definition(&resolve, *id))).collect();
            shape.types.insert(name.clone(), types);
            let functions = interface.functions.iter().map(|(name, function)| {
                let parameters: Vec<String> =
                    function.params.iter().map(|p| format!("{}: {}", p.name, in_words(&resolve, &p.ty))).collect();
                let result = function.result.as_ref().map(|ty| in_words(&resolve, ty)).unwrap_or_default();
                (name.clone(), format!("{:?} ({}) -> {result}", kind(&function.kind), parameters.join(", ")))
            });
            shape.functions.insert(name.clone(), functions.collect());
        }
        for (name, id) in &package.worlds {
            let world = &resolve.worlds[*id];
            let mut items = BTreeMap::new();
            for (direction, list) in [("import", &world.imports), ("export", &world.exports)] {
                for item in list.values() {
                    let WorldItem::Interface { id, .. } = item else {
                        bail!("{}: world {name} has an item that is no interface", folder.display())
                    };
                    items.insert(format!("{direction} {}", interface_name(&resolve, *id)), String::new());
                }
            }
            shape.worlds.insert(name.clone(), items);
        }
        Ok(shape)
    }

    /// What of this version is not in the next one as it was, or was added where nothing may be.
    fn broken_by(&self, next: &Self) -> Vec<String> {
        let mut faults = Vec::new();
        for (what, old, new) in [
            ("type", &self.types, &next.types),
            ("function", &self.functions, &next.functions),
            ("world", &self.worlds, &next.worlds),
        ] {
            for (place, items) in old {
                let Some(now) = new.get(place) else {
                    faults.push(format!("`{place}` is gone: what was released stays"));
                    continue;
                };
                for (name, was) in items {
                    match now.get(name) {
                        None => faults.push(format!("{what} `{place}`: `{name}` is gone: what was released stays")),
                        Some(is) if is != was => faults.push(format!(
                            "{what} `{place}`: `{name}` was `{was}` and is now `{is}`: leave it, and add a function beside it"
                        )),
                        Some(_) => {}
                    }
                }
                for name in now.keys().filter(|name| !items.contains_key(*name)) {
                    match what {
                        "type" => faults.push(format!(
                            "`{place}` gained the type `{name}`: a new type belongs to a new interface, or old components no longer \
                             fit"
                        )),
                        "world" if name.starts_with("export ") => faults.push(format!(
                            "world `{place}` gained `{name}`, which no old component has: make another world"
                        )),
                        _ => {}
                    }
                }
            }
        }
        faults.sort();
        faults.dedup();
        faults
    }
}

/// The kind without the ids that differ from reading to reading.
fn kind(kind: &wit_parser::FunctionKind) -> &'static str {
    use wit_parser::FunctionKind as Kind;
    match kind {
        Kind::Freestanding => "function",
        Kind::Method(_) => "method",
        Kind::Static(_) => "static",
        Kind::Constructor(_) => "constructor",
        _ => "another kind",
    }
}

fn interface_name(resolve: &Resolve, id: InterfaceId) -> String {
    resolve.interfaces[id].name.clone().unwrap_or_default()
}

/// A named type as it is declared.
fn definition(resolve: &Resolve, id: TypeId) -> String {
    let field = |name: &str, ty: &Type| format!("{name}: {}", in_words(resolve, ty));
    let optional = |ty: &Option<Type>| ty.as_ref().map(|ty| in_words(resolve, ty)).unwrap_or_default();
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => {
            let fields: Vec<String> = record.fields.iter().map(|f| field(&f.name, &f.ty)).collect();
            format!("record {{ {} }}", fields.join(", "))
        }
        TypeDefKind::Variant(variant) => {
            let cases: Vec<String> = variant.cases.iter().map(|c| format!("{}({})", c.name, optional(&c.ty))).collect();
            format!("variant {{ {} }}", cases.join(", "))
        }
        TypeDefKind::Enum(list) => {
            format!("enum {{ {} }}", list.cases.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Flags(list) => {
            format!("flags {{ {} }}", list.flags.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Type(ty) => format!("= {}", in_words(resolve, ty)),
        other => structure(resolve, other),
    }
}

/// A type where it is used: by its name, if it has one.
fn in_words(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else { return format!("{ty:?}").to_lowercase() };
    let definition = &resolve.types[*id];
    match &definition.name {
        Some(name) => match definition.owner {
            wit_parser::TypeOwner::Interface(owner) => format!("{}.{name}", interface_name(resolve, owner)),
            _ => name.clone(),
        },
        None => structure(resolve, &definition.kind),
    }
}

fn structure(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let words = |ty: &Type| in_words(resolve, ty);
    let optional = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".to_owned(), words);
    match kind {
        TypeDefKind::Handle(Handle::Own(id)) => words(&Type::Id(*id)),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", words(&Type::Id(*id))),
        TypeDefKind::Option(ty) => format!("option<{}>", words(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", words(ty)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", optional(&result.ok), optional(&result.err)),
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", tuple.types.iter().map(words).collect::<Vec<_>>().join(", ")),
        other => other.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::PathBuf;

    const OLD: &str = "package posthouse:plugin@1.0.0;\n\
        interface types { record span { start: u32, end: u32 } enum mood { good, bad } }\n\
        interface desk { use types.{span, mood}; resource message { subject: func() -> string; mark: func(at: option<span>) -> result<_, string>; } }\n\
        interface classify { use desk.{message}; run: func(m: borrow<message>) -> list<string>; }\n\
        world classifier { import desk; export classify; }\n";

    /// A folder `wit` with version 1.0 released and this text as the next.
    struct Wit(PathBuf);

    impl Wit {
        fn with_next(name: &str, next: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("posthouse-wit-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            for (version, text) in [("1.0", OLD), ("next", next)] {
                fs::create_dir_all(folder.join(version)).unwrap();
                fs::write(folder.join(version).join("plugin.wit"), text).unwrap();
            }
            fs::write(folder.join(RELEASED), format!("1.0 {}\n", digest_of(&folder.join("1.0")).unwrap())).unwrap();
            Self(folder)
        }
    }

    impl Drop for Wit {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn next(change: impl Fn(String) -> String) -> String {
        change(OLD.replace("@1.0.0", "@1.1.0"))
    }

    #[test]
    fn functions_interfaces_and_worlds_may_be_added() {
        let text = next(|text| {
            text.replace(
                "subject: func() -> string;",
                "/// New.\n@since(version = 1.1.0)\nbody: func() -> string; subject: func() -> string;",
            )
            .replace("run: func", "describe: func() -> string; run: func")
                + "interface extra { use desk.{message}; record more { a: u8 } look: func(m: borrow<message>) -> more; }\n\
                   world other { import extra; export classify; }\n"
        });
        let text = text.replace("world classifier { import desk;", "world classifier { import desk; import extra;");
        let wit = Wit::with_next("added", &text);
        assert_eq!(check(&wit.0).unwrap(), "1 released, wit/next only adds to it");
    }

    #[test]
    fn whatever_else_changes_is_refused_and_named() {
        type Case = (&'static str, &'static dyn Fn(String) -> String, &'static str);
        let cases: [Case; 10] = [
            (
                "field",
                &|t| t.replace("end: u32", "end: u32, page: u32"),
                "type `types`: `span` was `record { start: u32, end: u32 }`",
            ),
            ("case", &|t| t.replace("good, bad", "good, bad, ugly"), "`mood` was `enum { good, bad }`"),
            ("order", &|t| t.replace("good, bad", "bad, good"), "`mood` was `enum { good, bad }`"),
            ("gone", &|t| t.replace("subject: func() -> string; ", ""), "`[method]message.subject` is gone"),
            ("signature", &|t| t.replace("-> list<string>", "-> list<u8>"), "`run` was"),
            ("parameter", &|t| t.replace("(at: option", "(place: option"), "`[method]message.mark` was"),
            (
                "new type",
                &|t| t.replace("enum mood", "record extra { a: u8 } enum mood"),
                "`types` gained the type `extra`",
            ),
            ("world gone", &|t| t.replace("world classifier", "world sorter"), "`classifier` is gone"),
            ("import gone", &|t| t.replace("import desk; export", "export"), ""),
            (
                "export",
                &|t| t.replace("export classify;", "export classify; export more;") + "interface more { f: func(); }",
                "gained `export more`",
            ),
        ];
        for (name, change, words) in cases {
            let text = next(change);
            let wit = Wit::with_next(&name.replace(' ', "-"), &text);
            let checked = check(&wit.0);
            if name == "import gone" {
                // What the export needs is imported all the same.
                assert!(checked.is_ok(), "{checked:?}");
                continue;
            }
            let error = checked.unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("wit/1.0 → wit/next"), "{name}: {error}");
        }
    }

    #[test]
    fn a_changed_byte_of_a_release_is_refused() {
        let wit = Wit::with_next("byte", &next(|t| t));
        fs::write(wit.0.join("1.0/plugin.wit"), format!("{OLD}// a comment\n")).unwrap();
        let error = check(&wit.0).unwrap_err().to_string();
        assert!(error.contains("wit/1.0 was released and must never change"), "{error}");
        fs::create_dir(wit.0.join("1.5")).unwrap();
        assert!(check(&wit.0).unwrap_err().to_string().contains("wit/1.5 is no released version"));
    }

    #[test]
    fn a_release_is_a_copy_that_is_remembered() {
        let wit = Wit::with_next("release", &next(|t| t));
        assert!(release(&wit.0, "1.2").unwrap_err().to_string().contains("wit/next is version 1.1.0, not 1.2.0"));
        release(&wit.0, "1.1").unwrap();
        assert_eq!(check(&wit.0).unwrap(), "2 released, wit/next only adds to it");
        assert_eq!(fs::read(wit.0.join("1.1/plugin.wit")).unwrap(), fs::read(wit.0.join("next/plugin.wit")).unwrap());
        assert!(release(&wit.0, "1.1").unwrap_err().to_string().contains("released already"));
    }
}
