//! Keeps the process's memory to itself: no core file, no debugger of the same user.
//!
//! Must not know: what is in the memory.

use crate::base::Fault;

/// Call it before the first secret is read. What couldn't be done comes back as faults: reasons to warn, not to stop.
///
/// On Linux the process becomes non-dumpable: `ptrace` and `/proc/<pid>/mem` are closed to other processes of the
/// same user, and entries under `/proc/self` belong to root, so nothing here may rely on `/proc/self/fd`. Children start
/// afresh on `exec`.
pub fn harden() -> Vec<Fault> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let mut faults = Vec::new();
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(e) = setrlimit(Resource::Core, none) {
        faults.push(Fault::machine("core files can't be switched off", e).hint("run `ulimit -c 0` first"));
    }
    #[cfg(target_os = "linux")]
    if let Err(e) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        faults.push(Fault::machine("this process's memory can't be closed to debuggers", e));
    }
    faults
}
