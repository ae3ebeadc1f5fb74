//! Core modules that import from one another, made one.

use super::Cannot;
use std::collections::HashMap;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, EntityType, ExportKind, ExportSection,
    FunctionSection, GlobalSection, ImportSection, MemorySection, Module, NameMap, NameSection, TableSection,
    TypeSection,
};
use wasmparser::{ExternalKind, KnownCustom, Name, Operator, Parser, Payload, TypeRef};

/// The module name of what the merged module still imports; the fields are numbers.
pub(super) const OUTSIDE: &str = "outside";

/// Kinds of what a module imports and exports that can be merged, in the order of [`Counts`].
pub(super) const KINDS: [ExternalKind; 5] =
    [ExternalKind::Func, ExternalKind::Table, ExternalKind::Memory, ExternalKind::Global, ExternalKind::Tag];

/// A thing's kind as an index into [`KINDS`].
pub(super) fn kind_index(kind: ExternalKind) -> Result<usize, Cannot> {
    // An exact function is a function; its exactness would be lost.
    KINDS.iter().position(|known| *known == kind).ok_or(Cannot("something of an unknown kind is exported"))
}

/// Where an import comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// An earlier part's item of that number in its index space.
    Part(usize, u32),
    /// A function from outside, by its number.
    Outside(u32),
}

/// A module as far as joining it to others needs to know.
pub(super) struct Part<'a> {
    bytes: &'a [u8],
    /// Module and field of each import.
    pub(super) imports: Vec<(&'a str, &'a str, TypeRef)>,
    /// What it exports: kind and number.
    pub(super) exports: HashMap<&'a str, (ExternalKind, u32)>,
    types: u32,
    /// The type of each function of its own.
    functions: Vec<u32>,
    /// How many of each of [`KINDS`] it defines.
    defined: [u32; 5],
    elements: u32,
    data: u32,
    counts_data: bool,
    /// Globals of its own that are a number and never change.
    constants: Vec<Option<Constant>>,
}

#[derive(Clone, Copy, Debug)]
enum Constant {
    I32(i32),
    I64(i64),
}

impl<'a> Part<'a> {
    /// Looks at a module.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Cannot> {
        let mut part = Self {
            bytes,
            imports: Vec::new(),
            exports: HashMap::new(),
            types: 0,
            functions: Vec::new(),
            defined: [0; 5],
            elements: 0,
            data: 0,
            counts_data: false,
            constants: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        part.types += u32::try_from(group?.types().len()).unwrap_or(u32::MAX);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        part.imports.push((import.module, import.name, import.ty));
                    }
                }
                Payload::FunctionSection(section) => {
                    part.functions = section.into_iter().collect::<Result<_, _>>()?;
                    part.defined[0] = u32::try_from(part.functions.len()).unwrap_or(u32::MAX);
                }
                Payload::TableSection(section) => part.defined[1] = section.count(),
                Payload::MemorySection(section) => part.defined[2] = section.count(),
                Payload::GlobalSection(section) => {
                    part.defined[3] = section.count();
                    for global in section {
                        let global = global?;
                        let number = if global.ty.mutable { None } else { constant(&global.init_expr, &|_| None)? };
                        part.constants.push(number);
                    }
                }
                Payload::TagSection(section) => part.defined[4] = section.count(),
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        part.exports.insert(export.name, (export.kind, export.index));
                    }
                }
                Payload::ElementSection(section) => part.elements = section.count(),
                Payload::DataCountSection { .. } => part.counts_data = true,
                Payload::DataSection(section) => part.data = section.count(),
                // What it does happens before the segments of the modules after it are written.
                Payload::StartSection { .. } => return Err(Cannot("a module has a start function")),
                _ => {}
            }
        }
        Ok(part)
    }
}

/// The number that a constant expression gives, where it is one.
fn constant(
    expression: &wasmparser::ConstExpr<'_>,
    global: &dyn Fn(u32) -> Option<Constant>,
) -> Result<Option<Constant>, Cannot> {
    let mut stack = Vec::new();
    let mut operators = expression.get_operators_reader();
    while !operators.eof() {
        let value = match operators.read()? {
            Operator::I32Const { value } => Some(Constant::I32(value)),
            Operator::I64Const { value } => Some(Constant::I64(value)),
            Operator::GlobalGet { global_index } => global(global_index),
            Operator::End => break,
            operator => {
                let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else { return Ok(None) };
                match (operator, left, right) {
                    (Operator::I32Add, Constant::I32(l), Constant::I32(r)) => Some(Constant::I32(l.wrapping_add(r))),
                    (Operator::I32Sub, Constant::I32(l), Constant::I32(r)) => Some(Constant::I32(l.wrapping_sub(r))),
                    (Operator::I64Add, Constant::I64(l), Constant::I64(r)) => Some(Constant::I64(l.wrapping_add(r))),
                    (Operator::I64Sub, Constant::I64(l), Constant::I64(r)) => Some(Constant::I64(l.wrapping_sub(r))),
                    _ => None,
                }
            }
        };
        let Some(value) = value else { return Ok(None) };
        stack.push(value);
    }
    Ok(if stack.len() == 1 { stack.pop() } else { None })
}

/// Where each thing of a part stands in the merged module.
struct Places<'p> {
    /// By kind, then by number in the part.
    of: [Vec<u32>; 5],
    constants: Vec<Option<Constant>>,
    types: u32,
    elements: u32,
    data: u32,
    part: &'p Part<'p>,
}

impl Places<'_> {
    fn place(&self, kind: usize, index: u32) -> Result<u32, Error<Cannot>> {
        let place = self.of[kind].get(index as usize).copied();
        place.ok_or(Error::UserError(Cannot("a module names something that it does not have")))
    }
}

impl Reencode for Places<'_> {
    type Error = Cannot;

    fn data_index(&mut self, data: u32) -> Result<u32, Error<Cannot>> {
        Ok(self.data + data)
    }
    fn element_index(&mut self, element: u32) -> Result<u32, Error<Cannot>> {
        Ok(self.elements + element)
    }
    fn function_index(&mut self, function: u32) -> Result<u32, Error<Cannot>> {
        self.place(0, function)
    }
    fn table_index(&mut self, table: u32) -> Result<u32, Error<Cannot>> {
        self.place(1, table)
    }
    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<Cannot>> {
        self.place(2, memory)
    }
    fn global_index(&mut self, global: u32) -> Result<u32, Error<Cannot>> {
        self.place(3, global)
    }
    fn tag_index(&mut self, tag: u32) -> Result<u32, Error<Cannot>> {
        self.place(4, tag)
    }
    fn type_index(&mut self, ty: u32) -> Result<u32, Error<Cannot>> {
        Ok(self.types + ty)
    }

    fn const_expr(&mut self, expression: wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Error<Cannot>> {
        // A constant may name imported globals only, and those are no imports any more.
        let number = constant(&expression, &|index| self.constants.get(index as usize).copied().flatten());
        match number.map_err(Error::UserError)? {
            Some(Constant::I32(value)) => Ok(ConstExpr::i32_const(value)),
            Some(Constant::I64(value)) => Ok(ConstExpr::i64_const(value)),
            None => utils::const_expr(self, expression),
        }
    }
}

/// What comes of the parts.
pub(super) struct Merged {
    pub(super) bytes: Vec<u8>,
}

/// Makes one module of parts whose imports come from `sources`, part by part. `exports` names what is seen from outside, by
/// part, kind and number in the part.
pub(super) fn merge(
    parts: &[Part<'_>],
    sources: &[Vec<Source>],
    exports: &[(String, usize, ExternalKind, u32)],
) -> Result<Merged, Cannot> {
    let outside = outside_types(parts, sources)?;
    let mut places = lay_out(parts, sources, outside.len())?;

    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    let mut functions = FunctionSection::new();
    let mut tables = TableSection::new();
    let mut memories = MemorySection::new();
    let mut tags = wasm_encoder::TagSection::new();
    let mut globals = GlobalSection::new();
    let mut exported = ExportSection::new();
    let mut elements = ElementSection::new();
    let mut code = CodeSection::new();
    let mut data = DataSection::new();
    for (number, ty) in outside.iter().enumerate() {
        imports.import(OUTSIDE, &number.to_string(), EntityType::Function(*ty));
    }
    for (name, part, kind, index) in exports {
        let place = places[*part].place(kind_index(*kind)?, *index)?;
        exported.export(name, ExportKind::from(*kind), place);
    }
    let mut names = NameMap::new();
    for places in &mut places {
        for ty in &places.part.functions {
            functions.function(places.types + ty);
        }
        for payload in Parser::new(0).parse_all(places.part.bytes) {
            match payload? {
                Payload::TypeSection(section) => places.parse_type_section(&mut types, section)?,
                Payload::TableSection(section) => places.parse_table_section(&mut tables, section)?,
                Payload::MemorySection(section) => places.parse_memory_section(&mut memories, section)?,
                Payload::TagSection(section) => places.parse_tag_section(&mut tags, section)?,
                Payload::GlobalSection(section) => places.parse_global_section(&mut globals, section)?,
                Payload::ElementSection(section) => places.parse_element_section(&mut elements, section)?,
                Payload::CodeSectionEntry(body) => places.parse_function_body(&mut code, body)?,
                Payload::DataSection(section) => places.parse_data_section(&mut data, section)?,
                Payload::CustomSection(section) => name_functions(places, &section, &mut names),
                _ => {}
            }
        }
    }

    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&tables).section(&memories);
    if !tags.is_empty() {
        module.section(&tags);
    }
    module.section(&globals).section(&exported).section(&elements);
    if parts.iter().any(|part| part.counts_data) {
        module.section(&DataCountSection { count: data.len() });
    }
    module.section(&code).section(&data);
    let mut name_section = NameSection::new();
    name_section.functions(&names);
    module.section(&name_section);
    Ok(Merged { bytes: module.finish() })
}

/// The type of each function from outside, as the first part that imports it says; in the merged module's numbers.
fn outside_types(parts: &[Part<'_>], sources: &[Vec<Source>]) -> Result<Vec<u32>, Cannot> {
    let mut found: Vec<Option<u32>> = Vec::new();
    let mut types = 0;
    for (part, sources) in parts.iter().zip(sources) {
        for ((_, _, ty), source) in part.imports.iter().zip(sources) {
            let Source::Outside(number) = *source else { continue };
            let (TypeRef::Func(ty) | TypeRef::FuncExact(ty)) = *ty else {
                return Err(Cannot("something other than a function comes from outside"));
            };
            let number = number as usize;
            found.resize(found.len().max(number + 1), None);
            found[number].get_or_insert(types + ty);
        }
        types += part.types;
    }
    found.into_iter().collect::<Option<_>>().ok_or(Cannot("a function from outside is not used"))
}

fn lay_out<'p>(parts: &'p [Part<'p>], sources: &[Vec<Source>], outside: usize) -> Result<Vec<Places<'p>>, Cannot> {
    let outside = u32::try_from(outside).map_err(|_| Cannot("there are too many functions"))?;
    let mut next = [outside, 0, 0, 0, 0];
    let (mut types, mut elements, mut data) = (0, 0, 0);
    let mut all: Vec<Places<'p>> = Vec::with_capacity(parts.len());
    for (part, sources) in parts.iter().zip(sources) {
        let mut of: [Vec<u32>; 5] = Default::default();
        let mut constants = Vec::new();
        for ((_, _, ty), source) in part.imports.iter().zip(sources) {
            let kind = match ty {
                TypeRef::Func(_) | TypeRef::FuncExact(_) => 0,
                TypeRef::Table(_) => 1,
                TypeRef::Memory(_) => 2,
                TypeRef::Global(_) => 3,
                TypeRef::Tag(_) => 4,
            };
            let place = match *source {
                Source::Outside(number) => number,
                Source::Part(from, index) => {
                    let from: &Places<'_> =
                        all.get(from).ok_or(Cannot("a module imports from one that comes after it"))?;
                    if kind == 3 {
                        constants.push(from.constants.get(index as usize).copied().flatten());
                    }
                    from.place(kind, index)?
                }
            };
            of[kind].push(place);
        }
        for (kind, places) in of.iter_mut().enumerate() {
            places.extend(next[kind]..next[kind] + part.defined[kind]);
            next[kind] += part.defined[kind];
        }
        constants.extend(part.constants.iter().copied());
        all.push(Places { of, constants, types, elements, data, part });
        types += part.types;
        elements += part.elements;
        data += part.data;
    }
    Ok(all)
}

/// Takes over the names of a part's own functions: a trap names the function it happened in.
fn name_functions(places: &Places<'_>, section: &wasmparser::CustomSectionReader<'_>, names: &mut NameMap) {
    let KnownCustom::Name(reader) = section.as_known() else { return };
    let imported = places.of[0].len() - places.part.functions.len();
    for subsection in reader.into_iter().flatten() {
        let Name::Function(map) = subsection else { continue };
        for naming in map.into_iter().flatten() {
            if naming.index as usize >= imported
                && let Some(place) = places.of[0].get(naming.index as usize)
            {
                names.append(*place, naming.name);
            }
        }
    }
}
