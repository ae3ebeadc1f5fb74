#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use super::items::{Item, items};
use super::{Cannot, fuse};
use std::path::Path;
use wasmparser::{Instance, Validator, WasmFeatures};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store, WasmBacktrace};

/// Four modules that are linked when they are instantiated, as toolchains do it: a memory, a table and globals that others
/// import, a base for each module's segments, functions called through the table, a lowered function, things handed on under
/// another name; and, after the component has used them itself, a fifth that writes a lowered function into the table.
const LINKED: &str = r#"(component
  (import "host" (func $host (param "x" u32) (result u32)))
  (core func $lowered (canon lower (func $host)))
  (core module $env
    (memory (export "memory") 1)
    (table (export "table") 4 funcref)
    (global (export "base") i32 (i32.const 16))
    (global (export "table-base") i32 (i32.const 1))
    (global (export "got") (mut i32) (i32.const 0)))
  (core module $stub
    (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))
  (core module $lib
    (type $f (func (param i32) (result i32)))
    (import "env" "memory" (memory 1))
    (import "env" "table" (table 4 funcref))
    (import "env" "base" (global $base i32))
    (import "env" "table-base" (global $table-base i32))
    (import "env" "got" (global $got (mut i32)))
    (import "stub" "twice" (func $twice (type $f)))
    (import "host" "ask" (func $ask (type $f)))
    (func $plus (type $f) (i32.add (call $twice (local.get 0)) (i32.load (i32.const 20))))
    (func (export "set") (global.set $got (i32.const 7)))
    (func (export "through") (type $f)
      (i32.add (call_indirect (type $f) (local.get 0) (global.get $table-base)) (global.get $got)))
    (func (export "ask") (type $f) (call $ask (local.get 0)))
    (elem (global.get $table-base) func $plus)
    (data (offset (i32.add (global.get $base) (i32.const 4))) "\05\00\00\00"))
  (core module $main
    (type $f (func (param i32) (result i32)))
    (import "lib" "by-table" (func $through (type $f)))
    (import "lib" "set" (func $set))
    (import "lib" "ask" (func $ask (type $f)))
    (import "env" "table" (table 4 funcref))
    (import "env" "memory" (memory 1))
    (memory $own 1)
    (data $late "\2a\00\00\00")
    (func (export "run") (type $f)
      (call $set)
      (memory.init $own $late (i32.const 8) (i32.const 0) (i32.const 4))
      (i32.add (i32.load $own (i32.const 8)) (i32.add (call $through (local.get 0)) (call $ask (local.get 0)))))
    (func (export "late") (type $f) (call_indirect (type $f) (local.get 0) (i32.const 2)))
    (func $crash-here (type $f) unreachable)
    (func (export "crash") (type $f) (call $crash-here (local.get 0)))
    (export "memory" (memory 0)))
  (core instance $env (instantiate $env))
  (core instance $stub (instantiate $stub))
  (core instance $asks (export "ask" (func $lowered)))
  (core instance $lib (instantiate $lib
    (with "env" (instance $env)) (with "stub" (instance $stub)) (with "host" (instance $asks))))
  (core instance $renamed
    (export "by-table" (func $lib "through")) (export "set" (func $lib "set")) (export "ask" (func $lib "ask")))
  (core instance $main (instantiate $main (with "lib" (instance $renamed)) (with "env" (instance $env))))
  (core func $lowered-with-memory (canon lower (func $host) (memory (core memory $main "memory"))))
  (core module $fix
    (import "env" "table" (table 4 funcref))
    (import "late" "ask" (func $ask (param i32) (result i32)))
    (elem (i32.const 2) func $ask))
  (core instance $late (export "ask" (func $lowered-with-memory)))
  (core instance (instantiate $fix (with "env" (instance $env)) (with "late" (instance $late))))
  (func (export "run") (param "x" u32) (result u32) (canon lift (core func $main "run")))
  (func (export "late") (param "x" u32) (result u32) (canon lift (core func $main "late")))
  (func (export "crash") (param "x" u32) (result u32) (canon lift (core func $main "crash"))))"#;

fn engine() -> Engine {
    Engine::default()
}

fn call(component: &[u8], function: &str, x: u32) -> wasmtime::Result<u32> {
    let engine = engine();
    let component = Component::new(&engine, component)?;
    let mut linker = Linker::<()>::new(&engine);
    linker.root().func_wrap("host", |_, (x,): (u32,)| Ok((x + 100,)))?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component)?;
    let function = instance.get_typed_func::<(u32,), (u32,)>(&mut store, function)?;
    Ok(function.call(&mut store, (x,))?.0)
}

/// How many modules are instantiated.
fn instantiated(component: &[u8]) -> usize {
    let of_module = |item: &&Item<'_>| matches!(item, Item::Instance(Instance::Instantiate { .. }));
    items(component).unwrap().iter().filter(of_module).count()
}

fn refused(text: &str) -> String {
    let Err(Cannot(reason)) = fuse(&wat::parse_str(text).unwrap()) else { panic!("it was fused") };
    reason.to_owned()
}

#[test]
fn linked_modules_become_one_and_do_what_they_did() {
    let before = wat::parse_str(LINKED).unwrap();
    let after = fuse(&before).unwrap();
    assert_eq!((instantiated(&before), instantiated(&after)), (5, 2));
    for component in [&before, &after] {
        assert_eq!(call(component, "run", 3).unwrap(), 2 * 3 + 5 + 7 + 103 + 42);
        assert_eq!(call(component, "late", 3).unwrap(), 103);
        let crash = call(component, "crash", 3).unwrap_err();
        let trace = crash.downcast_ref::<WasmBacktrace>().unwrap();
        assert_eq!(trace.frames()[0].func_name(), Some("crash-here"));
    }
    assert_eq!(fuse(&before).unwrap(), after, "the same each time");
}

#[test]
fn what_cannot_be_one_stays_as_it_is() {
    // What a start function does happens before the segments of later modules are written.
    let starts =
        LINKED.replacen("(func (export \"twice\")", "(func $begin) (start $begin) (func (export \"twice\")", 1);
    assert_eq!(refused(&starts), "a module has a start function");
    let one = "(core instance $stub (instantiate $stub))";
    let twice = LINKED.replacen(one, &format!("{one} (core instance (instantiate $stub))"), 1);
    assert_eq!(refused(&twice), "it has too many modules, or one of them twice");
    let few = "(component (core module $m (func (export \"f\"))) (core instance (instantiate $m)))";
    assert_eq!(refused(few), "it has few modules");
    assert!(fuse(b"\0asm").is_err() && fuse(b"").is_err());
    // Cut anywhere it is an error, but where what is left is a component too.
    let whole = wat::parse_str(LINKED).unwrap();
    let mut valid = 0;
    for length in 0..whole.len() {
        if fuse(&whole[..length]).is_ok() {
            Validator::new_with_features(WasmFeatures::all()).validate_all(&whole[..length]).unwrap();
            valid += 1;
        }
    }
    assert!((1..50).contains(&valid), "{valid}");
}

#[test]
fn components_from_python_become_one_module_and_two_that_fill_its_tables() {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/1.0/python.tar.zst");
    let mut reader = zstd::Decoder::new(std::fs::File::open(archive).unwrap()).unwrap();
    reader.window_log_max(27).unwrap();
    let folder = tempfile::tempdir().unwrap();
    tar::Archive::new(reader).unpack(folder.path()).unwrap();
    let component = std::fs::read(folder.path().join("python/router.wasm")).unwrap();
    let fused = fuse(&component).unwrap();
    assert!(instantiated(&component) > 30);
    assert_eq!(instantiated(&fused), 3);
}
