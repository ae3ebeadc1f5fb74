//! The two engines: one runs calls, one runs `configure` ahead of time.

use crate::error::SandboxError;
use crate::functions::Functions;
use crate::spec::SandboxConfig;
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// What a guest's own calls may nest to, in bytes of native stack.
const WASM_STACK: usize = 1 << 20;
/// That, and room for the host functions it calls.
const FIBER_STACK: usize = 2 << 20;
/// Of each idle instance's memory, this much stays in RAM: resetting it by copying is quicker than giving it
/// back to the system and faulting it in again.
const MEMORY_KEPT: usize = 256 << 10;
/// Of each idle stack.
const STACK_KEPT: usize = 64 << 10;
/// The innermost calls that are looked at when a guest crashes.
pub(crate) const TRACE_FRAMES: usize = 20;
/// Core instances that one component may have: one from Python has some forty, for each of its modules and what joins them.
const CORE_INSTANCES: u32 = 64;
/// Entries of the largest table the pool can hold.
const TABLE_SLOT: usize = 100_000;

/// The engine for calls: instances come from a pool, so that a fresh one costs microseconds.
pub(crate) fn for_calls(config: &SandboxConfig, functions: &Arc<Functions>) -> Result<Engine, SandboxError> {
    let calls = config.concurrent_calls;
    let mut pool = PoolingAllocationConfig::new();
    // Counts only reserve addresses; RAM is used by what runs. Whoever was let in must find room, whatever the guests of the
    // other calls are made of: so all counts are what so many of the largest components need.
    pool.total_component_instances(calls)
        .total_core_instances(calls * CORE_INSTANCES)
        .total_memories(calls * 2)
        .total_tables(calls * 4)
        .total_stacks(calls)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(16)
        .max_tables_per_component(32)
        .max_tables_per_module(8)
        .max_memories_per_module(4)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_memory_size(usize::try_from(config.memory_ceiling).unwrap_or(usize::MAX))
        .table_elements(TABLE_SLOT)
        .max_unused_warm_slots(calls.min(16))
        .linear_memory_keep_resident(MEMORY_KEPT)
        .async_stack_keep_resident(STACK_KEPT)
        .table_keep_resident(16 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut engine = common(config, functions)?;
    engine.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    match Engine::new(&engine) {
        Ok(engine) => Ok(engine),
        Err(pooled) => {
            // Where address space is rationed (some containers, 32-bit limits) instances are made one by one.
            tracing::warn!(reason = %pooled, "no room for a pool of plugin instances: calls will be slower");
            engine.allocation_strategy(InstanceAllocationStrategy::OnDemand);
            Engine::new(&engine).map_err(|e| SandboxError::Engine(e.to_string()))
        }
    }
}

/// The engine for `configure`. It compiles in the same way, so that what it compiled need not be compiled again for calls.
pub(crate) fn for_setup(config: &SandboxConfig, functions: &Arc<Functions>) -> Result<Engine, SandboxError> {
    let mut engine = common(config, functions)?;
    engine.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&engine).map_err(|e| SandboxError::Engine(e.to_string()))
}

fn common(sandbox: &SandboxConfig, functions: &Arc<Functions>) -> Result<Config, SandboxError> {
    let mut config = Config::new();
    config
        .enable_incremental_compilation(functions.clone())
        .map_err(|e| SandboxError::Engine(e.to_string()))?
        .cranelift_opt_level(OptLevel::Speed)
        .consume_fuel(sandbox.count_fuel)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .memory_init_cow(true)
        // The same call gives the same answer on every machine.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        // A trap names the function it happened in, and tells whether that function kept calling itself.
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(TRACE_FRAMES))
        // Plugins are plain synchronous components.
        .concurrency_support(false)
        .wasm_memory64(false);
    Ok(config)
}

/// Tells compiled code of this engine, version of wasmtime and processor from any other.
pub(crate) fn fingerprint(engine: &Engine) -> [u8; 32] {
    struct Sha(Sha256);
    impl Hasher for Sha {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut sha = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut sha);
    sha.0.finalize().into()
}
