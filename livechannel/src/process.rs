//! What the program asks of the operating system for itself, and takes from its decoder.

use std::io;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    Scope,
};
use rustix::process::{
    DumpableBehavior, Gid, Resource, Rlimit, Uid, geteuid, getrlimit, set_dumpable_behavior,
    setrlimit,
};
use rustix::thread::{set_no_new_privs, set_thread_gid, set_thread_groups, set_thread_uid};

/// Prepares the process of a node: it may open as many descriptors as it is allowed to, and no
/// other process of its user may look into its memory or its environment, where secrets are.
///
/// # Errors
///
/// What the operating system refuses.
pub fn prepare_process() -> io::Result<()> {
    let descriptors = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: descriptors.maximum, ..descriptors })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Takes from this process, whose work is one picture, all that the work does not need: memory,
/// time, files, processes, the network, and where it is root's, that too.
///
/// # Errors
///
/// What the operating system refuses. A kernel without Landlock is no error.
pub fn confine_decoder() -> io::Result<()> {
    set_no_new_privs(true)?;
    if geteuid().is_root() {
        // This process has one thread. With the user, the capabilities go.
        set_thread_groups(&[])?;
        set_thread_gid(Gid::from_raw(NOBODY))?;
        set_thread_uid(Uid::from_raw(NOBODY))?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    for (resource, most) in [
        (Resource::As, MOST_MEMORY),
        (Resource::Cpu, MOST_SECONDS),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, MOST_DESCRIPTORS),
        (Resource::Nproc, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    // Nothing is allowed: files and sockets that are open stay open.
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V6))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(ABI::V6)))
        .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
        .and_then(Ruleset::create);
    ruleset.and_then(landlock::RulesetCreated::restrict_self).map_err(io::Error::other)?;
    Ok(())
}

/// The user and the group that own nothing.
const NOBODY: u32 = 65_534;
/// A picture of 4096 × 2304 takes 120 MiB, decoder and JPEG together.
const MOST_MEMORY: u64 = 512 << 20;
/// A key frame takes a tenth.
const MOST_SECONDS: u64 = 5;
/// Standard input, output and error, and what a library may want for a moment.
const MOST_DESCRIPTORS: u64 = 8;
