//! The machine the figures come from.

pub(crate) fn words() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let about = read("/proc/cpuinfo");
    let field = |name: &str| about.lines().find(|line| line.starts_with(name)).and_then(|line| line.split(": ").nth(1));
    let system = rustix::system::uname();
    format!(
        "machine: {} x {}, {} {}, load {}",
        std::thread::available_parallelism().map_or(0, usize::from),
        field("model name").unwrap_or("unknown processor"),
        system.sysname().to_string_lossy(),
        system.release().to_string_lossy(),
        read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
    )
}
