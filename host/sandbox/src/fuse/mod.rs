//! Components whose core modules are linked when they are instantiated, made components of one core module.
//!
//! Some toolchains (componentize-py is one) leave a program in dozens of modules that import from one another through
//! tables and globals. To instantiate such a component is to link it anew: thousands of names are looked up and
//! function references made, in every call. Here that is done once. What the component does stays the same; where a component is not
//! of that make, it is left as it is.
//!
//! Modules are merged from the first that is instantiated up to the point where the component first uses one of them itself (to lift a
//! function, or to lower one with its memory). What comes after, such as the module that writes lowered functions into a
//! table, stays by itself.

mod items;
mod merge;
#[cfg(test)]
mod tests;

use items::{Item, Uses, items};
use merge::{OUTSIDE, Part, Source, kind_index, merge};
use std::collections::{BTreeSet, HashMap};
use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ExportKind, InstanceSection, ModuleArg,
    RawSection,
};
use wasmparser::{ComponentAlias, ExternalKind, Instance, Validator, WasmFeatures};

/// Changes when the same component would come out otherwise: part of the name under which what was made of it is kept.
pub(crate) const VERSION: u8 = 1;

/// Fewer modules than this are not worth it.
const MODULES_MIN: usize = 4;
/// More cannot be instantiated in any case.
const MODULES_MAX: usize = 64;
/// How often a thing may be handed on under another name before it is used.
const HANDED_ON_MAX: usize = 16;

/// A module with nothing in it stands where one was that is part of another now, so that all others keep their numbers.
const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

/// Why a component is left as it is.
#[derive(Debug)]
pub(crate) struct Cannot(&'static str);

impl std::fmt::Display for Cannot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Cannot {}

impl From<wasmparser::Error> for Cannot {
    fn from(_: wasmparser::Error) -> Self {
        Self("it cannot be read")
    }
}

impl From<Error<Cannot>> for Cannot {
    fn from(error: Error<Cannot>) -> Self {
        match error {
            Error::UserError(reason) => reason,
            _ => Self("it cannot be written anew"),
        }
    }
}

/// The component with its core modules made one.
///
/// # Errors
/// Why it is better left as it is.
pub(crate) fn fuse(component: &[u8]) -> Result<Vec<u8>, Cannot> {
    let items = items(component)?;
    let plan = Plan::new(&items)?;
    if plan.parts.len() < MODULES_MIN {
        return Err(Cannot("it has few modules"));
    }
    let fused = plan.write(&items)?;
    // What this module gets wrong must not reach anybody.
    Validator::new_with_features(WasmFeatures::all()).validate_all(&fused)?;
    Ok(fused)
}

/// What a core instance is.
enum Instanced<'a> {
    /// One of the parts.
    Part(usize),
    /// Names for things that are there, by kind and number.
    Bag(&'a [wasmparser::Export<'a>], HashMap<&'a str, (usize, u32)>),
    /// Instantiated by itself.
    Other,
}

/// Where a core thing comes from.
#[derive(Clone, Copy)]
enum Origin<'a> {
    /// An instance's export.
    Export(u32, &'a str),
    /// The component's own: a lowered function, or a resource's.
    Own,
}

/// What becomes of a component.
struct Plan<'a> {
    instances: Vec<Instanced<'a>>,
    /// By kind, then number.
    core: [Vec<Origin<'a>>; 5],
    /// The parts, in order: their modules, and the item that instantiates each.
    parts: Vec<Part<'a>>,
    modules: Vec<u32>,
    /// The item that instantiates the last part.
    last: usize,
    sources: Vec<Vec<Source>>,
    /// The component's functions that parts import, and the place of each in that list.
    outside: Vec<u32>,
    outside_at: HashMap<u32, u32>,
    uses: Uses,
}

impl<'a> Plan<'a> {
    fn new(items: &'a [Item<'a>]) -> Result<Self, Cannot> {
        let modules: Vec<&'a [u8]> = items.iter().filter_map(Item::module).collect();
        let mut plan = Self {
            instances: Vec::new(),
            core: Default::default(),
            parts: Vec::new(),
            modules: Vec::new(),
            last: 0,
            sources: Vec::new(),
            outside: Vec::new(),
            outside_at: HashMap::new(),
            uses: Uses::default(),
        };
        let mut open = true;
        for (at, item) in items.iter().enumerate() {
            match item {
                Item::Instance(Instance::Instantiate { module_index, args }) if open => {
                    // Each once: what comes of it is then no larger than what it was.
                    if plan.modules.contains(module_index) || plan.parts.len() == MODULES_MAX {
                        return Err(Cannot("it has too many modules, or one of them twice"));
                    }
                    let bytes = modules.get(*module_index as usize).ok_or(Cannot("it takes modules from outside"))?;
                    let part = Part::read(bytes)?;
                    let from: HashMap<&str, u32> = args.iter().map(|arg| (arg.name, arg.index)).collect();
                    let mut sources = Vec::with_capacity(part.imports.len());
                    for (module, field, _) in &part.imports {
                        let instance = *from.get(module).ok_or(Cannot("an import is missing"))?;
                        let found = plan.resolve(instance, field)?;
                        sources.push(plan.take(found));
                    }
                    plan.instances.push(Instanced::Part(plan.parts.len()));
                    plan.parts.push(part);
                    plan.modules.push(*module_index);
                    plan.sources.push(sources);
                    plan.last = at;
                }
                Item::Instance(Instance::Instantiate { .. }) => plan.instances.push(Instanced::Other),
                Item::Instance(Instance::FromExports(exports)) => {
                    let mut names = HashMap::with_capacity(exports.len());
                    for export in exports {
                        let kind = kind_index(export.kind)?;
                        if export.index as usize >= plan.core[kind].len() {
                            return Err(Cannot("a thing is missing"));
                        }
                        names.insert(export.name, (kind, export.index));
                    }
                    plan.instances.push(Instanced::Bag(exports, names));
                }
                Item::Alias(ComponentAlias::CoreInstanceExport { kind, instance_index, name }) => {
                    if *instance_index as usize >= plan.instances.len() {
                        return Err(Cannot("an instance is missing"));
                    }
                    plan.core[kind_index(*kind)?].push(Origin::Export(*instance_index, name));
                }
                Item::Canonical(function) => {
                    let uses = Uses::of(function)?;
                    open &= !uses.core.iter().any(|(kind, index)| plan.is_of_a_part(*kind, *index));
                    if items::is_core(function) {
                        plan.core[0].push(Origin::Own);
                    }
                }
                _ => {}
            }
        }
        plan.uses = plan.what_is_used(items)?;
        Ok(plan)
    }

    /// Follows a name to where the thing was made.
    fn resolve(&self, mut instance: u32, mut name: &'a str) -> Result<Found, Cannot> {
        for _ in 0..HANDED_ON_MAX {
            match self.instances.get(instance as usize) {
                Some(Instanced::Part(part)) => {
                    let (_, index) = *self.parts[*part].exports.get(name).ok_or(Cannot("an export is missing"))?;
                    return Ok(Found::Part(*part, index));
                }
                Some(Instanced::Bag(_, names)) => {
                    let (kind, index) = *names.get(name).ok_or(Cannot("an import is missing"))?;
                    match self.core[kind].get(index as usize) {
                        Some(Origin::Own) => return Ok(Found::Own(index)),
                        Some(Origin::Export(of, called)) => (instance, name) = (*of, called),
                        None => return Err(Cannot("a thing is missing")),
                    }
                }
                Some(Instanced::Other) => return Err(Cannot("a module imports from one that is no part")),
                None => return Err(Cannot("an instance is missing")),
            }
        }
        Err(Cannot("a thing is handed on too often"))
    }

    fn take(&mut self, found: Found) -> Source {
        match found {
            Found::Part(part, index) => Source::Part(part, index),
            Found::Own(function) => {
                let next = u32::try_from(self.outside.len()).unwrap_or(u32::MAX);
                let number = *self.outside_at.entry(function).or_insert(next);
                if number == next {
                    self.outside.push(function);
                }
                Source::Outside(number)
            }
        }
    }

    fn is_of_a_part(&self, kind: usize, index: u32) -> bool {
        match self.core[kind].get(index as usize) {
            Some(Origin::Export(instance, name)) => matches!(self.resolve(*instance, name), Ok(Found::Part(..))),
            _ => false,
        }
    }

    /// What the component itself, and what is instantiated by itself, needs: straight or through bags and aliases.
    fn what_is_used(&self, items: &[Item<'a>]) -> Result<Uses, Cannot> {
        let mut uses = Uses::default();
        let (mut instance, mut core) = (self.instances.len(), self.core.each_ref().map(Vec::len));
        // Backwards: whatever is used is used after it was made.
        for item in items.iter().rev() {
            match item {
                Item::Instance(made) => {
                    instance -= 1;
                    let number = u32::try_from(instance).unwrap_or(u32::MAX);
                    match (made, &self.instances[instance]) {
                        (Instance::Instantiate { args, .. }, Instanced::Other) => {
                            uses.instances.extend(args.iter().map(|arg| arg.index));
                        }
                        (Instance::FromExports(exports), _) if uses.instances.contains(&number) => {
                            for export in exports {
                                uses.core.insert((kind_index(export.kind)?, export.index));
                            }
                        }
                        _ => {}
                    }
                }
                Item::Alias(ComponentAlias::CoreInstanceExport { kind, instance_index, .. }) => {
                    let kind = kind_index(*kind)?;
                    core[kind] -= 1;
                    let number = u32::try_from(core[kind]).unwrap_or(u32::MAX);
                    // Of a part's export alone the export is needed, of a bag's the bag.
                    if uses.core.contains(&(kind, number))
                        && !matches!(self.instances.get(*instance_index as usize), Some(Instanced::Part(_)))
                    {
                        uses.instances.insert(*instance_index);
                    }
                }
                Item::Canonical(function) => {
                    uses.core.extend(Uses::of(function)?.core);
                    core[0] -= usize::from(items::is_core(function));
                }
                _ => {}
            }
        }
        uses.core.extend(self.outside.iter().map(|function| (0, *function)));
        Ok(uses)
    }

    fn write(&self, items: &[Item<'a>]) -> Result<Vec<u8>, Cannot> {
        let exports = self.exports()?;
        let merged = merge(&self.parts, &self.sources, &exports)?;
        let used_elsewhere: BTreeSet<u32> = items
            .iter()
            .zip(instance_numbers(items))
            .filter_map(|(item, number)| match (item, number.map(|number| &self.instances[number])) {
                (Item::Instance(Instance::Instantiate { module_index, .. }), Some(Instanced::Other)) => {
                    Some(*module_index)
                }
                _ => None,
            })
            .collect();
        let home = self.modules[0];
        if used_elsewhere.contains(&home) {
            return Err(Cannot("the first module is instantiated again"));
        }

        let mut out = Writer { component: Component::new(), map: Map::default() };
        let (mut module, mut instance, mut core) = (0, 0, [0u32; 5]);
        let mut waiting: Vec<Later<'_, 'a>> = Vec::new();
        let mut fused = None;
        for (at, item) in items.iter().enumerate() {
            match item {
                Item::Module(bytes) => {
                    let is_part = self.modules.contains(&module) && !used_elsewhere.contains(&module);
                    let bytes = if module == home {
                        &merged.bytes
                    } else if is_part {
                        EMPTY
                    } else {
                        bytes
                    };
                    out.component.section(&RawSection { id: 1, data: bytes });
                    module += 1;
                }
                Item::Raw { id, data } => {
                    out.component.section(&RawSection { id: *id, data });
                }
                Item::Instance(made) => {
                    let number = instance;
                    instance += 1;
                    match &self.instances[number as usize] {
                        Instanced::Part(_) => {}
                        Instanced::Bag(exports, _) => {
                            let later = Later::Bag(number, exports);
                            if !self.uses.instances.contains(&number) {
                            } else if fused.is_none() && !out.has_all(exports)? {
                                waiting.push(later);
                            } else {
                                later.write(&mut out, self, fused)?;
                            }
                        }
                        Instanced::Other => out.instantiate(made, self, fused, number)?,
                    }
                }
                Item::Alias(ComponentAlias::CoreInstanceExport { kind, instance_index, name }) => {
                    let kind = kind_index(*kind)?;
                    let number = core[kind];
                    core[kind] += 1;
                    if !self.uses.core.contains(&(kind, number)) {
                        continue;
                    }
                    let later = Later::Alias { kind, number, instance: *instance_index, name };
                    if fused.is_none() && !out.map.instances.contains_key(instance_index) {
                        waiting.push(later);
                    } else {
                        later.write(&mut out, self, fused)?;
                    }
                }
                Item::Alias(alias) => {
                    let mut section = ComponentAliasSection::new();
                    section.alias(out.map.component_alias(alias.clone())?);
                    out.component.section(&section);
                }
                Item::Canonical(function) => {
                    let mut section = CanonicalFunctionSection::new();
                    out.map.parse_component_canonical(&mut section, function.clone())?;
                    out.component.section(&section);
                    if items::is_core(function) {
                        out.define(0, core[0]);
                        core[0] += 1;
                    }
                }
            }
            if at == self.last {
                fused = Some(out.fused(home, &self.outside)?);
                for later in waiting.drain(..) {
                    later.write(&mut out, self, fused)?;
                }
            }
        }
        Ok(out.component.finish())
    }

    /// What of the parts is seen from outside them.
    fn exports(&self) -> Result<Vec<(String, usize, ExternalKind, u32)>, Cannot> {
        let mut seen = HashMap::new();
        for (kind, index) in &self.uses.core {
            if let Some(Origin::Export(instance, name)) = self.core[*kind].get(*index as usize)
                && let Some(Instanced::Part(part)) = self.instances.get(*instance as usize)
            {
                seen.insert((*part, *name), ());
            }
        }
        for instance in &self.uses.instances {
            if let Some(Instanced::Part(part)) = self.instances.get(*instance as usize) {
                seen.extend(self.parts[*part].exports.keys().map(|name| ((*part, *name), ())));
            }
        }
        let mut seen: Vec<(usize, &str)> = seen.into_keys().collect();
        seen.sort_unstable();
        seen.into_iter()
            .map(|(part, name)| {
                let (kind, index) = *self.parts[part].exports.get(name).ok_or(Cannot("an export is missing"))?;
                Ok((seen_as(part, name), part, kind, index))
            })
            .collect()
    }
}

/// What a name leads to.
#[derive(Clone, Copy)]
enum Found {
    /// A part's thing of that number.
    Part(usize, u32),
    /// A function of the component's own.
    Own(u32),
}

/// What an export of a part is called in the merged module.
fn seen_as(part: usize, name: &str) -> String {
    format!("{part}:{name}")
}

/// The number of the instance that each item makes.
fn instance_numbers(items: &[Item<'_>]) -> impl Iterator<Item = Option<usize>> {
    items.iter().scan(0, |next, item| {
        let number = matches!(item, Item::Instance(_)).then_some(*next);
        *next += usize::from(number.is_some());
        Some(number)
    })
}

/// What can be written only once the merged module is instantiated.
enum Later<'i, 'a> {
    Alias { kind: usize, number: u32, instance: u32, name: &'a str },
    Bag(u32, &'i [wasmparser::Export<'a>]),
}

impl Later<'_, '_> {
    fn write(&self, out: &mut Writer, plan: &Plan<'_>, fused: Option<u32>) -> Result<(), Cannot> {
        match self {
            Later::Alias { kind, number, instance, name } => {
                match plan.instances.get(*instance as usize) {
                    Some(Instanced::Part(part)) => {
                        let fused = fused.ok_or(Cannot("a part is used before it is there"))?;
                        out.alias(*kind, fused, &seen_as(*part, name));
                    }
                    _ => {
                        let instance = out.map.instance(*instance)?;
                        out.alias(*kind, instance, name);
                    }
                }
                out.define(*kind, *number);
            }
            Later::Bag(number, exports) => {
                let mut section = InstanceSection::new();
                let exports = exports
                    .iter()
                    .map(|export| {
                        Ok((export.name, export.kind.into(), out.map.core(kind_index(export.kind)?, export.index)?))
                    })
                    .collect::<Result<Vec<(&str, ExportKind, u32)>, Cannot>>()?;
                section.export_items(exports);
                out.component.section(&section);
                out.define_instance(*number);
            }
        }
        Ok(())
    }
}

/// The new numbers of core things and instances.
#[derive(Default)]
struct Map {
    core: [HashMap<u32, u32>; 5],
    made: [u32; 5],
    instances: HashMap<u32, u32>,
    made_instances: u32,
}

impl Map {
    fn core(&self, kind: usize, number: u32) -> Result<u32, Cannot> {
        self.core[kind].get(&number).copied().ok_or(Cannot("a thing is used before it is there"))
    }

    fn instance(&self, number: u32) -> Result<u32, Cannot> {
        self.instances.get(&number).copied().ok_or(Cannot("an instance is used before it is there"))
    }
}

impl Reencode for Map {
    type Error = Cannot;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Cannot>> {
        self.core(0, function).map_err(Error::UserError)
    }
    fn table_index(&mut self, table: u32) -> Result<u32, Error<Cannot>> {
        self.core(1, table).map_err(Error::UserError)
    }
    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<Cannot>> {
        self.core(2, memory).map_err(Error::UserError)
    }
}

impl ReencodeComponent for Map {}

struct Writer {
    component: Component,
    map: Map,
}

impl Writer {
    /// The thing of that kind that was written last is what was called `number`.
    fn define(&mut self, kind: usize, number: u32) {
        self.map.core[kind].insert(number, self.map.made[kind]);
        self.map.made[kind] += 1;
    }

    fn define_instance(&mut self, number: u32) {
        self.map.instances.insert(number, self.map.made_instances);
        self.map.made_instances += 1;
    }

    fn alias(&mut self, kind: usize, instance: u32, name: &str) {
        let mut section = ComponentAliasSection::new();
        section.alias(Alias::CoreInstanceExport { instance, kind: ExportKind::from(merge::KINDS[kind]), name });
        self.component.section(&section);
    }

    fn has_all(&self, exports: &[wasmparser::Export<'_>]) -> Result<bool, Cannot> {
        for export in exports {
            if !self.map.core[kind_index(export.kind)?].contains_key(&export.index) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Instantiates the merged module; its number.
    fn fused(&mut self, module: u32, outside: &[u32]) -> Result<u32, Cannot> {
        let functions = outside
            .iter()
            .enumerate()
            .map(|(number, function)| Ok((number.to_string(), ExportKind::Func, self.map.core(0, *function)?)))
            .collect::<Result<Vec<_>, Cannot>>()?;
        let mut section = InstanceSection::new();
        section.export_items(functions);
        section.instantiate(module, [(OUTSIDE, ModuleArg::Instance(self.map.made_instances))]);
        self.component.section(&section);
        self.map.made_instances += 2;
        Ok(self.map.made_instances - 1)
    }

    /// Instantiates what is no part.
    fn instantiate(
        &mut self,
        made: &Instance<'_>,
        plan: &Plan<'_>,
        fused: Option<u32>,
        number: u32,
    ) -> Result<(), Cannot> {
        let Instance::Instantiate { module_index, args } = made else { return Err(Cannot("it is no instance")) };
        for arg in args {
            // A part that is handed on whole becomes a bag of what it exports.
            if let Some(Instanced::Part(part)) = plan.instances.get(arg.index as usize)
                && !self.map.instances.contains_key(&arg.index)
            {
                let fused = fused.ok_or(Cannot("a part is used before it is there"))?;
                let mut names: Vec<_> = plan.parts[*part].exports.iter().collect();
                names.sort_unstable_by_key(|(name, _)| **name);
                let mut exports = Vec::new();
                for (name, (kind, _)) in names {
                    let kind = kind_index(*kind)?;
                    self.alias(kind, fused, &seen_as(*part, name));
                    exports.push((*name, ExportKind::from(merge::KINDS[kind]), self.map.made[kind]));
                    self.map.made[kind] += 1;
                }
                let mut section = InstanceSection::new();
                section.export_items(exports);
                self.component.section(&section);
                self.define_instance(arg.index);
            }
        }
        let args = args
            .iter()
            .map(|arg| Ok((arg.name, ModuleArg::Instance(self.map.instance(arg.index)?))))
            .collect::<Result<Vec<_>, Cannot>>()?;
        let mut section = InstanceSection::new();
        section.instantiate(*module_index, args);
        self.component.section(&section);
        self.define_instance(number);
        Ok(())
    }
}
