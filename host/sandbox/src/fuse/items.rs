//! A component as a list of what it is made of, in order.

use super::{Cannot, merge::kind_index};
use std::collections::BTreeSet;
use wasm_encoder::CanonicalFunctionSection;
use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent};
use wasmparser::{
    BinaryReader, CanonicalFunction, ComponentAlias, ComponentAliasSectionReader, ComponentCanonicalSectionReader,
    ExternalKind, Instance, InstanceSectionReader,
};

/// Bytes before the first section.
const HEADER: usize = 8;

/// A part of a component.
pub(super) enum Item<'a> {
    Module(&'a [u8]),
    Instance(Instance<'a>),
    Alias(ComponentAlias<'a>),
    Canonical(CanonicalFunction),
    /// A section that has nothing to do with core things.
    Raw {
        id: u8,
        data: &'a [u8],
    },
}

impl<'a> Item<'a> {
    pub(super) fn module(&self) -> Option<&'a [u8]> {
        match self {
            Self::Module(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// Takes a component apart.
pub(super) fn items(component: &[u8]) -> Result<Vec<Item<'_>>, Cannot> {
    let mut reader = BinaryReader::new(component.get(HEADER..).ok_or(Cannot("it cannot be read"))?, HEADER);
    let mut items = Vec::new();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()? as usize;
        let at = reader.original_position();
        let data = reader.read_bytes(length)?;
        let inside = BinaryReader::new(data, at);
        match id {
            1 => items.push(Item::Module(data)),
            2 => {
                for instance in InstanceSectionReader::new(inside)? {
                    items.push(Item::Instance(instance?));
                }
            }
            6 => {
                for alias in ComponentAliasSectionReader::new(inside)? {
                    let alias = alias?;
                    if let ComponentAlias::InstanceExport { kind: wasmparser::ComponentExternalKind::Module, .. }
                    | ComponentAlias::Outer { kind: wasmparser::ComponentOuterAliasKind::CoreModule, .. } = alias
                    {
                        return Err(Cannot("it takes modules from outside"));
                    }
                    items.push(Item::Alias(alias));
                }
            }
            8 => {
                for function in ComponentCanonicalSectionReader::new(inside)? {
                    items.push(Item::Canonical(function?));
                }
            }
            _ => items.push(Item::Raw { id, data }),
        }
    }
    Ok(items)
}

/// Whether a function that the component makes is one for core modules.
pub(super) fn is_core(function: &CanonicalFunction) -> bool {
    !matches!(function, CanonicalFunction::Lift { .. })
}

/// Core things and instances that something uses, by kind and number.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) core: BTreeSet<(usize, u32)>,
    pub(super) instances: BTreeSet<u32>,
}

impl Uses {
    /// What making a function uses.
    pub(super) fn of(function: &CanonicalFunction) -> Result<Self, Cannot> {
        let mut uses = Self::default();
        // Writing it names everything in it.
        uses.parse_component_canonical(&mut CanonicalFunctionSection::new(), function.clone())?;
        Ok(uses)
    }

    fn saw(&mut self, kind: ExternalKind, index: u32) -> Result<u32, Error<Cannot>> {
        self.core.insert((kind_index(kind).map_err(Error::UserError)?, index));
        Ok(index)
    }
}

impl Reencode for Uses {
    type Error = Cannot;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Cannot>> {
        self.saw(ExternalKind::Func, function)
    }
    fn table_index(&mut self, table: u32) -> Result<u32, Error<Cannot>> {
        self.saw(ExternalKind::Table, table)
    }
    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<Cannot>> {
        self.saw(ExternalKind::Memory, memory)
    }
}

impl ReencodeComponent for Uses {}
